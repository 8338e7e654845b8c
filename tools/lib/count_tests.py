#!/usr/bin/env python3
"""Adds up the tests of several meson runs.

    count_tests.py [--skipped NOTE… --] NAME=BUILD_DIR…

Reads meson-logs/testlog.json of each build. A doctest program counts each of its test cases; a driver that ends with a
line `tests: N passed, N failed[, N skipped]` counts those; any other test counts as one. What failed or was skipped is
listed by name; so are the notes given, which stand for builds that could not be made. The last line is `N passed, N failed`
or `N passed, N failed, N skipped`; the exit code is 1 when a test failed or none ran.
"""
import json
import pathlib
import re
import sys
from dataclasses import dataclass, field

DOCTEST = re.compile(r"\[doctest\] test cases:\s*(\d+) \|\s*(\d+) passed \|\s*(\d+) failed \|\s*(\d+) skipped")
DRIVER = re.compile(r"^tests: (\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.MULTILINE)
SKIP_LINE = re.compile(r"^.*\bskipped\b.*$", re.MULTILINE | re.IGNORECASE)
GOOD, SKIPPED = {"OK", "EXPECTEDFAIL"}, {"SKIP"}


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    notes: list = field(default_factory=list)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.notes += other.notes


def parts_of(text):
    """(passed, failed, skipped) as a test's own output tells them, or None."""
    match = DOCTEST.search(text)
    if match:
        return int(match[2]), int(match[3]), 0
    matches = list(DRIVER.finditer(text))
    if matches:
        return int(matches[-1][1]), int(matches[-1][2]), int(matches[-1][3] or 0)
    return None


def skip_reason(text):
    match = SKIP_LINE.search(text)
    return match[0].strip() if match else "no reason given"


def count_of(run, entry):
    """The count of one line of the test log."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", (entry.get("stdout") or "") + "\n" + (entry.get("stderr") or ""))
    name, result = f"{run}: {entry['name']}", entry["result"]
    if result in SKIPPED:
        return Count(skipped=1, notes=[f"SKIPPED {name}: {skip_reason(text)}"])
    passed, failed, skipped = parts_of(text) or (None, None, None)
    if passed is None:
        passed, failed, skipped = (1, 0, 0) if result in GOOD else (0, 1, 0)
    # A program that says all is well and exits otherwise (a sanitizer, a crash at the end) has failed all the same.
    if result not in GOOD and failed == 0:
        failed = 1
    count = Count(passed, failed, skipped)
    if failed:
        count.notes.append(f"FAILED {name}: {result}, {failed} failed")
    if skipped:
        count.notes += [f"SKIPPED {name}: {line.strip()}" for line in SKIP_LINE.findall(text) if not DRIVER.match(line)]
    return count


def count_log(run, path):
    if not path.is_file():
        return Count(failed=1, notes=[f"FAILED {run}: no test ran ({path.name} is missing)"])
    total = Count()
    for line in path.read_text(encoding="utf-8").splitlines():
        total.add(count_of(run, json.loads(line)))
    return total


def summary(total):
    line = f"{total.passed} passed, {total.failed} failed"
    return line + (f", {total.skipped} skipped" if total.skipped else "")


def main():
    total, arguments = Count(), sys.argv[1:]
    if arguments and arguments[0] == "--skipped":
        end = arguments.index("--")
        total.add(Count(skipped=end - 1, notes=[f"SKIPPED {note}" for note in arguments[1:end]]))
        arguments = arguments[end + 1:]
    for argument in arguments:
        run, _, folder = argument.partition("=")
        count = count_log(run, pathlib.Path(folder) / "meson-logs" / "testlog.json")
        print(f"  {run}: {summary(count)}")
        total.add(count)
    for note in total.notes:
        print(note)
    print(summary(total))
    return 1 if total.failed or total.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
