;; Sums the bytes of the input, one call of input_load_u8 for each, 10 times over.
(module
  (import "extism:host/env" "input_length" (func $length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $load (param i64) (result i32)))
  (func (export "run") (result i32) (local $i i64) (local $n i64) (local $sum i32) (local $round i32)
    (local.set $n (call $length))
    (loop $again
      (local.set $i (i64.const 0))
      (loop $next
        (local.set $sum (i32.add (local.get $sum) (call $load (local.get $i))))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br_if $next (i64.lt_u (local.get $i) (local.get $n))))
      (local.set $round (i32.add (local.get $round) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $round) (i32.const 10))))
    (i32.const 0)))
