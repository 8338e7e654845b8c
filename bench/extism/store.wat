;; Writes as many bytes as the input has to a block, one call of store_u8 for each, 10 times over.
(module
  (import "extism:host/env" "input_length" (func $length (result i64)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (func (export "run") (result i32) (local $i i64) (local $n i64) (local $end i64) (local $round i32)
    (local.set $n (call $alloc (call $length)))
    (local.set $end (i64.add (local.get $n) (call $length)))
    (loop $again
      (local.set $i (local.get $n))
      (loop $next
        (call $store (local.get $i) (i32.const 7))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br_if $next (i64.lt_u (local.get $i) (local.get $end))))
      (local.set $round (i32.add (local.get $round) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $round) (i32.const 10))))
    (i32.const 0)))
