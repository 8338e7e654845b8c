"""The modules that Extism's Go SDK 1.7.1 is tested with (27 of them), and what its tests expect of each."""
import functools
import http.server
import json
import os
import pathlib
import subprocess
import tempfile
import threading

from harness import Skipped, check, check_equal, check_matches

SDK = "github.com/extism/go-sdk@v1.7.1"


@functools.cache
def sdk_folder():
    with tempfile.TemporaryDirectory() as scratch:
        try:
            done = subprocess.run(["go", "mod", "download", "-json", SDK], cwd=scratch, capture_output=True, text=True,
                                  timeout=300, env=os.environ | {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod"})
        except (FileNotFoundError, subprocess.TimeoutExpired) as error:
            return None, f"{SDK} is not there: {type(error).__name__} of go mod download"
    try:
        folder = json.loads(done.stdout).get("Dir")
    except ValueError:
        folder = None
    return (pathlib.Path(folder), "") if folder else (None, f"{SDK} is not there: {(done.stderr or done.stdout).strip()[-200:]}")


def module(name):
    folder, why = sdk_folder()
    if folder is None:
        raise Skipped(why)
    return folder / "wasm" / f"{name}.wasm"


def call(bench, name, entry, text="", **manifest):
    """One call through a manifest made for it."""
    sources = manifest.pop("sources", [{"path": str(module(name))}])
    path = bench.write(f"{name}.json", json.dumps({"wasm": sources} | manifest))
    run = bench.wplug_run("call", path, entry, "--input", "-", stdin=text.encode())
    if "network and hashes are not available" in run.stderr:
        raise Skipped("this build has neither requests nor hashes (OpenSSL)")
    return run


def output(bench, name, entry, text="", **manifest):
    run = call(bench, name, entry, text, **manifest).check_code(0)
    return run.stdout.decode().removesuffix("\n")


def test_found(bench):
    """each module is told to be an Extism plugin or what else it is"""
    for name, abi in [("alloc", "extism"), ("config", "extism"), ("count_vowels", "extism"), ("hello_haskell", "extism"),
                      ("noop", "wasi"), ("nested.c.instr", "wasi")]:
        run = bench.wplug_run("inspect", module(name), "--json").check_code(0)
        check_equal(json.loads(run.stdout)["abi"]["name"], abi, name)


def test_alloc(bench):
    """alloc: blocks are given, reused and measured as the module wants them"""
    output(bench, "alloc", "run_test")


def test_config(bench):
    """config: a value, or none"""
    check_equal(output(bench, "config", "run_test", config={"thing": "hello"}), '{"config": "hello"}', "set")
    check_equal(output(bench, "config", "run_test"), '{"config": "<unset by host>"}', "unset")


def test_count_vowels(bench):
    """count_vowels: counts, with totals in a variable"""
    for text, count in [("hello world", 3), ("aaaaaa", 6), ("", 0), ("bbbbbbb", 0)]:
        check_equal(json.loads(output(bench, "count_vowels", "count_vowels", text))["count"], count, text)


def test_count_vowels_total(bench):
    """count_vowels: the total goes on from record to record of one worker"""
    toml = bench.write("p.toml", f'[[stage]]\nname = "v"\nplugin = "{module("count_vowels")}"\nentry = "count_vowels"\n')
    run = bench.wplug_run("run", toml, "--jobs", "1", stdin=b'"aaa"\n"bbba"\n').check_code(0)
    check_equal([record["total"] for record in run.records], [3, 4], "totals")


def test_count_vowels_std(bench):
    """count_vowels_std: a program of standard Go that runs at _start"""
    check_matches("3", output(bench, "count_vowels_std", "_start", "hello world"), "output")


def test_exit(bench):
    """exit: the exit code of a program is the result of the call"""
    for code, text in [("500", "500"), ("abc", "1"), (None, "2")]:
        run = call(bench, "exit", "_start", config={} if code is None else {"code": code}).check_code(1)
        check_matches(rf"_start returned {text}\b", run.stderr, code)


def test_fail(bench):
    """fail: an error with its message"""
    check_matches("Some error message", call(bench, "fail", "run_test").check_code(1).stderr, "stderr")


def test_fs(bench):
    """fs and fs_std: a directory under a name of its own"""
    data = bench.folder / "testdata"
    data.mkdir(exist_ok=True)
    (data / "test.txt").write_text("hello world!")
    for name in ("fs", "fs_std"):
        check_equal(output(bench, name, "run_test", allowed_paths={str(data): "/mnt"}), "hello world!", name)


def test_read_write(bench):
    """read_write: what is opened with ro: is not written to"""
    data = bench.folder / "testdata-ro"
    data.mkdir()
    (data / "test.txt").write_text("hello world!")
    given = {"allowed_paths": {f"ro:{data}": "/mnt"}, "config": {"path": "/mnt/test.txt"}}
    check_equal(output(bench, "read_write", "try_read", **given), "hello world!", "read")
    check_matches("Failed to write file", call(bench, "read_write", "try_write", "hello hello!", **given).stderr, "write")
    check_equal((data / "test.txt").read_text(), "hello world!", "the file")
    given["allowed_paths"] = {str(data): "/mnt"}
    call(bench, "read_write", "try_write", "hello hello!", **given).check_code(0)
    check_equal((data / "test.txt").read_text(), "hello world!hello hello!", "the file after a write that is allowed")


def test_hello(bench):
    """hello and hello_haskell: greetings, one after hs_init"""
    check_equal(output(bench, "hello", "run_test"), "Hello, world!", "hello")
    check_equal(output(bench, "hello_haskell", "testing", "John", config={"greeting": "Howdy"}), "Howdy, John", "Haskell")


def test_http_denied(bench):
    """http: a request to a host that is not allowed ends the call as refused by policy"""
    for hosts in ([], ["google.com"]):
        run = call(bench, "http", "run_test", allowed_hosts=hosts).check_code(77)
        check_matches("jsonplaceholder.typicode.com", run.stderr, "stderr")


class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


def test_http_headers(bench):
    """http_headers: a local server answers, and the plugin sees its headers"""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        request = json.dumps({"url": f"http://127.0.0.1:{server.server_port}/"})
        headers = json.loads(output(bench, "http_headers", "http_get", request, allowed_hosts=["127.0.0.1"]))
        check_equal(headers["content-type"], "text/html; charset=utf-8", "content-type")
        call(bench, "http_headers", "http_get", request, allowed_hosts=["127.0.0.2"]).check_code(77)
    finally:
        server.shutdown()
        server.server_close()


def test_input_offset(bench):
    """input_offset: the length of the input by its offset"""
    check_equal(output(bench, "input_offset", "input_offset_length", "hello world")[0], "\x0b", "output")


def test_linked(bench):
    """main with lib: modules linked by name"""
    sources = [{"path": str(module("lib")), "name": "lib"}, {"path": str(module("main")), "name": "main"}]
    check_equal(output(bench, "main", "run_test", "benjamin", sources=sources), "Hello, BENJAMIN", "output")


def test_log(bench):
    """log: every level comes through"""
    run = call(bench, "log", "run_test").check_code(0)
    for line in ("trace: this is a trace log", "debug: this is a debug log", "info: this is an info log",
                 "warn: this is a warning log", "error: this is an error log"):
        check(line in run.stderr, f"no {line!r} in {run.stderr!r}")


def test_noop(bench):
    """noop: a plugin that imports nothing of Extism's, named as one"""
    output(bench, "noop", "run_test")


def test_println(bench):
    """println: what a plugin prints goes to the log"""
    run = call(bench, "println", "run_test").check_code(0)
    check(run.stderr.strip() != "", "nothing was logged")


def test_replace(bench):
    """replace: text of the input replaced"""
    check(output(bench, "replace", "run_test", "hello") != "", "no output")


def test_sleep(bench):
    """sleep: timeout_ms ends a call that waits"""
    call(bench, "sleep", "run_test", config={"duration": "3"}, timeout_ms=100, memory={"max_pages": 100}).check_code(124)
    call(bench, "sleep", "run_test", config={"duration": "0"}).check_code(0)


def test_std_command(bench):
    """std_command: a program of standard Go, new for each record"""
    check_equal(output(bench, "std_command", "_start", "ben"), "hello ben", "output")


def test_var(bench):
    """var: variables, none when they are not allowed"""
    run = call(bench, "var", "run_test")
    check(run.code in (0, 1), f"exit code {run.code}: {run.stderr}")
    call(bench, "var", "run_test", memory={"max_var_bytes": 0}).check_code(77)


def test_hash(bench):
    """a hash that is not the module's refuses the manifest"""
    run = call(bench, "alloc", "run_test", sources=[{"path": str(module("alloc")), "hash": "------"}])
    check_matches("has the hash", run.stderr, "stderr")
    check(run.code != 0, "it ran")


MULT = '(module (func (export "mult") (param i64 i64) (result i64) (i64.mul (local.get 0) (local.get 1))))'
# Changes a block of the kernel's in place: letters to capitals.
UPPER = """(module
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "load_u8" (func $load (param i64) (result i32)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (func (export "to_upper") (param $at i64) (result i64) (local $end i64) (local $i i64) (local $c i32)
    (local.set $i (local.get $at))
    (local.set $end (i64.add (local.get $at) (call $length (local.get $at))))
    (block $done (loop $next
      (br_if $done (i64.ge_u (local.get $i) (local.get $end)))
      (local.set $c (call $load (local.get $i)))
      (if (i32.lt_u (i32.sub (local.get $c) (i32.const 97)) (i32.const 26))
        (then (call $store (local.get $i) (i32.sub (local.get $c) (i32.const 32)))))
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br $next)))
    (local.get $at)))"""
SAME = """(module (func (export "hostGreenMessage") (param i64) (result i64) (local.get 0))
  (func (export "hostPurpleMessage") (param i64) (result i64) (local.get 0)))"""


def assemble(bench, name, text):
    source = bench.write(f"{name}.wat", text)
    target = source.with_suffix(".wasm")
    bench.wplug_run("wat2wasm", source, "-o", target).check_code(0)
    return str(target)


def test_user_functions(bench):
    """host, host_memory, host_multiple: functions of the host's user come from a linked module"""
    main = {"name": "main"}
    def run(name, entry, user, namespace, text=""):
        library = {"path": assemble(bench, name, user), "name": namespace}
        return output(bench, name, entry, text, sources=[library, {"path": str(module(name))} | main])
    check_equal(run("host", "run_test", MULT, "extism:host/user"), "42 x 2 = 84", "host")
    check_equal(run("host_memory", "run_test", UPPER, "host", "Frodo"), "HELLO FRODO!", "host_memory")
    check_equal(run("host_multiple", "say_green", SAME, "extism:host/user", "John Doe"), "\U0001faf1 Hey from say_green John Doe", "green")
    check_equal(run("host_multiple", "say_purple", SAME, "extism:host/user", "Jane Doe"), "\U0001f44b Hello from say_purple Jane Doe", "purple")


def test_observe(bench):
    """nested.c.instr: instrumented for a tracer that nobody offers: refused, with the names"""
    run = call(bench, "nested.c.instr", "_start")
    check_matches(r"dylibso_observe\.instrument_enter", run.stderr, "stderr")
    check(run.code != 0, "it ran")
