"""Servers on 127.0.0.1 for the reglet plugins to look at; ports are the system's choice."""
import contextlib
import http.server
import socket
import struct
import threading

A, MX = 1, 15


class Pages(http.server.BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        text = f"{self.command} {self.path} {self.headers.get('X-Kind', '')} {body.decode()}".encode()
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = answer

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def pages():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def silent():
    """Takes connections (the system does, for the backlog) and never says anything."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield listener.getsockname()[1]


@contextlib.contextmanager
def closed():
    """A port that nothing listens on while the test runs: it is bound and not listening."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def dns_answer(query):
    """The answer to one query; None for names that get none."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
        at += 1 + query[at]
    kind = struct.unpack("!H", query[at + 1:at + 3])[0]
    question = query[12:at + 5]
    if labels[0] == "silent":
        return None
    code = 3 if labels[0] == "missing" else 0
    records = []
    if not code and kind == A:
        records = [(A, bytes([192, 0, 2, 7]))]
    if not code and kind == MX:
        records = [(MX, struct.pack("!H", 10) + b"\x02mx\xc0\x0c")]
    answer = query[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(records), 0, 0) + question
    for record_kind, data in records:
        answer += b"\xc0\x0c" + struct.pack("!HHIH", record_kind, 1, 60, len(data)) + data
    return answer


@contextlib.contextmanager
def names():
    """A name server over UDP."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve():
        while True:
            query, sender = server.recvfrom(2048)
            if not query:
                return
            answer = dns_answer(query)
            if answer is not None:
                server.sendto(answer, sender)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", server.getsockname())
        thread.join()
        server.close()
