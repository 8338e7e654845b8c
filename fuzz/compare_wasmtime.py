#!/usr/bin/env python3
"""Runs the modules that `fuzz-differential --out FILE` wrote in wasmtime, and compares what they do line by line.

    compare_wasmtime.py FILE…

Needs the package `wasmtime` of PyPI. Compared are results (of NaNs only that they are), traps, memories, globals and what the
host functions were given. Modules that ran out of fuel or
stack are left out: wasmtime counts otherwise.
The last line is a JSON object of totals; exit code 1 when something differed.
"""
import ctypes
import json
import math
import struct
import sys
import zlib

import wasmtime

# Our names of traps by wasmtime's codes.
TRAPS = {
    "STACK_OVERFLOW": {"call_stack_exhausted"},
    "MEMORY_OUT_OF_BOUNDS": {"out_of_bounds_memory_access"},
    "HEAP_MISALIGNED": {"unaligned_atomic"},
    "TABLE_OUT_OF_BOUNDS": {"undefined_element", "out_of_bounds_table_access"},
    "INDIRECT_CALL_TO_NULL": {"uninitialized_element"},
    "BAD_SIGNATURE": {"indirect_call_type_mismatch"},
    "INTEGER_OVERFLOW": {"integer_overflow"},
    "INTEGER_DIVISION_BY_ZERO": {"integer_divide_by_zero"},
    "BAD_CONVERSION_TO_INTEGER": {"invalid_conversion_to_integer"},
    "UNREACHABLE": {"unreachable"},
    "NULL_REFERENCE": {"null_reference", "null_function_reference", "null_structure_reference", "null_array_reference",
                       "null_i31_reference", "null_exception_reference"},
    "CAST_FAILURE": {"cast_failure"},
    "ARRAY_OUT_OF_BOUNDS": {"out_of_bounds_array_access"},
    "UNCAUGHT_EXCEPTION": {"uncaught_exception"},
}
# array.copy from null to a place out of bounds: the specification looks at the references first, wasmtime at the bounds of
# the destination. Counted apart.
OTHER_ORDER = ("ARRAY_OUT_OF_BOUNDS", "null_array_reference")
MASK = (1 << 64) - 1
NUMBERS = ("i32", "i64", "f32", "f64")
FEATURES = ("bulk_memory", "exceptions", "function_references", "gc", "memory64", "multi_memory", "multi_value",
            "reference_types", "simd", "tail_call", "threads", "wide_arithmetic", "custom_page_sizes")


def make_engine():
    config = wasmtime.Config()
    config.cranelift_opt_level = "none"
    for feature in FEATURES:
        setattr(config, "wasm_" + feature, True)
    config.shared_memory = True
    return wasmtime.Engine(config)


class Host:
    """The functions that modules import, and what they remember."""

    def __init__(self):
        self.state = 1

    def mix(self, value):
        self.state = (self.state * 6364136223846793005 + (value & MASK)) & MASK
        return signed(self.state >> 7, 64)

    def note(self, value):
        self.state = ((self.state ^ (value & 0xffffffff)) * 0x9e3779b97f4a7c15) & MASK


def signed(value, bits):
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def decode(text):
    """An argument as fuzz/outcome.cc prints it, for wasmtime."""
    kind, bits = text.split(":")
    if bits == "nan":
        return math.nan
    bits = int(bits, 16)
    if kind == "f32":
        return struct.unpack("<f", struct.pack("<I", bits))[0]
    if kind == "f64":
        return struct.unpack("<d", struct.pack("<Q", bits))[0]
    return signed(bits, int(kind[1:]))


def encode(kind, value):
    """A value as fuzz/outcome.cc prints it."""
    if kind in ("f32", "f64"):
        if math.isnan(value):
            return kind + ":nan"
        packed = struct.pack("<f" if kind == "f32" else "<d", value)
        return f"{kind}:{int.from_bytes(packed, 'little'):x}"
    return f"{kind}:{value & ((1 << int(kind[1:])) - 1):x}"


def contents(store, memory):
    if hasattr(memory, "read"):
        return memory.size(store), bytes(memory.read(store))
    size = memory.data_len()
    return size >> 16, ctypes.string_at(memory.data_ptr(), size)


