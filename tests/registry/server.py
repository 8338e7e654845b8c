"""A web server for tests: files from a dictionary, with ranges, and with the faults that a test asks for."""
import http.server
import re
import threading


class Server:
    """On 127.0.0.1, at a port the system chooses. `files`: path -> bytes. `faults`: path -> function(handler, body, first,
    last) that answers instead; it returns True when it has."""

    def __init__(self):
        self.files, self.faults, self.requests = {}, {}, []
        self.ranges = True
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                owner.answer(self)

            def log_message(self, *arguments):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()

    def answer(self, handler):
        path, asked = handler.path, handler.headers.get("Range", "")
        self.requests.append((path, asked))
        if path not in self.files:
            return self.reply(handler, 404, b"there is no such file")
        body = self.files[path]
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", asked) if self.ranges else None
        first, last = (int(match[1]), min(int(match[2]), len(body) - 1)) if match else (0, len(body) - 1)
        if path in self.faults and self.faults[path](handler, body, first, last):
            return None
        if match and first >= len(body):
            return self.reply(handler, 416, b"")
        if match:
            return self.reply(handler, 206, body[first:last + 1], f"bytes {first}-{last}/{len(body)}")
        return self.reply(handler, 200, body)

    @staticmethod
    def reply(handler, status, body, content_range=None, length=None):
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        if content_range:
            handler.send_header("Content-Range", content_range)
        handler.end_headers()
        try:
            handler.wfile.write(body)
        except OSError:
            pass  # the client has heard enough
        if length is not None and length != len(body):
            handler.close_connection = True
