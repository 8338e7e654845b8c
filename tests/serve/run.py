#!/usr/bin/env python3
"""`wplug serve` end to end.

    run.py WPLUG [WORDS]
"""
import pathlib
import sys

import answering
import harness
import reloading
import tracing

if __name__ == "__main__":
    sys.exit(harness.run_all(str(pathlib.Path(sys.argv[1]).resolve()), [answering, reloading, tracing],
                             sys.argv[2] if len(sys.argv) > 2 else ""))
