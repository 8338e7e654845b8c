#!/usr/bin/env python3
"""The table of attempts over the network in docs/security.md, from the rows of host/escape_network_test.cc.

    network_table.py --check docs/security.md    fails when the table there is not the one of these attempts
    network_table.py --write docs/security.md    puts it there
"""
import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "host" / "escape_network_test.cc"
BEGIN = "<!-- network attempts: made by tests/escape/network_table.py --write -->\n"
END = "<!-- end of network attempts -->\n"
OUTCOMES = {"denied", "invalid", "failed", "timed out", "not found", "contained"}
ROW = re.compile(r'^    \{"((?:[^"\\]|\\.)*)", \[\]\(Lab& lab\) \{.*\}, "([^"]*)"\},$')


def attempts():
    """(what is tried, what comes of it) of every row; a row that cannot be read is an error."""
    text = SOURCE.read_text(encoding="utf-8")
    _, found, rest = text.partition("const Attempt kAttempts[] = {\n")
    rows, found_end, _ = rest.partition("\n};\n")
    if not found or not found_end:
        raise ValueError(f"{SOURCE.name}: kAttempts is not found")
    result = []
    for line in rows.splitlines():
        match = ROW.match(line)
        if not match or match[2] not in OUTCOMES:
            raise ValueError(f"{SOURCE.name}: no row of an attempt: {line.strip()[:100]}")
        result.append((match[1], match[2]))
    names = [name for name, _ in result]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{SOURCE.name}: two attempts are named: {name}")
    return result


def table():
    rows = attempts()
    escaped = [(re.sub(r"([|*<_])", r"\\\1", name), outcome) for name, outcome in rows]
    lines = [f"| {name} | {outcome} |" for name, outcome in escaped]
    return "\n".join([BEGIN, f"{len(rows)} attempts.", "", "| attempt | outcome |", "|---|---|", *lines, "", END])


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("--check", "--write"):
        print(__doc__.strip())
        return 2
    file = pathlib.Path(sys.argv[2])
    text = file.read_text(encoding="utf-8")
    before, found, rest = text.partition(BEGIN)
    _, found_end, after = rest.partition(END)
    if not found or not found_end:
        print(f"{file}: has no place for the table of network attempts")
        return 1
    wanted = before + table() + after
    if sys.argv[1] == "--write":
        file.write_text(wanted, encoding="utf-8")
    elif text != wanted:
        print(f"{file}: the table of network attempts is not up to date: tests/escape/network_table.py --write {file}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
