"""A `wplug serve` of its own for each test, and a client that sees bytes."""
import http.client
import http.server
import json
import os
import pathlib
import queue
import re
import signal
import socket
import subprocess
import tempfile
import threading

TIMEOUT_SECONDS = 120

# A plugin of the ABI `transform`: gives `{"mark":MARK}` whatever it gets. `start` runs when it is instantiated.
MARKED = """(module
  (import "host" "set_header" (func $set_header (param i32 i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "x-mark")
  (data (i32.const 1024) "{{\\22mark\\22:\\22{mark}\\22}}")
  (func (export "malloc") (param i32) (result i32) i32.const 4096)
  (func (export "free") (param i32))
  (func (export "transform") (param i32 i32) (result i32)
    (call $set_header (i32.const 8) (i32.const 6) (i32.const 1033) (i32.const {mark_size}))
    {body}
    i32.const 1024)
  (func (export "get_output_len") (result i32) i32.const {size})
  {start}
  (@custom "pad" "{pad}"))"""

# Gives its record back.
ECHO = """(module
  (memory (export "memory") 40)
  (global $len (mut i32) (i32.const 0))
  (func (export "malloc") (param i32) (result i32) i32.const 1024)
  (func (export "free") (param i32))
  (func (export "transform") (param i32 i32) (result i32) {body} local.get 1 global.set $len local.get 0)
  (func (export "get_output_len") (result i32) global.get $len))"""

FOREVER = "(loop $l br $l)"

# Asks a Gate and gives `{}` when that has answered.
WAITING = """(module
  (import "host" "http_get" (func $get (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "{{}}")
  (data (i32.const 64) "{url}")
  (func (export "malloc") (param i32) (result i32) i32.const 4096)
  (func (export "free") (param i32))
  (func (export "transform") (param i32 i32) (result i32)
    (drop (call $get (i32.const 64) (i32.const {size}) (i32.const 1024) (i32.const 1024))) i32.const 8)
  (func (export "get_output_len") (result i32) i32.const 2))"""


class Gate:
    """Holds calls of a plugin until it is opened: a web server that answers then."""

    def __init__(self):
        self.arrived, self.opened = threading.Semaphore(0), threading.Event()
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                gate.arrived.release()
                gate.opened.wait(TIMEOUT_SECONDS)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.opened.set()
        self.server.shutdown()
        self.server.server_close()

    def wait(self):
        """Until a call has come that did not come before."""
        check(self.arrived.acquire(timeout=TIMEOUT_SECONDS), "no call came to the gate")

    def pipeline(self, bench):
        url = f"http://127.0.0.1:{self.server.server_port}/"
        bench.module("m.wasm", WAITING.format(url=url, size=len(url)))
        return bench.pipeline("p.toml", {"s": {"plugin": '"./m.wasm"', "grants": '{ http = ["127.0.0.1"] }'}},
                              limits='timeout = "2m"\nmemory = "4MiB"\nhttp_calls = 1')


def post(body=b"1"):
    return b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


class Failed(Exception):
    """A check of a test that did not hold."""


def check(condition, message):
    if not condition:
        raise Failed(message)


def check_equal(found, wanted, what):
    check(found == wanted, f"{what}: found {found!r:.600}, wanted {wanted!r:.600}")


def marked(mark, body="", start="", pad=""):
    return MARKED.format(mark=mark, mark_size=len(mark), size=len(mark) + 11, body=body, start=start, pad=pad)


class Server:
    """A running `wplug serve`; ended with the `with` block."""

    def __init__(self, wplug, folder, pipelines, options, environment):
        self.folder = folder
        self.events = queue.Queue()
        self.text = []
        command = [wplug, "serve", *map(str, pipelines), "--listen", "127.0.0.1:0", *map(str, options)]
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        threading.Thread(target=self.read_log, daemon=True).start()
        self.url = self.event("listening")["url"]
        self.port = int(self.url.rsplit(":", 1)[1])

    def read_log(self):
        for line in self.process.stderr:
            text = line.decode("utf-8", "replace").rstrip("\n")
            self.text.append(text)
            try:
                self.events.put(json.loads(text))
            except ValueError:
                pass
        self.events.put(None)

    def event(self, name, **wanted):
        """The next log event of that name; others are skipped."""
        while True:
            try:
                event = self.events.get(timeout=TIMEOUT_SECONDS)
            except queue.Empty:
                raise Failed(f"no event {name} came; the log: {self.text[-20:]}") from None
            check(event is not None, f"the server ended before {name}: {self.text[-20:]}")
            if event.get("event") == name and all(event.get(key) == value for key, value in wanted.items()):
                return event

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)

    def socket(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_SECONDS)

    def ask(self, method="POST", path="/", body=b"{}", headers=None):
        connection = self.connect()
        try:
            connection.request(method, path, body if method == "POST" else None, headers or {})
            reply = connection.getresponse()
            return Reply(reply.status, dict((k.lower(), v) for k, v in reply.getheaders()), reply.read())
        finally:
            connection.close()

    def mark(self, path="/"):
        return self.ask(path=path).json["mark"]

    def metrics(self):
        return parse_metrics(self.ask("GET", "/metrics").body.decode())

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            return self.process.wait(TIMEOUT_SECONDS)
        finally:
            self.process.kill()


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        error = self.json["error"]
        check_equal(set(error), {"stage", "kind", "message", "backtrace"}, "keys of an error")
        return error


