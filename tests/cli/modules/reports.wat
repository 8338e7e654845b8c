;; For examples/embed/sandbox.cc.
(module $reports
  (import "env" "report" (func $report (param i32)))
  (func (export "once") (call $report (i32.const 7)))
  (func $chatter (export "chatter") (loop $again (call $report (i32.const 1)) (br $again)))
  (func (export "forever") (loop $again (br $again))))
