;; Logs its input, then gives it back.
(module $talking_plugin
  (import "env" "log" (func $log (param i32 i32)))
  (memory (export "memory") 2)
  (global $length (mut i32) (i32.const 0))
  (func (export "malloc") (param $size i32) (result i32) (i32.const 1024))
  (func (export "free") (param i32))
  (func (export "get_output_len") (result i32) (global.get $length))
  (func (export "transform") (param $at i32) (param $size i32) (result i32)
    (call $log (local.get $at) (local.get $size))
    (global.set $length (local.get $size))
    (local.get $at)))
