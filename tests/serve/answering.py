"""Requests and replies: routes, statuses, limits, the end of a server."""
import json
import resource
import signal
import subprocess
import threading

from harness import ECHO, FOREVER, Gate, check, check_equal, marked, post


def test_routes(bench):
    """every pipeline has its route, the first one is also at /, and what is not there says so"""
    bench.module("a.wasm", marked("a"))
    bench.module("b.wasm", marked("b"))
    first = bench.pipeline("one.toml", {"s": {"plugin": '"./a.wasm"'}})
    second = bench.pipeline("two.toml", {"s": {"plugin": '"./b.wasm"'}}, name="second")
    server = bench.serve(first, second)
    check_equal([server.mark(), server.mark("/v1/pipelines/one"), server.mark("/v1/pipelines/second")], ["a", "a", "b"], "marks")
    for path in ("/v1/pipelines/two", "/v1/pipelines/", "/nothing", "/v1/reload"):
        reply = server.ask(path=path)
        check_equal((reply.status, reply.error["kind"]), (404, "http"), path)
    reply = server.ask("GET", "/")
    check_equal((reply.status, reply.headers["allow"]), (405, "POST"), "GET /")
    check_equal(server.ask("DELETE", "/metrics").status, 405, "DELETE /metrics")
    check_equal([server.ask("GET", path).status for path in ("/healthz", "/readyz")], [200, 200], "health")
    described = server.ask("GET", "/v1/plugins").json["pipelines"]
    check_equal([pipeline["name"] for pipeline in described], ["one", "second"], "names")
    stage, = described[0]["stages"]
    check_equal((stage["stage"], stage["abi"], len(stage["sha256"])), ("s", "transform", 64), "a stage")


def test_headers(bench):
    """headers that plugins set, and the request's id, are in the reply"""
    server = bench.serve(bench.simple(marked("hello")))
    reply = server.ask(headers={"X-Request-Id": "abc-1.2"})
    check_equal((reply.headers["x-mark"], reply.headers["x-request-id"]), ("hello", "abc-1.2"), "headers")
    check_equal(reply.headers["content-type"], "application/json", "type")
    made = {server.ask().headers["x-request-id"] for _ in range(3)}
    made.add(server.ask(headers={"X-Request-Id": "two words"}).headers["x-request-id"])
    check_equal(len(made), 4, "different ids")


def test_statuses(bench):
    """each kind of failure has its status, and the same error object as `wplug run`"""
    bodies = {"trap": ("unreachable", 502), "fuel": (FOREVER, 504), "timeout": (FOREVER, 504)}
    pipelines = []
    for kind, (body, _) in bodies.items():
        bench.module(f"{kind}.wasm", ECHO.format(body=body))
        limits = 'memory = "4MiB"\n' + ('fuel = 1_000_000\ntimeout = "20s"' if kind == "fuel" else 'timeout = "30ms"')
        pipelines.append(bench.pipeline(f"{kind}.toml", {"s": {"plugin": f'"./{kind}.wasm"'}}, limits=limits))
    server = bench.serve(*pipelines)
    for kind, (_, status) in bodies.items():
        reply = server.ask(path=f"/v1/pipelines/{kind}")
        check_equal((reply.status, reply.error["kind"], reply.error["stage"]), (status, kind, "s"), kind)
    for body in (b"", b"{", b"not json"):
        reply = server.ask(body=body)
        check_equal((reply.status, reply.error["kind"], reply.error["stage"]), (400, "input", None), body)
    errors = server.metrics()["wplug_errors_total"]
    check_equal({dict(labels)["kind"] for labels in errors}, {"trap", "fuel", "timeout", "input"}, "kinds in the metrics")


def test_keep_alive(bench):
    """one connection carries many requests"""
    server = bench.serve(bench.simple(ECHO.format(body="")))
    connection = server.connect()
    for number in range(200):
        connection.request("POST", "/", json.dumps({"n": number}))
        check_equal(json.load(connection.getresponse()), {"n": number}, "echo")
    connection.close()
    check_equal(server.metrics()["wplug_connections_accepted_total"][()], 2, "connections")


