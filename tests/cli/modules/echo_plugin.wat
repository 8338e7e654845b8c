;; The smallest plugin of ABI `transform`: gives its input back. The record {"kind":"boom"} would still be echoed.
(module $echo_plugin
  (memory (export "memory") 2)
  (global $heap (mut i32) (i32.const 1024))
  (global $length (mut i32) (i32.const 0))
  (func (export "malloc") (param $size i32) (result i32) (i32.const 1024))
  (func (export "free") (param i32))
  (func (export "get_output_len") (result i32) (global.get $length))
  (func (export "transform") (param $at i32) (param $size i32) (result i32)
    (global.set $length (local.get $size))
    (local.get $at)))
