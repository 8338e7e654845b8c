"""What plugins get from host functions, the same through both SDKs: the probe plugins call one for each record."""
import contextlib
import http.server
import threading

from harness import Stage, check, check_equal, check_matches, error_of

PROBES = ("probe", "probe-go")


def probe(bench, plugin, records, **settings):
    limits = {"memory": "10MiB", "timeout": "20s", **settings.pop("limits", {})}
    return bench.pipeline([Stage(bench.plugin(plugin), limits=limits, **settings)], records)


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", self.path.partition("?")[2])
            self.end_headers()
            return
        body = b"y" * 100_000 if self.path == "/large" else f"page {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def server():
    pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{pages.server_port}"
    finally:
        pages.shutdown()
        pages.server_close()


def test_config(bench):
    """configured values of every kind and size reach a plugin as JSON"""
    config = {"text": "a \"b\" \\ é 🚀 \t", "whole": 9007199254740993, "half": 0.5, "yes": True, "list": [1, "x", []],
              "table": {"k": {"deep": [1]}}, "long": "z" * 5000, "é": "key"}
    for plugin in PROBES:
        records = [{"op": "config", "key": key} for key in [*config, "missing", ""]]
        answers = probe(bench, plugin, records, config=config).check_code(0).records
        check_equal([answer["value"] for answer in answers], [*config.values(), None, None], plugin)


def test_log(bench):
    """log lines go to stderr with the stage's name, never to the output"""
    for plugin in PROBES:
        run = probe(bench, plugin, [{"op": "log", "message": "noted: 5 é\nsecond line"}]).check_code(0)
        check_matches("stage.*noted: 5 é", run.stderr, plugin)
        check("noted" not in run.stdout.decode().replace('"message"', "").split("noted: 5", 1)[0], plugin)
        check_equal(len(run.lines), 1, plugin)


def test_refusal(bench):
    """the message of a refusal arrives whole, whatever characters it has"""
    for message in ("plain", "é 🚀 \"quoted\" \\", "x" * 2000):
        for plugin in PROBES:
            answer, = probe(bench, plugin, [{"op": "fail", "message": message}]).check_code(1).records
            kind, found = error_of(answer)
            check_equal([kind, found[:500]], ["plugin", message[:500]], plugin)


def test_header(bench):
    """setting a header is accepted"""
    for plugin in PROBES:
        record = {"op": "header", "key": "x-kind", "value": "test"}
        check_equal(probe(bench, plugin, [record]).check_code(0).records, [record], plugin)


def test_http(bench):
    """a granted host is fetched, small and large bodies alike"""
    with server() as url:
        for plugin in PROBES:
            records = [{"op": "http", "url": url + "/a"}, {"op": "http", "url": url + "/large"}]
            small, large = probe(bench, plugin, records, limits={"http_calls": 2},
                                 grants={"http": ["127.0.0.1"]}).check_code(0).records
            check_equal([small["start"], large["bytes"], large["start"]], ["page /a", 100_000, "y" * 40], plugin)


def test_http_denied(bench):
    """a host that is not granted is denied, directly and behind a redirect"""
    with server() as url:
        elsewhere = url.replace("127.0.0.1", "localhost")
        urls = [elsewhere + "/a", f"{url}/to?{elsewhere}/a", "https://not-allowed.example/x", f"{url}/to?/fine"]
        for plugin in PROBES:
            answers = probe(bench, plugin, [{"op": "http", "url": text} for text in urls], limits={"http_calls": 5},
                            grants={"http": ["127.0.0.1"]}).check_code(1).records
            for text, answer in zip(urls[:3], answers):
                check_equal(error_of(answer), ("plugin", f"http_get {text}: domain not allowed"), plugin)
            check_equal(answers[3]["start"], "page /fine", plugin)


def test_http_budget(bench):
    """without http_calls nothing is fetched, and a budget is for one record"""
    with server() as url:
        record = {"op": "http", "url": url + "/a"}
        for plugin in PROBES:
            answers = probe(bench, plugin, [record] * 2, grants={"http": ["127.0.0.1"]}).check_code(1).records
            for answer in answers:
                check_equal(error_of(answer), ("plugin", f"http_get {url}/a: no http calls left"), plugin)
            answers = probe(bench, plugin, [record] * 3, limits={"http_calls": 1}, grants={"http": ["127.0.0.1"]})
            check_equal([answer["start"] for answer in answers.check_code(0).records], ["page /a"] * 3, plugin)


def test_http_bad_urls(bench):
    """what is no http URL is refused with its reason"""
    for plugin in PROBES:
        for url in ("", "nonsense", "file:///etc/passwd", "ftp://127.0.0.1/", "http://", "http://127.0.0.1:99999/"):
            answer, = probe(bench, plugin, [{"op": "http", "url": url}], limits={"http_calls": 1},
                            grants={"http": ["*"]}).check_code(1).records
            kind, message = error_of(answer)
            check_equal(kind, "plugin", message)
            check_matches("invalid url|domain not allowed", message, plugin)


def test_http_network(bench):
    """a server that is not there is a network failure and not the end"""
    with server() as url:
        pass
    for plugin in PROBES:
        answer, = probe(bench, plugin, [{"op": "http", "url": url}], limits={"http_calls": 1},
                        grants={"http": ["127.0.0.1"]}).check_code(1).records
        check_equal(error_of(answer), ("plugin", f"http_get {url}: network failure"), plugin)