SAMPLE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)')


def parse_metrics(text):
    """Prometheus' text format, strictly: {name: {labels: value}}; histograms are checked to be such."""
    check(text.endswith("\n"), "the metrics do not end with a line end")
    types, samples = {}, {}
    for line in text[:-1].split("\n"):
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            check(name not in types, f"two families {name}")
            types[name] = kind
        elif not line.startswith("# HELP "):
            match = SAMPLE.match(line)
            check(match, f"not a sample: {line!r}")
            labels = LABEL.findall(match[2] or "")
            check("".join(f'{k}="{v}",' for k, v in labels).rstrip(",") == (match[2] or ""), f"labels of {line!r}")
            family = re.sub(r"_(bucket|sum|count)$", "", match[1])
            check(match[1] in types or types.get(family) == "histogram", f"a sample without a family: {line!r}")
            cell = samples.setdefault(match[1], {})
            check(tuple(labels) not in cell, f"twice: {line!r}")
            cell[tuple(labels)] = float(match[3])
    for name in (name for name, kind in types.items() if kind == "histogram"):
        check_histogram(name, samples)
    return samples


def check_histogram(name, samples):
    series = {}
    for labels, value in samples.get(f"{name}_bucket", {}).items():
        check_equal(labels[-1][0], "le", f"the last label of {name}_bucket")
        series.setdefault(labels[:-1], []).append((float(labels[-1][1]), value))
    for labels, buckets in series.items():
        check(buckets == sorted(buckets), f"{name}: the buckets do not rise: {buckets}")
        check_equal(buckets[-1][0], float("inf"), f"the last bucket of {name}")
        check_equal(buckets[-1][1], samples[f"{name}_count"][labels], f"{name}_count")
        check(labels in samples[f"{name}_sum"], f"{name}_sum is missing")


class Bench:
    """A folder with pipelines and plugins, and the servers of one test."""

    def __init__(self, wplug, folder):
        self.wplug, self.folder = wplug, pathlib.Path(folder)
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("WPLUG_", "XDG_"))}
        self.environment |= {"XDG_DATA_HOME": str(self.folder / "data"), "HOME": str(self.folder)}
        self.servers = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.end()

    def module(self, name, text):
        """Compiles a text module and puts it in place by a rename, as careful people do."""
        source = self.folder / "new.wat"
        source.write_text(text)
        made = self.folder / "new.wasm"
        done = subprocess.run([self.wplug, "wat2wasm", source, "-o", made], capture_output=True, text=True)
        check(done.returncode == 0, f"wat2wasm: {done.stderr}")
        made.rename(self.folder / name)
        return (self.folder / name).read_bytes()

    def pipeline(self, file, stages, name=None, limits='timeout = "20s"\nmemory = "4MiB"'):
        text = (f'name = "{name}"\n' if name else "") + f"[limits]\n{limits}\n"
        for stage, settings in stages.items():
            text += f'[[stage]]\nname = "{stage}"\n' + "".join(f"{k} = {v}\n" for k, v in settings.items())
        made = self.folder / f"{file}.new"
        made.write_text(text)
        made.rename(self.folder / file)
        return self.folder / file

    def simple(self, text, **settings):
        """A pipeline p.toml of one stage "s" with the module in m.wasm."""
        self.module("m.wasm", text)
        return self.pipeline("p.toml", {"s": {"plugin": '"./m.wasm"', **settings}})

    def serve(self, *pipelines, options=("--jobs", 2, "--poll", "50ms")):
        server = Server(self.wplug, self.folder, pipelines, options, self.environment)
        self.servers.append(server)
        return server


def run_all(wplug, modules, only):
    passed = failed = 0
    tests = [(name, test) for module in modules for name, test in vars(module).items() if name.startswith("test_")]
    for name, test in tests:
        if only not in name and only not in (test.__doc__ or ""):
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                with Bench(wplug, folder) as bench:
                    test(bench)
                passed += 1
            except (Failed, OSError, KeyError, ValueError, http.client.HTTPException) as problem:
                failed += 1
                print(f"FAILED {name}: {test.__doc__}\n  {type(problem).__name__}: {problem}", flush=True)
    print(f"tests: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0
