"""Runs a WASI command with the Python package wasmtime, and measures user CPU time of compiling and running apart.

    wasmtime_driver.py (cranelift|winch|pulley) [--times FILE] MODULE
    wasmtime_driver.py --version
"""
import importlib.metadata
import json
import resource
import sys

import wasmtime
from wasmtime import _ffi as ffi

WINCH_STRATEGY = 2


def user_seconds():
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


def make_engine(how):
    config = wasmtime.Config()
    config.parallel_compilation = False
    if how == "winch":
        # The package's own setter knows the two older strategies only; in the library's header Winch is the third.
        ffi.wasmtime_config_strategy_set(config.ptr(), WINCH_STRATEGY)
    if how == "pulley":
        config.target = "pulley64"
    return wasmtime.Engine(config)


def main():
    if sys.argv[1:] == ["--version"]:
        print("wasmtime", importlib.metadata.version("wasmtime"))
        return 0
    how, path = sys.argv[1], sys.argv[-1]
    engine = make_engine(how)
    begin = user_seconds()
    with open(path, "rb") as file:
        module = wasmtime.Module(engine, file.read())
    compiled = user_seconds()
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    store = wasmtime.Store(engine)
    wasi = wasmtime.WasiConfig()
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    wasi.argv = [path]
    store.set_wasi(wasi)
    code = 0
    try:
        linker.instantiate(store, module).exports(store)["_start"](store)
    except wasmtime.ExitTrap as trap:
        code = trap.code
    ended = user_seconds()
    if "--times" in sys.argv:
        with open(sys.argv[sys.argv.index("--times") + 1], "w") as file:
            json.dump({"compile": compiled - begin, "run": ended - compiled}, file)
    return code


if __name__ == "__main__":
    sys.exit(main())
