"""Native plugins: off unless asked for, called as others are, and what the host survives of them."""
import json
import os

from harness import check, check_equal, check_matches, error_of

KEY = "WPLUG_HOSTILE"


def toml(bench, library, more="native = true"):
    return bench.write("native.toml", f'[[stage]]\nname = "native"\nplugin = "{library}"\n{more}\n')


def hostile(bench, kind, *arguments):
    os.environ[KEY] = kind
    try:
        return bench.wplug_run("call", bench.library("hostile"), *arguments, "--native")
    finally:
        del os.environ[KEY]


def test_off(bench):
    """a native plugin is refused unless the configuration allows it"""
    library = bench.library("counter")
    run = bench.wplug_run("call", library, "execute", "--input", "1")
    run.check_one_line_error(77, "counter.*native plugin.*without a sandbox.*--native")
    for more in ("", "native = false"):
        run = bench.wplug_run("run", toml(bench, library, more), stdin=b"1\n")
        run.check_one_line_error(77, 'native.toml:1:1: stage "native": .*set native = true')
        check_equal(run.stdout, b"", "stdout")


def test_call(bench):
    """execute, describe and health work as those of other plugins"""
    library = bench.library("counter")
    run = bench.wplug_run("call", library, "execute", "--input", '{"a":1}', "--native").check_code(0)
    check_equal(json.loads(run.stdout), {"calls": 1, "record": {"a": 1}}, "result")
    check_matches("counted", run.stderr, "log")
    run = bench.wplug_run("call", library, "describe", "--native").check_code(0)
    check_equal(json.loads(run.stdout)["name"], "counter", "describe")
    check_equal(bench.wplug_run("call", library, "health", "--native").check_code(0).stdout, b"0\n", "health")
    run = bench.wplug_run("call", library, "execute", "--native").check_code(1)
    check_matches("plugin: execute returned error code 2", run.stderr, "no input")
    bench.wplug_run("call", library, "other", "--native").check_one_line_error(65, 'not "other"')


def test_pipeline(bench):
    """a stage keeps its instance, and every job has its own"""
    library = bench.library("counter")
    run = bench.wplug_run("run", toml(bench, library), "--jobs", "1", stdin=b"1\n2\n").check_code(0)
    check_equal(run.records, [{"calls": 1, "record": 1}, {"calls": 2, "record": 2}], "records")
    records = "".join(f"{number}\n" for number in range(2000)).encode()
    run = bench.wplug_run("run", toml(bench, library), "--jobs", "4", stdin=records).check_code(0)
    check_equal([record["record"] for record in run.records], list(range(2000)), "records in order")


def test_grants(bench):
    """grants do not hold native code, so they are an error"""
    library = bench.library("counter")
    run = bench.wplug_run("run", toml(bench, library, 'native = true\ngrants = { env = ["HOME"] }'), stdin=b"1\n")
    run.check_one_line_error(65, "env:HOME: grants do not hold a native plugin")


def test_load_failures(bench):
    """what is no plugin of this version is an error that says why"""
    run = bench.wplug_run("call", bench.write("text.so", "text"), "execute", "--native")
    run.check_one_line_error(65, "cannot be loaded")
    bench.wplug_run("call", bench.folder / "missing.so", "execute", "--native").check_one_line_error(65, "cannot be loaded")
    run = bench.wplug_run("call", bench.library("stranger"), "execute", "--native")
    run.check_one_line_error(65, "exports no wplug_native_plugin")
    hostile(bench, "version", "execute").check_one_line_error(65, "version 99, this host has version 1")
    hostile(bench, "no-table", "execute").check_one_line_error(65, "gave no table")
    hostile(bench, "no-execute", "execute").check_one_line_error(65, "its table has no execute")


def test_call_failures(bench):
    """exceptions, null results and error codes are the plugin's failures"""
    for kind, code, message in (("throws", 1, "execute threw an exception: thrown on purpose"),
                                ("throws-int", 1, "execute threw an exception"),
                                ("null", 1, "execute gave 100 bytes at a null pointer"),
                                ("code", 1, "plugin: execute returned error code -9: because"),
                                ("long", 1, "output: the result has 67108865 bytes"),
                                ("init-null", 1, "init gave no instance"),
                                ("init-throws", 1, "init threw an exception: no")):
        run = hostile(bench, kind, "execute")
        run.check_code(code)
        check_matches(message, run.stderr, kind)
    check_matches("health returned 4", hostile(bench, "health", "health").check_code(1).stderr, "health")
    hostile(bench, "", "execute").check_code(0)


def test_timeout(bench):
    """a call that took too long has failed, though nothing could stop it"""
    check_matches("timeout: took longer than 1ms", hostile(bench, "slow", "execute", "--timeout", "1ms").check_code(124).stderr,
                  "stderr")


def test_failed_records(bench):
    """records go on after a failure, with a new instance where the old one is in doubt"""
    os.environ[KEY] = "throws"
    try:
        run = bench.wplug_run("run", toml(bench, bench.library("hostile")), "--jobs", "1", stdin=b"1\n2\n").check_code(1)
    finally:
        del os.environ[KEY]
    check_equal(len(run.records), 2, "records")
    for record in run.records:
        kind, message = error_of(record)
        check(kind == "host" and "thrown on purpose" in message, f"{kind}: {message}")
