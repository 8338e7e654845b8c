;; Prints the number of directories it was given, one digit.
(module
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $n i32)
    (loop $next
      (if (i32.eqz (call $prestat (i32.add (local.get $n) (i32.const 3)) (i32.const 0)))
        (then (local.set $n (i32.add (local.get $n) (i32.const 1))) (br $next))))
    (i32.store8 (i32.const 64) (i32.add (local.get $n) (i32.const 48)))
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 1))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
