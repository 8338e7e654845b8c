#!/usr/bin/env python3
"""Runs plugins of other systems - Extism, OPA, WASI commands - through wplug, unmodified.

    run.py [--filter WORDS] WPLUG PLUGINS

PLUGINS is the folder that plugins/build filled. The modules that Extism's Go SDK is tested with come from the Go module
proxy (`go mod download`); policies are compiled by `opa` (WPLUG_OPA, else the PATH). What is not there is skipped by name.
"""
import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "pipeline"))

import harness  # noqa: E402
import extism_modules  # noqa: E402
import mixed  # noqa: E402
import policies  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filter", default="", help="only tests whose title has these words")
    parser.add_argument("wplug")
    parser.add_argument("plugins")
    options = parser.parse_args()
    modules = [extism_modules, policies, mixed]
    wplug, plugins = (str(pathlib.Path(path).resolve()) for path in (options.wplug, options.plugins))
    harness.with_folder(lambda folder: harness.run_tests(modules, harness.Bench(wplug, plugins, folder), options.filter))


if __name__ == "__main__":
    main()
