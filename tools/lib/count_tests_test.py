#!/usr/bin/env python3
"""count_tests.py adds up what it should."""
import json
import pathlib
import tempfile
import unittest

from count_tests import Count, count_log, count_of, summary


def entry(result="OK", stdout="", stderr=""):
    return {"name": "unit / x", "result": result, "stdout": stdout, "stderr": stderr}


def numbers(count):
    return count.passed, count.failed, count.skipped


DOCTEST_GOOD = "[doctest] test cases:  12 |  12 passed | 0 failed | 0 skipped\n[doctest] Status: SUCCESS!\n"
DOCTEST_BAD = "[doctest] test cases: 12 | 10 passed | 2 failed | 0 skipped\n"


class CountTest(unittest.TestCase):
    def test_a_plain_test_counts_as_one(self):
        self.assertEqual(numbers(count_of("clang", entry())), (1, 0, 0))
        self.assertEqual(numbers(count_of("clang", entry("FAIL"))), (0, 1, 0))
        self.assertEqual(numbers(count_of("clang", entry("TIMEOUT"))), (0, 1, 0))

    def test_a_doctest_program_counts_its_cases(self):
        self.assertEqual(numbers(count_of("clang", entry(stdout=DOCTEST_GOOD))), (12, 0, 0))
        self.assertEqual(numbers(count_of("clang", entry("FAIL", DOCTEST_BAD))), (10, 2, 0))

    def test_a_coloured_summary_is_read_too(self):
        text = DOCTEST_GOOD.replace("12 passed", "\x1b[0;32m12 passed\x1b[0m")
        self.assertEqual(numbers(count_of("clang", entry(stdout=text))), (12, 0, 0))

    def test_a_program_that_dies_after_its_summary_has_failed(self):
        self.assertEqual(numbers(count_of("asan", entry("FAIL", DOCTEST_GOOD))), (12, 1, 0))

    def test_a_driver_counts_its_own_tests(self):
        count = count_of("clang", entry(stdout="skipped: no go\ntests: 5 passed, 0 failed, 1 skipped\n"))
        self.assertEqual(numbers(count), (5, 0, 1))
        self.assertEqual(count.notes, ["SKIPPED clang: unit / x: skipped: no go"])

    def test_a_skipped_test_is_named_with_its_reason(self):
        count = count_of("clang", entry("SKIP", "skipped: ../shared is missing\n"))
        self.assertEqual(numbers(count), (0, 0, 1))
        self.assertEqual(count.notes, ["SKIPPED clang: unit / x: skipped: ../shared is missing"])

    def test_a_log_that_is_missing_is_a_failure(self):
        self.assertEqual(numbers(count_log("gcc", pathlib.Path("nowhere"))), (0, 1, 0))

    def test_a_log_is_added_up(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "testlog.json"
            log.write_text("\n".join(json.dumps(e) for e in (entry(), entry(stdout=DOCTEST_GOOD), entry("SKIP"))))
            self.assertEqual(numbers(count_log("clang", log)), (13, 0, 1))

    def test_the_last_line_names_skipped_tests_only_when_there_are_some(self):
        self.assertEqual(summary(Count(3, 1, 0)), "3 passed, 1 failed")
        self.assertEqual(summary(Count(3, 0, 2)), "3 passed, 0 failed, 2 skipped")


if __name__ == "__main__":
    unittest.main()
