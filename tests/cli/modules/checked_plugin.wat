;; A reglet plugin with a schema of its configuration; it observes the same whatever it is given.
(module
  (memory (export "memory") 2)
  (data (i32.const 1024) "{\"name\":\"checked\",\"version\":\"1.0.0\",\"description\":\"has a schema\",\"capabilities\":[]}")
  (data (i32.const 2048) "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"host\":{\"type\":\"string\"},\"mode\":{\"enum\":[\"fast\",\"safe\"]},\"servers\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"port\"],\"properties\":{\"port\":{\"type\":\"integer\",\"minimum\":1}}}}}}")
  (data (i32.const 3072) "{\"status\":true,\"timestamp\":\"2024-02-29T00:00:00Z\",\"data\":{\"seen\":1}}")
  (func (export "allocate") (param i32) (result i32) (i32.const 65536))
  (func (export "deallocate") (param i32 i32))
  (func (export "describe") (result i64) (i64.const 0x40000000053))
  (func (export "schema") (result i64) (i64.const 0x800000000f4))
  (func (export "observe") (param i32 i32) (result i64) (i64.const 0xc0000000044)))
