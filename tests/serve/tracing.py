"""Trace context and spans."""
import http.server
import json
import threading

from harness import ECHO, check, check_equal, marked

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def spans_of(server, file):
    """All spans, once the server has ended."""
    server.end()
    return [json.loads(line) for line in file.read_text().splitlines()]


def attributes(span):
    return {item["key"]: next(iter(item["value"].values())) for item in span["attributes"]}


def test_parent(bench):
    """a request's span continues its traceparent and has a span for each call, with fuel and memory"""
    file = bench.folder / "spans.jsonl"
    server = bench.serve(bench.simple(marked("a")), options=("--trace-file", file))
    reply = server.ask(headers={"traceparent": PARENT, "tracestate": "vendor=1", "X-Request-Id": "r1"})
    version, trace, span, flags = reply.headers["traceparent"].split("-")
    check_equal((version, trace, flags), ("00", PARENT.split("-")[1], "01"), "the reply's traceparent")
    check(span != PARENT.split("-")[2], "a span of its own")
    check("traceparent" not in server.ask().headers, "no trace without a parent or a sample")
    check("traceparent" not in server.ask(headers={"traceparent": PARENT[:-1] + "0"}).headers, "a parent that is not sampled")
    request, call = spans_of(server, file)
    check_equal((request["spanId"], request["parentSpanId"], request["traceState"]), (span, PARENT.split("-")[2], "vendor=1"), "request")
    check_equal((call["parentSpanId"], call["traceId"], call["name"]), (span, trace, "stage s"), "call")
    check(int(attributes(call)["wplug.instructions"]) > 0 and int(attributes(call)["wplug.peak_memory"]) == 65536, "fuel, memory")
    check_equal((attributes(request)["wplug.request_id"], attributes(request)["http.response.status_code"]), ("r1", "200"), "attributes")
    check(int(request["startTimeUnixNano"]) <= int(call["startTimeUnixNano"]) <= int(call["endTimeUnixNano"]) <=
          int(request["endTimeUnixNano"]), "times")


def test_malformed_parents(bench):
    """a traceparent that is malformed is as none"""
    file = bench.folder / "spans.jsonl"
    server = bench.serve(bench.simple(marked("a")), options=("--trace-file", file))
    for text in ("", "00", PARENT.upper(), PARENT + "-more", "ff" + PARENT[2:], PARENT.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32),
                 PARENT.replace("b7ad6b7169203331", "0" * 16), PARENT.replace("-", "_")):
        check("traceparent" not in server.ask(headers={"traceparent": text}).headers, text)
    later = server.ask(headers={"traceparent": "01" + PARENT[2:] + "-more"})
    check_equal(later.headers["traceparent"].split("-")[1], PARENT.split("-")[1], "a later version")


def test_failed_call(bench):
    """the span of a call that failed says why"""
    file = bench.folder / "spans.jsonl"
    server = bench.serve(bench.simple(ECHO.format(body="unreachable")), options=("--trace-file", file, "--trace-sample", "1"))
    check_equal(server.ask().status, 502, "status")
    request, call = spans_of(server, file)
    for span in (request, call):
        check_equal((span["status"]["code"], attributes(span)["error.type"]), (2, "trap"), span["name"])
    check("parentSpanId" not in request, "a trace that begins here")


class Collector(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


def test_export(bench):
    """spans are sent as OTLP over HTTP in JSON, also the last ones"""
    collector = http.server.HTTPServer(("127.0.0.1", 0), Collector)
    collector.got = []
    thread = threading.Thread(target=collector.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{collector.server_port}/v1/traces"
        server = bench.serve(bench.simple(marked("a")), options=("--trace-endpoint", url, "--trace-sample", "1"))
        for _ in range(3):
            server.ask()
        server.end()
    finally:
        collector.shutdown()
        thread.join()
        collector.server_close()
    spans = []
    for path, kind, body in collector.got:
        check_equal((path, kind), ("/v1/traces", "application/json"), "an export")
        resource, = body["resourceSpans"]
        check_equal(attributes(resource["resource"])["service.name"], "wplug", "service")
        spans += resource["scopeSpans"][0]["spans"]
    check_equal(len(spans), 6, "spans")
    check_equal(len({span["traceId"] for span in spans}), 3, "traces")
