"""The engines that are compared: how each is found, named, run and got."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

DRIVER = pathlib.Path(__file__).resolve().parent / "wasmtime_driver.py"


@dataclass(frozen=True)
class Engine:
    name: str
    command: tuple  # what runs a WASI command; the module's path is appended
    version: str
    prints: bool = True  # whether the module's output reaches standard output
    times: bool = False  # whether it measures itself: its command takes --times FILE, with compile and run apart


# (name, program, arguments before the module, arguments for the version, whether WASI output is printed, how to get it)
PEERS = [
    ("wasmi", "wasmi", (), ("--version",), True, "cargo install wasmi_cli"),
    ("wasmi", "wasmi_cli", (), ("--version",), True, ""),
    ("wasm3", "wasm3", (), ("--version",), True, "built from its sources (github.com/wasm3/wasm3)"),
    ("WAMR", "iwasm", (), ("--version",), True, "built from its sources (product-mini of github.com/bytecodealliance/wasm-micro-runtime)"),
    ("toywasm", "toywasm", ("--wasi",), ("--version",), True, "built from its sources (github.com/yamt/toywasm)"),
    ("wazero interpreter", "wazero", ("run", "-interpreter"), ("version",), True,
     "go install github.com/tetratelabs/wazero/cmd/wazero@latest"),
    ("wazero compiler", "wazero", ("run",), ("version",), True, "go install github.com/tetratelabs/wazero/cmd/wazero@latest"),
]
# Through Python, because the package has Winch and Pulley and PyPI has the package: (name, what the driver is asked for).
WASMTIME = [("Pulley", "pulley"), ("Winch", "winch"), ("Cranelift", "cranelift")]
WASMTIME_HOW = "python3 -m venv V && V/bin/pip install wasmtime, then V/bin in WPLUG_PEERS"
# Our own variants, as options of `wplug run`.
VARIANTS = [
    ("wplug", ()),
    ("wplug, no metering", ("--no-metering",)),
    ("wplug, guard pages", ("--memory", "guard")),
    ("wplug, no registers", ("--no-registers",)),
]


def first_line(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
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


def wasmtime_engines():
    """Through the first Python that has the package: this one, or one in a folder of WPLUG_PEERS."""
    folders = filter(None, os.environ.get("WPLUG_PEERS", "").split(os.pathsep))
    candidates = [shutil.which("python3", path=folder) or shutil.which("python", path=folder) for folder in folders]
    for python in [*filter(None, candidates), sys.executable]:
        done = subprocess.run([python, DRIVER, "--version"], capture_output=True, text=True)
        if done.returncode == 0:
            return [Engine(name, (python, str(DRIVER), how), done.stdout.strip(), times=True) for name, how in WASMTIME]
    return []


def peer_engines():
    """The peers that are here, and a line for each that is not."""
    found, missing = {}, {}
    for name, program, arguments, version_arguments, prints, how in PEERS:
        path = shutil.which(program, path=search_path())
        if path and name not in found:
            found[name] = Engine(name, (path, *arguments), first_line([path, *version_arguments]), prints)
        elif how:
            missing[name] = f"{name} is not here: {how}"
    wasmtime = wasmtime_engines()
    if not wasmtime:
        missing["wasmtime"] = f"wasmtime (Pulley, Winch, Cranelift) is not here: {WASMTIME_HOW}"
    return list(found.values()) + wasmtime, [line for name, line in missing.items() if name not in found]
