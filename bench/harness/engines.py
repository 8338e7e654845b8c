"""The engines that are compared: how each is found, named and run."""
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass


@dataclass(frozen=True)
class Engine:
    name: str
    command: tuple  # what runs a WASI command; the module's path is appended
    version: str
    prints: bool = True  # whether the module's output reaches standard output


# (name, program, arguments before the module, arguments for the version, whether WASI output is printed)
PEERS = [
    ("wasmi", "wasmi", (), ("--version",), True),
    ("wasmi", "wasmi_cli", (), ("--version",), True),
    ("wasm3", "wasm3", (), ("--version",), True),
    ("wazero interpreter", "wazero", ("run", "-interpreter"), ("version",), True),
    ("toywasm", "toywasm", ("--wasi",), ("--version",), True),
    ("iwasm", "iwasm", (), ("--version",), True),
    # Debian's has no WASI: imports do nothing.
    ("wasm-interp", "wasm-interp", ("--dummy-import-func", "--run-all-exports"), ("--version",), False),
    ("wazero compiler", "wazero", ("run",), ("version",), True),
    ("wasmtime winch", "wasmtime", ("run", "-C", "compiler=winch"), ("--version",), True),
    ("wasmtime", "wasmtime", ("run",), ("--version",), True),
]
# Our own variants, as options of `wplug run`.
VARIANTS = [
    ("wplug", ()),
    ("wplug, no metering", ("--no-metering",)),
    ("wplug, guard pages", ("--memory", "guard")),
    ("wplug, no registers", ("--no-registers",)),
]


def first_line(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0].strip() if lines else "unknown version"


def search_path():
    """PATH, and the folders of WPLUG_PEERS before it."""
    return os.pathsep.join(filter(None, (os.environ.get("WPLUG_PEERS"), os.environ.get("PATH"))))


def has_guard_pages(wplug):
    """Whether this build can turn faults into traps: asked with an empty module, which it otherwise says has no _start."""
    with tempfile.NamedTemporaryFile(suffix=".wasm") as module:
        module.write(b"\0asm\1\0\0\0")
        module.flush()
        done = subprocess.run([wplug, "run", "--memory", "guard", module.name], capture_output=True, text=True)
    return "guard pages need" not in done.stderr


def own_engines(wplug):
    """The variants of our program that this build has."""
    version = first_line([wplug, "--version"])
    variants = [each for each in VARIANTS if "guard" not in each[1] or has_guard_pages(wplug)]
    options = subprocess.run([wplug, "run", "--help-all"], capture_output=True, text=True).stdout
    options += subprocess.run([wplug, "run", "--help"], capture_output=True, text=True).stdout
    return [Engine(name, (wplug, "run", *flags), version) for name, flags in variants if not flags or flags[0] in options]


def other_build(name, program):
    """Another build of our program."""
    return Engine(name, (program, "run"), first_line([program, "--version"]))


def peer_engines():
    """The peers on the search path, one entry a name."""
    found = {}
    for name, program, arguments, version_arguments, prints in PEERS:
        path = shutil.which(program, path=search_path())
        if path and name not in found:
            found[name] = Engine(name, (path, *arguments), first_line([path, *version_arguments]), prints)
    return list(found.values())
