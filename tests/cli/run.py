#!/usr/bin/env python3
"""Runs the text cases of this folder against the programs given: `wplug`, and those of examples/embed.

    run.py [--filter WORDS] [--file NAME.txt]… PROGRAM…

A file holds cases; a case is

    ## what is shown                    its name
    $ wplug run empty.wasm              one command line for bash, with the programs under test on the PATH
    < a line of standard input          (none: standard input is empty)
    > a line of standard output         exactly; none: nothing is printed
    >~ a regular expression             for a line that varies
    > ...                               any number of lines
    ! a line of standard error          the same three forms; no `!` at all: standard error is not looked at
    = 65                                exit code (none: 0)

Lines that start with `#` and one blank are comments. Each case runs in an empty folder of its own, in which every
modules/*.wat has become a .wasm and everything in files/ was copied. `%%` in commands stands for the folder of the tests.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT_SECONDS = 300


@dataclass
class Case:
    name: str
    where: str
    command: str = ""
    stdin: str = ""
    stdout: list = field(default_factory=list)
    stderr: list = field(default_factory=list)
    exit_code: int = 0


def parse(path):
    """The cases of a file; a line that is none of the known forms is an error."""
    cases = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("## "):
            cases.append(Case(line[3:], f"{path.name}:{number}"))
            continue
        if not line.strip() or line.startswith("# ") or line == "#":
            continue
        if not cases:
            raise ValueError(f"{path.name}:{number}: a line before the first case: {line}")
        add_line(cases[-1], line, f"{path.name}:{number}")
    for case in cases:
        if not case.command:
            raise ValueError(f"{case.where}: a case without a command")
    return cases


def add_line(case, line, where):
    mark, _, rest = line.partition(" ")
    if mark == "$":
        case.command += ("\n" if case.command else "") + rest
    elif mark == "<":
        case.stdin += rest + "\n"
    elif mark in (">", ">~"):
        case.stdout.append((mark == ">~", rest))
    elif mark in ("!", "!~"):
        case.stderr.append((mark == "!~", rest))
    elif mark == "=":
        case.exit_code = int(rest)
    else:
        raise ValueError(f"{where}: not a line of a case: {line}")


def difference(expected, actual):
    """None when the lines match, else what is wrong at the first place that does not."""
    lines, at, skipping = actual.splitlines(), 0, False
    for is_pattern, text in expected:
        if not is_pattern and text == "...":
            skipping = True
            continue
        matches = (lambda line: re.search(text, line)) if is_pattern else (lambda line: line == text)
        while skipping and at < len(lines) and not matches(lines[at]):
            at += 1
        if at >= len(lines):
            return f"missing: {text}"
        if not matches(lines[at]):
            return f"expected: {text}\n    found:    {lines[at]}"
        at, skipping = at + 1, False
    if at < len(lines) and not skipping:
        return f"unexpected: {lines[at]}"
    return None


def prepare_modules(wplug, folder):
    for source in sorted((HERE / "modules").glob("*.wat")):
        subprocess.run([wplug, "wat2wasm", str(source), "-o", str(folder / (source.stem + ".wasm"))], check=True)


def run_case(case, programs, prepared):
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copytree(prepared, scratch, dirs_exist_ok=True)
        bin_dir = pathlib.Path(scratch) / ".bin"
        bin_dir.mkdir()
        for program in programs:
            (bin_dir / program.name).symlink_to(program)
        environment = {"PATH": f"{bin_dir}:/usr/bin:/bin", "HOME": scratch, "LC_ALL": "C.UTF-8"}
        environment |= {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        command = case.command.replace("%%", str(HERE.parent))
        try:
            done = subprocess.run(["bash", "-c", command], cwd=scratch, env=environment, input=case.stdin,
                                  capture_output=True, text=True, errors="replace", timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            return [f"still running after {TIMEOUT_SECONDS} s"]
    complaints = []
    if done.returncode != case.exit_code:
        complaints.append(f"exit code {done.returncode}, expected {case.exit_code}")
    wrong = difference(case.stdout, done.stdout)
    if wrong:
        complaints.append(f"standard output: {wrong}")
    wrong = difference(case.stderr, done.stderr) if case.stderr else None
    if wrong:
        complaints.append(f"standard error: {wrong}")
    if complaints and done.stderr and not wrong:
        complaints.append("standard error was:\n      " + done.stderr.strip().replace("\n", "\n      ")[:2000])
    return complaints


def run_all(cases, programs):
    failed = 0
    with tempfile.TemporaryDirectory() as prepared:
        shutil.copytree(HERE / "files", prepared, dirs_exist_ok=True)
        prepare_modules(programs[0], pathlib.Path(prepared))
        for case in cases:
            complaints = run_case(case, programs, prepared)
            failed += bool(complaints)
            if complaints:
                print(f"FAILED {case.where}: {case.name}\n  $ {case.command}")
                print(*(f"  {complaint}" for complaint in complaints), sep="\n")
    return failed


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("programs", nargs="+", type=pathlib.Path)
    arguments.add_argument("--filter", default="")
    arguments.add_argument("--file", action="append", type=pathlib.Path)
    options = arguments.parse_args()
    files = options.file or sorted(HERE.glob("*.txt"))
    cases = [case for path in files for case in parse(path) if options.filter in case.name]
    failed = run_all(cases, [program.resolve() for program in options.programs])
    print(f"tests: {len(cases) - failed} passed, {failed} failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
