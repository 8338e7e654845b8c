(module $missing_import
  (import "env" "no_such_function" (func (param i32) (result i32)))
  (func (export "run")))
