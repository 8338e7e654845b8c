#!/usr/bin/env python3
"""Reads every #include and fails on one that looks up the layers (ARCHITECTURE.md).

    base < wasm < decode < validate < lower < store < exec < api     inside interp
    include/wplug < interp < host < abi < capi, tools, spec-tests, bench, fuzz, examples (sdk and plugins are guest code)

Inside interp the public headers of `VOCABULARY` are words that every layer may use; wasm is below decode, and so on. interp
includes the standard library and nothing else. Headers of include/wplug include only each other and the standard library.
"""
import pathlib
import re
import sys

INTERP_LAYERS = ["base", "wasm", "decode", "validate", "lower", "store", "exec", "api"]
# Reading text is on the level of decoding.
INTERP_LEVEL = {layer: level for level, layer in enumerate(INTERP_LAYERS)} | {"text": INTERP_LAYERS.index("decode")}
LEVEL = {"include": 0, "interp": 1, "host": 2, "abi": 3}
TOP = ["capi", "tools", "spec-tests", "bench", "fuzz", "examples", "tests"]
LEVEL |= {folder: 4 for folder in TOP}
# These reach the engine through include/wplug only.
EMBEDDERS = {"host", "abi", "capi", "tools", "spec-tests", "examples"}
# The engine's half of include/wplug; the rest belongs to the host.
VOCABULARY = {
    "allocator.h", "engine.h", "error.h", "exception.h", "features.def", "features.h", "func.h", "global.h", "instance.h", "linker.h",
    "memory.h", "module.h", "nested_store.h", "ref.h", "script.h", "store.h", "table.h", "tag.h", "text.h", "trap.h",
    "traps.def", "types.h", "value.h",
}
# The two places where interp speaks to the operating system, and the C library's headers that C++ has under no other name.
OS_HEADERS = re.compile(r"^(sys/(mman|resource|syscall)|unistd|fcntl|pthread|signal|ucontext|immintrin|smmintrin|arm_neon|windows|"
                        r"sanitizer/(asan|tsan)_interface)\.h$")
# A public header that C reads too has no <cstddef> to include.
C_HEADERS = re.compile(r"^(stddef|stdint|stdbool)\.h$")
STD_HEADER = re.compile(r"^[a-z_0-9]+$")
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
TEST_ONLY = {"doctest/doctest.h"}


def includes(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1) == '"', match.group(2)


def resolve(root, including, name):
    """The path below `root` of a quoted include, or None when it is not a file of the project."""
    for base in (root, root / "include", including.parent):
        candidate = (base / name).resolve()
        if candidate.is_file() and candidate.is_relative_to(root):
            return candidate.relative_to(root)
    return None


def interp_complaint(source, target):
    """Why `source`, a file of interp, may not include the project's file `target`; None when it may."""
    if target.parts[0] == "include":
        return None if target.name in VOCABULARY else f"{target.name} is not part of the engine's vocabulary"
    if target.parts[0] != "interp":
        return f"interp is below {target.parts[0]}"
    if INTERP_LEVEL[target.parts[1]] > INTERP_LEVEL[source.parts[1]]:
        return f"interp/{source.parts[1]} is below interp/{target.parts[1]}"
    return None


def complaint(source, quoted, name, target):
    layer = source.parts[0]
    is_test = source.stem.endswith("_test") or layer == "tests"
    if target is None:
        if quoted:
            return "no such file in the project"
        allowed = STD_HEADER.match(name) or (layer == "interp" and OS_HEADERS.match(name)) or \
            (layer == "include" and C_HEADERS.match(name))
        if layer in ("interp", "include") and not allowed and not (is_test and name in TEST_ONLY):
            return f"{layer} includes the standard library only"
        return None
    if layer == "interp":
        # A test may look anywhere inside interp and the public headers.
        return None if is_test and target.parts[0] in ("interp", "include") else interp_complaint(source, target)
    if layer == "include" and target.parts[0] != "include":
        return "a public header includes public headers only"
    if LEVEL[target.parts[0]] > LEVEL[layer]:
        return f"{layer} is below {target.parts[0]}"
    if layer in EMBEDDERS and target.parts[0] == "interp":
        return f"{layer} uses the engine through include/wplug"
    return None


def check_tree(root):
    """All complaints about the files below `root`, as lines "file:line: …", and the number of includes read."""
    complaints, count = [], 0
    for layer in LEVEL:
        for path in sorted((root / layer).rglob("*")):
            if path.suffix not in (".h", ".cc", ".def", ".inc") or not path.is_file():
                continue
            source = path.relative_to(root)
            for number, quoted, name in includes(path):
                count += 1
                target = resolve(root, path, name) if quoted else None
                reason = complaint(source, quoted, name, target)
                if reason:
                    complaints.append(f"{source}:{number}: includes {name}: {reason}")
    return complaints, count


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    complaints, count = check_tree(root)
    for line in complaints:
        print(line)
    print(f"{count} includes read, {len(complaints)} of them look up the layers or outside")
    if count == 0:
        print(f"no sources below {root}")
    return 1 if complaints or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
