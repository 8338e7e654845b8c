#!/usr/bin/env python3
"""Compiles each public header alone, and twice in a row, without exceptions and RTTI.

    headers.py INCLUDE_DIR COMPILER [FLAG…]
"""
import concurrent.futures
import pathlib
import subprocess
import sys


def compile_text(command, text):
    """The compiler's complaints about a translation unit, or None."""
    done = subprocess.run(command + ["-x", "c++", "-fsyntax-only", "-"], input=text, capture_output=True, text=True)
    return None if done.returncode == 0 else done.stderr


def check(command, name):
    for text in (f'#include "{name}"\n', f'#include "{name}"\n#include "{name}"\n'):
        complaint = compile_text(command, text)
        if complaint:
            return f"{name} does not compile {'alone' if text.count('#') == 1 else 'twice'}:\n{complaint}"
    return None


def main():
    include_dir, command = pathlib.Path(sys.argv[1]), sys.argv[2:]
    command += ["-std=c++20", "-Wall", "-Wextra", "-Werror", "-fno-exceptions", "-fno-rtti", f"-I{include_dir}"]
    if compile_text(command, "#include <string>\nthis is not C++\n") is None:
        print("the compiler accepts anything: this test would not fail")
        return 1
    names = sorted(str(path.relative_to(include_dir)) for path in include_dir.rglob("*.h"))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda name: check(command, name), names))
    failures = [result for result in results if result]
    for failure in failures:
        print(failure)
    print(f"tests: {len(names) - len(failures)} passed, {len(failures)} failed")
    return 1 if failures or not names else 0


if __name__ == "__main__":
    sys.exit(main())
