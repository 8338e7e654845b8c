#!/usr/bin/env python3
"""The table of docs/limits.md has what include/wplug/limits.def says, row by row."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROW = re.compile(r'^WPLUG_LIMIT\((\w+), (\w+), (.+?), [^,]+(?:\{1\} << \d+)?, [^,]+, "(.*)"\)$')


def value_of(text):
    """A number as the table writes it: 5'000, uint64_t{1} << 20."""
    shift = re.fullmatch(r"uint64_t\{(\d+)\} << (\d+)", text)
    return int(shift[1]) << int(shift[2]) if shift else int(text.replace("'", ""))


def shown(name, kind, value):
    if kind == "duration":
        if value == 0:
            return "none"
        return f"{value // 10**9}s" if value % 10**9 == 0 else f"{value // 10**6}ms"
    if kind == "size":
        return f"{value >> 20}MiB" if value % (1 << 20) == 0 else f"{value >> 10}KiB"
    return "none" if name == "fuel" else f"{value:,}"


def option_of(name, kind):
    return ("--max-" if kind == "size" else "--") + name.replace("_", "-")


def rows(text):
    """The documented form of each limit."""
    for line in text.splitlines():
        if not line.startswith("WPLUG_LIMIT("):
            continue
        match = ROW.match(line)
        if match is None:
            raise ValueError(f"a row of another form: {line}")
        name, kind, value, doc = match.groups()
        yield f"| `{name}` | `{option_of(name, kind)}` | {shown(name, kind, value_of(value))} | {doc} |"


def main():
    expected = list(rows((ROOT / "include/wplug/limits.def").read_text(encoding="utf-8")))
    found = [line for line in (ROOT / "docs/limits.md").read_text(encoding="utf-8").splitlines()
             if line.startswith("| `") and "| `--" in line]
    complaints = [f"missing in docs/limits.md: {row}" for row in expected if row not in found]
    complaints += [f"not in limits.def: {row}" for row in found if row not in expected]
    print(*complaints, sep="\n")
    print(f"{len(expected)} limits, {len(complaints)} complaints")
    return 1 if complaints or len(expected) < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
