"""Plugins that are wrong before they are called: refused or stopped when they are loaded, with a line that says why."""
import time

from harness import Stage, check, check_equal, check_matches, error_of
from wasm_bytes import FOREVER, UNREACHABLE, plugin

RECORDS = [{"n": 1}, {"n": 2}]


def run(bench, module, **settings):
    stage = Stage(bench.write("module.wasm", module), "made", **settings)
    return bench.pipeline([stage], RECORDS, "--jobs", "1")


def test_honest(bench):
    """a plugin made by hand passes its records on, so that the others here fail for their own reasons"""
    check_equal(run(bench, plugin()).check_code(0).records, RECORDS, "records")


def test_missing_exports(bench):
    """a module without an export of the ABI is refused by name"""
    for name in ("transform", "malloc", "get_output_len"):
        run(bench, plugin({name: None})).check_one_line_error(65, "made")


def test_wrong_types(bench):
    """an export of the wrong type is refused"""
    for changes in ({"transform": (3, 1, b"\x20\x00")}, {"malloc": (0, 1, b"\x41\x10")},
                    {"get_output_len": (1, 1, b"\x20\x00")}, {"transform": (2, 0, b"")}):
        run(bench, plugin(changes)).check_one_line_error(65, "made.*" + next(iter(changes)))


def test_unknown_import(bench):
    """an import that no host offers is named"""
    for module, name in (("env", "launch_missiles"), ("wasi_snapshot_preview1", "fd_teleport"), ("elsewhere", "log")):
        run(bench, plugin(imports=[(module, name)])).check_one_line_error(65, f"{module}.*{name}")


def test_import_of_wrong_type(bench):
    """a host function imported with another type is refused"""
    run(bench, plugin(imports=[("env", "log")])).check_one_line_error(65, "env.*log")


def test_start_never_ends(bench):
    """a start function or _initialize that never ends is stopped at the time for starting"""
    begin = time.monotonic()
    for module in (plugin(start=FOREVER), plugin({"_initialize": (0, 0, FOREVER)})):
        result = run(bench, module, limits={"start_timeout": "200ms"})
        check(result.code != 0, "it was accepted")
        check_matches("made", result.stderr + result.stdout.decode(), "what was said")
        check_matches("200ms", result.stderr + result.stdout.decode(), "what was said")
    check(time.monotonic() - begin < 60, "it took too long")


def test_start_traps(bench):
    """a start function that traps says so"""
    result = run(bench, plugin(start=UNREACHABLE))
    check(result.code != 0, "it was accepted")
    check_matches("made.*unreachable", result.stderr + result.stdout.decode(), "what was said")


def test_malloc_never_ends(bench):
    """a malloc, a get_output_len or a free that never ends counts as the call"""
    for name, kind in (("malloc", (1, 1)), ("get_output_len", (0, 1)), ("free", (1, 0))):
        module = plugin({name: (*kind, FOREVER + (b"\x00" if kind[1] else b""))})
        for record in run(bench, module, limits={"timeout": "100ms"}).check_code(1).records:
            check_equal(error_of(record)[0], "timeout", name)


def test_too_much_memory(bench):
    """a module that starts with more memory than its stage has is refused with both numbers"""
    result = run(bench, plugin(pages=17))
    check(result.code in (65, 137), f"exit code {result.code}")
    check_matches("made.*(1088KiB|1.06MiB|1114112|17 ?pages).*1MiB", result.stderr, "stderr")
    check_equal(run(bench, plugin(pages=17), limits={"memory": "17pages"}).check_code(0).records, RECORDS, "records")


def test_truncated(bench):
    """a plugin cut short at any of many places is refused in one line"""
    whole = bench.plugin("validator").read_bytes()
    for size in [*range(0, 40), *range(40, len(whole), 1511), len(whole) - 1]:
        result = run(bench, whole[:size])
        if result.code == 0:
            check(size > len(whole) * 3 // 4, f"{size} of {len(whole)} bytes were accepted")
            continue  # cut at the edge of a custom section
        result.check_one_line_error(65, "made")
        check_equal(result.stdout, b"", f"output at {size} bytes")


def test_other_files(bench):
    """a file that is no module at all is refused"""
    for content in (b"", b"\x00asm", b"\x00asm\x02\x00\x00\x00", b"#!/bin/sh\necho hello\n", b"\x7fELF" + b"\0" * 100,
                    b"\x00asm\x0d\x00\x01\x00"):
        run(bench, content).check_one_line_error(65, "made")
