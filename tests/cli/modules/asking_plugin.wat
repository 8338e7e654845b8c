;; A plugin of ABI `transform` that may ask for http.
(module $asking_plugin
  (import "env" "http_get" (func $http_get (param i32 i32 i32 i32) (result i32)))
  (import "env" "log" (func $log (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "malloc") (param i32) (result i32) (i32.const 1024))
  (func (export "free") (param i32))
  (func (export "get_output_len") (result i32) (i32.const 0))
  (func (export "transform") (param i32 i32) (result i32) (i32.const 1024)))
