;; What exceptions cost. Each export takes a number of turns and gives how many of them went as they should. `plain` is the same
;; loop and call without any of it; `codes` returns an error code through the same ten frames that `deep` throws through.
(module
  (tag $failed (param i32))

  (func $nothing (param i32) (result i32) local.get 0)
  (func $throws (param i32) (result i32) (throw $failed (local.get 0)))
  (func $throws_below (param $depth i32) (param $value i32) (result i32)
    (if (result i32) (i32.eqz (local.get $depth))
      (then (throw $failed (local.get $value)))
      (else (i32.add (call $throws_below (i32.sub (local.get $depth) (i32.const 1)) (local.get $value)) (i32.const 1)))))
  (func $fails_below (param $depth i32) (param $value i32) (result i32)
    (local $code i32)
    (if (i32.eqz (local.get $depth)) (then (return (i32.const -1))))
    (local.set $code (call $fails_below (i32.sub (local.get $depth) (i32.const 1)) (local.get $value)))
    (if (i32.lt_s (local.get $code) (i32.const 0)) (then (return (local.get $code))))
    (i32.add (local.get $code) (i32.const 1)))
  (func $passes_on (param i32) (result i32)
    (block $again (result exnref)
      (try_table (result i32) (catch_all_ref $again) (call $throws (local.get 0)))
      (return))
    (throw_ref))

  (func (export "plain") (param $turns i32) (result i32)
    (local $turn i32) (local $right i32)
    (loop $next
      (local.set $right (i32.add (local.get $right) (i32.eq (call $nothing (local.get $turn)) (local.get $turn))))
      (br_if $next (i32.lt_u (local.tee $turn (i32.add (local.get $turn) (i32.const 1))) (local.get $turns))))
    (local.get $right))

  (func (export "try") (param $turns i32) (result i32)
    (local $turn i32) (local $right i32)
    (loop $next
      (block $caught (result i32)
        (try_table (result i32) (catch $failed $caught) (call $nothing (local.get $turn))))
      (local.set $right (i32.add (local.get $right) (i32.eq (local.get $turn))))
      (br_if $next (i32.lt_u (local.tee $turn (i32.add (local.get $turn) (i32.const 1))) (local.get $turns))))
    (local.get $right))

  (func (export "here") (param $turns i32) (result i32)
    (local $turn i32) (local $right i32)
    (loop $next
      (block $caught (result i32)
        (try_table (result i32) (catch $failed $caught) (throw $failed (local.get $turn))))
      (local.set $right (i32.add (local.get $right) (i32.eq (local.get $turn))))
      (br_if $next (i32.lt_u (local.tee $turn (i32.add (local.get $turn) (i32.const 1))) (local.get $turns))))
    (local.get $right))

  (func (export "callee") (param $turns i32) (result i32)
    (local $turn i32) (local $right i32)
    (loop $next
      (block $caught (result i32)
        (try_table (result i32) (catch $failed $caught) (call $throws (local.get $turn))))
      (local.set $right (i32.add (local.get $right) (i32.eq (local.get $turn))))
      (br_if $next (i32.lt_u (local.tee $turn (i32.add (local.get $turn) (i32.const 1))) (local.get $turns))))
    (local.get $right))

  (func (export "deep") (param $turns i32) (result i32)
    (local $turn i32) (local $right i32)
    (loop $next
      (block $caught (result i32)
        (try_table (result i32) (catch $failed $caught) (call $throws_below (i32.const 10) (local.get $turn))))
      (local.set $right (i32.add (local.get $right) (i32.eq (local.get $turn))))
      (br_if $next (i32.lt_u (local.tee $turn (i32.add (local.get $turn) (i32.const 1))) (local.get $turns))))
    (local.get $right))

  (func (export "codes") (param $turns i32) (result i32)
    (local $turn i32) (local $right i32)
    (loop $next
      (local.set $right (i32.add (local.get $right)
        (i32.lt_s (call $fails_below (i32.const 10) (local.get $turn)) (i32.const 0))))
      (br_if $next (i32.lt_u (local.tee $turn (i32.add (local.get $turn) (i32.const 1))) (local.get $turns))))
    (local.get $right))

  (func (export "rethrow") (param $turns i32) (result i32)
    (local $turn i32) (local $right i32)
    (loop $next
      (block $caught (result i32)
        (try_table (result i32) (catch $failed $caught) (call $passes_on (local.get $turn))))
      (local.set $right (i32.add (local.get $right) (i32.eq (local.get $turn))))
      (br_if $next (i32.lt_u (local.tee $turn (i32.add (local.get $turn) (i32.const 1))) (local.get $turns))))
    (local.get $right)))