def test_pipelining(bench):
    """requests that are sent ahead are answered in order, by several threads"""
    server = bench.serve(bench.simple(ECHO.format(body="")), options=("--jobs", 4))
    count = 500
    with server.socket() as peer:
        def send():
            for number in range(count):
                body = b'{"n":%d}' % number
                peer.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        sender = threading.Thread(target=send)
        sender.start()
        replies = peer.makefile("rb")
        for number in range(count):
            length = 0
            while (line := replies.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            check_equal(json.loads(replies.read(length)), {"n": number}, "a reply")
        sender.join()


def test_sizes(bench):
    """a header and a body beyond their limits are refused, and others are served"""
    server = bench.serve(bench.simple(ECHO.format(body="")), options=("--max-header", "1KiB", "--max-body", "10KiB"))
    check_equal(server.ask(body=b'"' + b"x" * 20_000 + b'"').status, 413, "body")
    check_equal(server.ask(headers={"X-Long": "y" * 2000}).status, 431, "header")
    check_equal(server.ask(body=b'"' + b"x" * 9000 + b'"').status, 200, "within")


def test_garbage(bench):
    """what is not HTTP is refused and ends its connection only"""
    server = bench.serve(bench.simple(ECHO.format(body="")))
    good = server.connect()
    for garbage in (b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + b"\0" * 80 + b"\r\n\r\n", b"GET\r\n\r\n",
                    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
                    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"):
        with server.socket() as peer:
            peer.sendall(garbage)
            check(peer.recv(65536).startswith(b"HTTP/1.1 400 "), f"{garbage[:40]!r}")
        good.request("POST", "/", "1")
        check_equal(good.getresponse().read(), b"1\n", "others")
    good.close()


def test_slow_clients(bench):
    """clients that are slow with their requests are let go, and cost others nothing"""
    server = bench.serve(bench.simple(ECHO.format(body="")), options=("--header-timeout", "300ms", "--body-timeout", "300ms"))
    slow = [server.socket() for _ in range(50)]
    for number, peer in enumerate(slow):
        peer.sendall(b"POST / HTTP/1.1\r\nHost: a\r\n" + (b"Content-Length: 9\r\n\r\n12" if number % 2 else b""))
    check_equal(server.ask(body=b"7").body, b"7\n", "others")
    for peer in slow:
        check(peer.recv(4096).startswith(b"HTTP/1.1 408 "), "a slow client is told")
        check_equal(peer.recv(4096), b"", "and let go")
        peer.close()
    check_equal(server.metrics()["wplug_connections_timed_out_total"][()], 50, "counted")


def test_idle_connections(bench):
    """10,000 idle connections, or as many as there may be descriptors, keep nobody waiting"""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = bench.serve(bench.simple(ECHO.format(body="")))
    idle = [server.socket() for _ in range(min(10_000, hard - 200))]
    check_equal(server.ask(body=b"7").body, b"7\n", "others")
    # All are accepted by then: connections are taken in their order.
    check(server.metrics()["wplug_connections"][()] > len(idle), "all are open")
    for peer in idle:
        peer.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_full_queue(bench):
    """a request that finds the queue full gets 503 and Retry-After, and those that waited are served"""
    with Gate() as gate:
        server = bench.serve(gate.pipeline(bench), options=("--jobs", 1, "--queue", 2, "--queue-timeout", "0s"))
        waiting = [server.socket() for _ in range(3)]
        waiting[0].sendall(post())
        gate.wait()
        for number in (1, 2):
            waiting[number].sendall(post())
            while server.metrics()["wplug_queue_length"][()] != number:
                pass
        reply = server.ask()
        check_equal((reply.status, reply.headers["retry-after"], reply.error["kind"]), (503, "1", "overload"), "refused")
        gate.opened.set()
        for peer in waiting:
            check(peer.recv(4096).startswith(b"HTTP/1.1 200 "), "those that waited")
            peer.close()
    check_equal(server.metrics()["wplug_queue_refused_total"][()], 1, "counted")


def test_drain(bench):
    """SIGTERM lets a request finish that has begun, ends idle connections, and the exit code is 0"""
    with Gate() as gate:
        server = bench.serve(gate.pipeline(bench), options=("--jobs", 1, "--drain", "2m"))
        idle = server.connect()
        idle.request("GET", "/healthz")
        idle.getresponse().read()
        with server.socket() as peer:
            peer.sendall(post())
            gate.wait()
            server.signal(signal.SIGTERM)
            check_equal(idle.sock.recv(10), b"", "the idle connection")
            gate.opened.set()
            text = b""
            while part := peer.recv(4096):
                text += part
            check(text.startswith(b"HTTP/1.1 200 ") and b"Connection: close" in text, f"the last reply: {text[:300]!r}")
        server.event("ended")
        check_equal(server.process.wait(60), 0, "exit code")


def test_fresh(bench):
    """instance = "fresh" gives every request an instance of its own, "reuse" keeps it"""
    counting = """(module (memory (export "memory") 1) (global $n (mut i32) (i32.const 48))
      (func (export "malloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32))
      (func (export "transform") (param i32 i32) (result i32)
        (global.set $n (i32.add (global.get $n) (i32.const 1))) (i32.store8 (i32.const 16) (global.get $n)) i32.const 16)
      (func (export "get_output_len") (result i32) i32.const 1))"""
    bench.module("m.wasm", counting)
    kept = bench.pipeline("kept.toml", {"s": {"plugin": '"./m.wasm"', "instance": '"reuse"'}})
    fresh = bench.pipeline("fresh.toml", {"s": {"plugin": '"./m.wasm"', "instance": '"fresh"'}})
    server = bench.serve(kept, fresh, options=("--jobs", 1))
    check_equal([server.ask(path="/v1/pipelines/kept").json for _ in range(3)], [1, 2, 3], "reuse")
    check_equal([server.ask(path="/v1/pipelines/fresh").json for _ in range(3)], [1, 1, 1], "fresh")


def test_metrics(bench):
    """metrics are in Prometheus' format and count what was done"""
    server = bench.serve(bench.simple(marked("a")))
    for _ in range(5):
        server.ask()
    found = server.metrics()
    pipeline, stage = ("pipeline", "p"), ("stage", "s")
    check_equal(found["wplug_requests_total"], {(pipeline,): 5.0}, "requests")
    check_equal(found["wplug_stage_calls_total"], {(pipeline, stage): 5.0}, "calls")
    check_equal(found["wplug_request_duration_seconds_count"], {(pipeline,): 5.0}, "latencies")
    check_equal(found["wplug_http_replies_total"][(("status", "200"),)], 5.0, "replies")
    check_equal(found["wplug_generation"], {(pipeline,): 1.0}, "generation")
    check(found["wplug_stage_instructions_total"][(pipeline, stage)] > 0, "instructions")
    check(found["wplug_stage_peak_memory_bytes"][(pipeline, stage)] == 65536, "memory")
    for name in ("wplug_module_cache_misses_total", "wplug_queue_capacity", "wplug_threads", "process_resident_memory_bytes"):
        check(found[name][()] > 0, name)


def test_access_log(bench):
    """--access-log writes a line for each request, with its id and why it failed; plugins' lines have the id too"""
    server = bench.serve(bench.simple(ECHO.format(body="unreachable")), options=("--access-log", "--log", "json"))
    server.ask(headers={"X-Request-Id": "r1"})
    line = server.event("request")
    check_equal([line[key] for key in ("request_id", "pipeline", "status", "stage", "kind")], ["r1", "p", 502, "s", "trap"], "line")


def test_wrong_starts(bench):
    """what cannot be served ends at once, with a line that says why"""
    good = bench.simple(ECHO.format(body=""))
    (bench.folder / "token").write_text("short\n")
    cases = [([good, "--listen", "nonsense"], 2, "must be ADDRESS:PORT"), ([bench.folder / "none.toml"], 65, "none.toml"),
             ([good, good], 65, 'both named "p"'), ([good, "--token-file", "token"], 2, "16 visible"),
             ([good, "--trace-endpoint", "nowhere"], 65, "URL"), ([good, "--listen", "203.0.113.7:1"], 65, "203.0.113.7")]
    for arguments, code, words in cases:
        done = subprocess.run([bench.wplug, "serve", *map(str, arguments)], cwd=bench.folder, capture_output=True, text=True,
                              timeout=60)
        check(done.returncode == code and words in done.stderr, f"{arguments[1:]}: {done.returncode} {done.stderr!r}")
