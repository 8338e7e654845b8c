#!/usr/bin/env python3
"""layering.py finds what it is there to find."""
import pathlib
import tempfile
import unittest

import layering


class LayeringTest(unittest.TestCase):
    def complaints(self, files):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder).resolve()
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            return layering.check_tree(root)[0]

    def test_a_lower_layer_may_be_included(self):
        self.assertEqual(
            self.complaints({
                "interp/base/a.h": "#include <vector>\n",
                "interp/exec/b.cc": '#include "interp/base/a.h"\n#include <sys/mman.h>\n#include "wplug/error.h"\n',
                "include/wplug/error.h": "#include <string>\n",
                "host/c.cc": '#include "wplug/error.h"\n#include <fmt/format.h>\n',
            }), [])

    def assert_complaint(self, files, words):
        complaints = self.complaints(files)
        self.assertEqual(len(complaints), 1, complaints)
        self.assertIn(words, complaints[0])

    def test_an_upward_include_inside_interp_is_found(self):
        self.assert_complaint({"interp/exec/a.h": "", "interp/base/b.h": '#include "interp/exec/a.h"\n'},
                              "interp/base is below interp/exec")

    def test_the_host_may_not_know_the_abis(self):
        self.assert_complaint({"abi/a.h": "", "host/b.cc": '#include "abi/a.h"\n'}, "host is below abi")

    def test_the_host_may_not_reach_into_the_engine(self):
        self.assert_complaint({"interp/base/a.h": "", "host/b.cc": '#include "interp/base/a.h"\n'},
                              "through include/wplug")

    def test_interp_may_not_use_a_library(self):
        self.assert_complaint({"interp/base/a.cc": "#include <fmt/format.h>\n"}, "standard library only")

    def test_interp_may_not_use_the_hosts_public_headers(self):
        self.assert_complaint({"include/wplug/plugin.h": "", "interp/api/a.cc": '#include "wplug/plugin.h"\n'},
                              "vocabulary")

    def test_a_public_header_may_not_use_a_library(self):
        self.assert_complaint({"include/wplug/a.h": "#include <CLI/CLI.hpp>\n"}, "standard library only")

    def test_a_missing_file_is_found(self):
        self.assert_complaint({"tools/a.cc": '#include "host/gone.h"\n'}, "no such file")


if __name__ == "__main__":
    unittest.main()
