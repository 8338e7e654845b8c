#!/usr/bin/env python3
"""Runs the reglet plugins against servers on 127.0.0.1.

    run.py [--filter WORDS] WPLUG PLUGINS

PLUGINS is the folder that plugins/build filled. Tests of plugins that are not there are skipped by name.
"""
import argparse
import pathlib
import sys

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / "pipeline")]
import harness  # noqa: E402
import observations  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filter", default="", help="only tests whose title has these words")
    parser.add_argument("wplug")
    parser.add_argument("plugins")
    options = parser.parse_args()
    wplug, plugins = (str(pathlib.Path(path).resolve()) for path in (options.wplug, options.plugins))
    harness.with_folder(
        lambda folder: harness.run_tests([observations], harness.Bench(wplug, plugins, folder), options.filter))


if __name__ == "__main__":
    main()
