#!/usr/bin/env python3
"""Runs plugins of the systems midimon and samuel, and native plugins, through wplug.

    run.py [--filter WORDS] WPLUG PLUGINS NATIVE HOSTILE

PLUGINS is the folder that plugins/build filled, NATIVE has counter.so of examples/native, HOSTILE the libraries of this
folder. Tests of plugins that are not there are skipped by name.
"""
import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "pipeline"))

import harness
import midimon
import native
import samuel


class Bench(harness.Bench):
    native = hostile = None

    def library(self, name):
        for folder in (self.native, self.hostile):
            for path in sorted(folder.glob(f"{name}.*")):
                if path.suffix in (".so", ".dylib", ".dll"):
                    return path
        raise harness.Skipped(f"{name} is not built")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filter", default="", help="only tests whose title has these words")
    for name in ("wplug", "plugins", "native", "hostile"):
        parser.add_argument(name)
    options = parser.parse_args()
    Bench.native, Bench.hostile = (pathlib.Path(path).resolve() for path in (options.native, options.hostile))
    wplug, plugins = (str(pathlib.Path(path).resolve()) for path in (options.wplug, options.plugins))
    modules = [midimon, samuel, native]
    harness.with_folder(lambda folder: harness.run_tests(modules, Bench(wplug, plugins, folder), options.filter))


if __name__ == "__main__":
    main()
