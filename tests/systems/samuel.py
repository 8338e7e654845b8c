"""Plugins of the samuel system: files, commands and configuration, each as it is granted."""
import json

from harness import check_equal, check_matches

NOTES = ("samuel-notes", "samuel-notes-go")


def call(bench, plugin, entry, *options):
    return bench.wplug_run("call", bench.plugin(plugin), entry, *map(str, options))


def test_entries(bench):
    """entries are run by name, and health is one"""
    for plugin in NOTES:
        check_equal(call(bench, plugin, "health", "--config", "file=/x").check_code(0).stdout, b"0\n", plugin)
        check_equal(call(bench, plugin, "health").check_code(0).stdout, b"1\n", plugin)
        run = call(bench, plugin, "missing").check_code(65)
        check_matches('exports no "missing"', run.stderr, plugin)


def test_inspect(bench):
    """inspect tells the ABI, the entry and the capabilities wanted"""
    for plugin in NOTES:
        run = bench.wplug_run("inspect", bench.plugin(plugin), "--json").check_code(0)
        abi = json.loads(run.stdout)["abi"]
        check_equal((abi["name"], abi["entry"]), ("samuel", "run"), plugin)
        check_equal(sorted(abi["capabilities"]), ["callback", "config", "exec", "fs:read", "fs:write", "log"], plugin)


def test_denied(bench):
    """nothing is granted unless it is written: a note is not written, a command not run"""
    for plugin in NOTES:
        file = bench.folder / "denied.txt"
        run = call(bench, plugin, "run", "--input", "{}", "--config", f"file={file}").check_code(0)
        check_equal((run.stdout, file.exists()), (b"2\n", False), plugin)
        run = call(bench, plugin, "publish", "--config", f"command=touch {file}").check_code(0)
        check_equal((run.stdout, file.exists()), (b"2\n", False), plugin)


def test_notes(bench):
    """records become lines of a file that is granted, and the callback output is the result"""
    for plugin in NOTES:
        folder = bench.folder / f"notes-{plugin}"
        folder.mkdir()
        file = folder / "notes.txt"
        grants = ("--grant", f"fs:read:{folder}/**", "--grant", f"fs:write:{folder}/**", "--config", f"file={file}")
        for number in (1, 2):
            run = call(bench, plugin, "run", "--input", f'{{"id":{number}}}', *grants).check_code(0)
            check_equal(run.stdout, f'{{"notes":{number}}}\n'.encode(), plugin)
            check_matches(r"\[info\] noted", run.stderr, plugin)
        check_equal(file.read_text(), '{"id":1}\n{"id":2}\n', plugin)


def test_pipeline(bench):
    """as a stage it gets the record as input"""
    for plugin in NOTES:
        folder = bench.folder / f"stage-{plugin}"
        folder.mkdir()
        toml = bench.write("notes.toml", f"""
            [[stage]]
            name = "notes"
            plugin = "{bench.plugin(plugin)}"
            config = {{ file = "{folder}/notes.txt" }}
            grants = {{ fs_read = ["{folder}/**"], fs_write = ["{folder}/**"] }}
            """)
        run = bench.wplug_run("run", toml, "--jobs", "1", stdin=b'{"a":1}\n{"a":2}\n').check_code(0)
        check_equal(run.records, [{"notes": 1}, {"notes": 2}], plugin)


def test_exec(bench):
    """a command runs without a shell when it is granted, and gives its exit code"""
    for plugin in NOTES:
        made = bench.folder / f"made by {plugin}"
        run = call(bench, plugin, "publish", "--grant", "exec:touch", "--config", f"command=touch '{made}'").check_code(0)
        check_equal((run.stdout, made.exists()), (b"0\n", True), plugin)
        run = call(bench, plugin, "publish", "--grant", "exec:touch", "--config", "command=rm -rf x").check_code(0)
        check_equal(run.stdout, b"3\n", plugin)
        run = call(bench, plugin, "publish", "--grant", "exec:touch", "--config", f"command=touch '{made}").check_code(0)
        check_equal(run.stdout, b"1\n", plugin)


def test_protocol(bench):
    """a version outside the window is refused, and the message names the window"""
    module = bench.write("future.wat", '(module (func (export "samuel_protocol_version") (result i32) i32.const 2)'
                                       '(func (export "run")))')
    run = bench.wplug_run("call", module, "run").check_code(65)
    check_matches("speaks version 2 of the samuel protocol, this host 1 to 1", run.stderr, "stderr")
