;; Names as compilers mangle them, and names that are no good for output.
(module $profiled
  (func $_ZN3app4leafEi (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $_ZN3app5inner17h0123456789abcdefE (param i32) (result i32) (call $_ZN3app4leafEi (call $_ZN3app4leafEi (local.get 0))))
  (func $"a;b<c>&\1b[31m" (param i32) (result i32) (local.get 0))
  (func (export "run") (param i32) (result i32)
    (call $"a;b<c>&\1b[31m" (call $_ZN3app5inner17h0123456789abcdefE (local.get 0))))
  (func $down (export "down") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 7)) (else (call $down (i32.sub (local.get 0) (i32.const 1)))))))
