"""Plugins and pipelines that change while they serve."""
import signal
import threading

from harness import FOREVER, Gate, check, check_equal, marked, post

TOKEN = "0123456789abcdef0123"


def load(server, stop, marks, problems):
    """Asks until `stop` is set; every reply has to be one of whole versions."""
    connection = server.connect()
    while not stop.is_set():
        connection.request("POST", "/", "{}")
        reply = connection.getresponse()
        body = reply.read()
        if reply.status != 200 or reply.headers["x-mark"].encode() not in body:
            problems.append((reply.status, body))
            return
        marks.add(body)
    connection.close()


def test_new_version(bench):
    """a changed module serves as soon as it is seen, and the log tells"""
    server = bench.serve(bench.simple(marked("a")))
    check_equal(server.mark(), "a", "before")
    bench.module("m.wasm", marked("b"))
    event = server.event("reload")
    check_equal((event["outcome"], event["generation"], event["pipeline"]), ("loaded", 2, "p"), "event")
    check_equal(server.mark(), "b", "after")
    check_equal(server.ask("GET", "/v1/plugins").json["pipelines"][0]["generation"], 2, "generation")


def test_under_load(bench):
    """forty versions come and go under load, and no request fails or sees two of them"""
    server = bench.serve(bench.simple(marked("v000")))
    stop, marks, problems = threading.Event(), set(), []
    clients = [threading.Thread(target=load, args=(server, stop, marks, problems)) for _ in range(4)]
    for client in clients:
        client.start()
    for number in range(1, 41):
        bench.module("m.wasm", marked(f"v{number:03}"))
        server.signal(signal.SIGHUP)
        check_equal(server.event("reload")["outcome"] in ("loaded", "unchanged"), True, "reload")
    stop.set()
    for client in clients:
        client.join()
    check_equal(problems, [], "failed requests")
    check(len(marks) > 5, f"only {len(marks)} versions were seen: this test would not see a mix")
    check_equal(server.mark(), "v040", "the last version")


def test_roll_back(bench):
    """a version that is no module, does not start, or loops at its start is rejected, and the one before serves on"""
    server = bench.serve(bench.simple(marked("good")))
    bad = {"not a module": b"\0asm nonsense", "a text": b"hello"}
    for what, content in bad.items():
        (bench.folder / "bad").write_bytes(content)
        (bench.folder / "bad").rename(bench.folder / "m.wasm")
        event = server.event("reload")
        check_equal(event["outcome"], "rejected", what)
        check("m.wasm" in event["error"], f"{what}: {event['error']}")
        check_equal(server.mark(), "good", what)
    for what, body in {"traps": "unreachable", "loops": FOREVER}.items():
        bench.pipeline("p.toml", {"s": {"plugin": '"./m.wasm"'}},
                       limits='timeout = "20s"\nmemory = "4MiB"\nstart_timeout = "300ms"')
        bench.module("m.wasm", marked("bad", start=f"(func $s {body}) (start $s)"))
        while (event := server.event("reload"))["outcome"] != "rejected" or "started" not in event["error"]:
            pass
        check_equal(server.mark(), "good", what)
    check_equal(server.ask("GET", "/readyz").status, 200, "ready")
    bench.module("m.wasm", marked("better"))
    server.event("reload", outcome="loaded")
    check_equal(server.mark(), "better", "afterwards")
    counts = {dict(labels)["outcome"]: value for labels, value in server.metrics()["wplug_reloads_total"].items()}
    check(counts["rejected"] >= 4 and counts["loaded"] >= 1, f"counts: {counts}")


def test_half_written(bench):
    """a module that is written piece by piece is never served half"""
    bench.module("new-version.wasm", marked("new", pad="x" * 50_000))
    whole = (bench.folder / "new-version.wasm").read_bytes()
    server = bench.serve(bench.simple(marked("old")), options=("--jobs", 2, "--poll", "20ms"))
    with open(bench.folder / "m.wasm", "wb") as file:
        for at in range(0, len(whole), 4096):
            file.write(whole[at:at + 4096])
            file.flush()
            check(server.mark() in ("old", "new"), "a mark while it is written")
    while server.event("reload")["outcome"] != "loaded":
        check_equal(server.mark(), "old", "a half")
    check_equal(server.mark(), "new", "whole")


def test_pipeline_file(bench):
    """a changed pipeline file is a new version; one that is wrong, or has another name, is rejected"""
    server = bench.serve(bench.simple(marked("a")))
    bench.module("b.wasm", marked("b"))
    bench.pipeline("p.toml", {"s": {"plugin": '"./b.wasm"'}})
    server.event("reload", outcome="loaded")
    check_equal(server.mark(), "b", "another plugin")
    bench.pipeline("p.toml", {"s": {"plugin": '"./missing.wasm"'}})
    check("missing.wasm" in server.event("reload", outcome="rejected")["error"], "a plugin that is not there")
    bench.module("missing.wasm", marked("c"))
    server.event("reload", outcome="loaded")
    check_equal(server.mark(), "c", "it came later")
    bench.pipeline("p.toml", {"s": {"plugin": '"./b.wasm"'}}, name="other")
    check("restart" in server.event("reload", outcome="rejected")["error"], "another name")
    check_equal(server.mark(), "c", "still")


def test_requested(bench):
    """POST /v1/reload needs the token and tells what came of it; SIGHUP does the same"""
    (bench.folder / "token").write_text(TOKEN + "\n")
    server = bench.serve(bench.simple(marked("a")), options=("--no-watch", "--token-file", "token"))
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": f"Bearer {TOKEN}x"}):
        reply = server.ask(path="/v1/reload", headers=headers)
        check_equal((reply.status, reply.headers["www-authenticate"]), (401, "Bearer"), headers)
    allowed = {"Authorization": f"Bearer {TOKEN}"}
    check_equal(server.ask("GET", "/v1/reload", headers=allowed).status, 405, "GET")
    reply = server.ask(path="/v1/reload", headers=allowed)
    check_equal((reply.status, reply.json["pipelines"]), (200, [{"pipeline": "p", "outcome": "unchanged", "generation": 1}]), "same")
    bench.module("m.wasm", marked("b"))
    check_equal(server.ask(path="/v1/reload", headers=allowed).json["pipelines"][0]["outcome"], "loaded", "changed")
    check_equal(server.mark(), "b", "served")
    (bench.folder / "m.wasm").write_bytes(b"nonsense")
    reply = server.ask(path="/v1/reload", headers=allowed)
    check_equal((reply.status, reply.json["pipelines"][0]["outcome"]), (422, "rejected"), "rejected")
    bench.module("m.wasm", marked("c"))
    server.signal(signal.SIGHUP)
    server.event("reload", outcome="loaded", generation=3)
    check_equal(server.mark(), "c", "SIGHUP")


def test_in_flight(bench):
    """a call that runs while its plugin is replaced ends on the old version, and the new one serves beside it"""
    with Gate() as gate:
        server = bench.serve(gate.pipeline(bench))
        with server.socket() as peer:
            peer.sendall(post())
            gate.wait()
            bench.module("m.wasm", marked("new"))
            server.event("reload", outcome="loaded")
            check_equal(server.mark(), "new", "beside it")
            gate.opened.set()
            check(peer.recv(4096).endswith(b"{}\n"), "the old version's answer")
