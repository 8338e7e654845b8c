#!/usr/bin/env python3
"""Runs real plugins, well-behaved and hostile, through `wplug run`.

    run.py [--filter WORDS] WPLUG PLUGINS

PLUGINS is the folder that plugins/build filled. Tests of plugins that are not there are skipped by name.
"""
import argparse
import pathlib

import harness
import hostile_modules
import hostile_plugins
import host_functions
import inputs
import same_output


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filter", default="", help="only tests whose title has these words")
    parser.add_argument("wplug")
    parser.add_argument("plugins")
    options = parser.parse_args()
    modules = [same_output, inputs, host_functions, hostile_plugins, hostile_modules]
    wplug, plugins = (str(pathlib.Path(path).resolve()) for path in (options.wplug, options.plugins))
    harness.with_folder(lambda folder: harness.run_tests(modules, harness.Bench(wplug, plugins, folder), options.filter))


if __name__ == "__main__":
    main()