class Run:
    """One module in wasmtime."""

    def __init__(self, engine, source):
        self.store = wasmtime.Store(engine)
        self.module = wasmtime.Module(engine, source)
        self.host = Host()
        i32, i64 = wasmtime.ValType.i32(), wasmtime.ValType.i64()
        externref = wasmtime.ValType.externref()
        functions = {"mix": ([i64], [i64], self.host.mix), "note": ([i32], [], self.host.note),
                     "ref": ([i32], [externref], lambda value: value)}
        imports = []
        for imported in self.module.imports:
            params, results, function = functions[imported.name]
            imports.append(wasmtime.Func(self.store, wasmtime.FuncType(params, results), function))
        self.instance = wasmtime.Instance(self.store, self.module, imports)
        self.exports = self.instance.exports(self.store)
        self.types = [(export.name, export.type) for export in self.module.exports]

    def state(self):
        text = f" | host {self.host.state:x}"
        for name, kind in self.types:
            if isinstance(kind, wasmtime.GlobalType):
                if str(kind.content) in NUMBERS:
                    text += f" {name} {encode(str(kind.content), self.exports[name].value(self.store))}"
            elif isinstance(self.exports[name], (wasmtime.Memory, wasmtime.SharedMemory)):
                pages, data = contents(self.store, self.exports[name])
                text += f" {name} {pages}/{zlib.crc32(data):x}"
        return text

    def call(self, name, arguments):
        kind = dict(self.types)[name]
        results = self.exports[name](self.store, *arguments)
        values = [] if results is None else results if isinstance(results, list) else [results]
        return "".join(" " + encode(str(result), value) for result, value in zip(kind.results, values))


def matches_trap(ours, trap, totals):
    """Whether our line names the trap that wasmtime met."""
    # An exception that nobody caught comes without a code.
    code = trap.trap_code.name if trap.trap_code is not None else "UNCAUGHT_EXCEPTION"
    if code == OTHER_ORDER[0] and f"trap {OTHER_ORDER[1]}" in ours:
        totals["other order of checks"] += 1
        return True, code
    return any(f"trap {name}" in ours for name in TRAPS.get(code, ())), code


def compare(engine, case, totals):
    """None when the lines agree, else words about the first that does not."""
    lines = case["lines"]
    try:
        run = Run(engine, bytes.fromhex(case["bytes"]))
    except wasmtime.Trap as trap:
        same, code = matches_trap(lines[0], trap, totals)
        return None if same and lines[0].startswith("instantiate") else f"{lines[0]}, wasmtime: {code}"
    except wasmtime.WasmtimeError as error:
        return f"{lines[0]}, wasmtime: {error}"
    if lines[0] != "instantiate: ok" + run.state():
        return f"{lines[0]}, wasmtime:{run.state()}"
    for line in lines[1:]:
        if line.startswith("end | "):
            if line != "end" + run.state():
                return f"{line}\n      wasmtime: end{run.state()}"
            continue
        head, _, rest = line.partition("): ")
        name, _, given = head.partition("(")
        outcome, _, state = rest.partition(" | ")
        try:
            found = "ok" + run.call(name, [decode(word) for word in given.split()])
        except wasmtime.Trap as trap:
            same, found = matches_trap(outcome, trap, totals)
            if same:
                found = outcome
        found_state = run.state()[3:] if state else ""
        if outcome != found or state != found_state:
            return f"{line}\n      wasmtime: {found} | {found_state}"
    return None


def main():
    engine = make_engine()
    totals = {"modules": 0, "lines": 0, "stopped": 0, "other order of checks": 0, "differences": 0}
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as cases:
            for text in cases:
                case = json.loads(text)
                if case["stopped"]:
                    totals["stopped"] += 1
                    continue
                difference = compare(engine, case, totals)
                totals["modules"] += 1
                totals["lines"] += len(case["lines"])
                if difference:
                    totals["differences"] += 1
                    print(f"{case['name']}: {difference}")
    print(json.dumps(totals))
    return 1 if totals["differences"] else 0


if __name__ == "__main__":
    sys.exit(main())
