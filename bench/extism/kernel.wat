;; What input_load_u8 would be as a function of a kernel module: the same comparison and load.
(module
  (memory 17)
  (global $offset (mut i64) (i64.const 64))
  (global $length (mut i64) (i64.const 1000000))
  (func (export "input_load_u8") (param $i i64) (result i32)
    (if (result i32) (i64.lt_u (local.get $i) (global.get $length))
      (then (i32.load8_u (i32.wrap_i64 (i64.add (global.get $offset) (local.get $i)))))
      (else (i32.const 0)))))
