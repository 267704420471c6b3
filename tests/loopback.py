"""Servers on the loopback interface, for tests."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def serving(server):
    """Let an HTTP server answer until the end of the block. Gives the server."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def serve(answer, *, tls=None):
    """A server on loopback. `answer(method, path, headers, body)` gives status, headers and body. Yields host:port and a log.

    The log has method, path and headers of each request. `tls` is the SSL context of the server, None for plain HTTP.
    """
    log = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize, disable_nagle_algorithm = -1, True  # headers and body at once: else each answer takes 40 ms

        def handle_any(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            log.append((self.command, self.path, dict(self.headers)))
            status, headers, content = answer(self.command, self.path, self.headers, body)
            self.send_response_only(status)
            for name, value in {"Content-Length": len(content), **headers}.items():
                self.send_header(name, str(value))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, *_args):
            pass

    for method in ("GET", "HEAD", "PATCH", "POST", "PUT"):
        setattr(Handler, f"do_{method}", Handler.handle_any)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_args: None
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    with serving(server):
        yield f"127.0.0.1:{server.server_port}", log


def json_answer(value, status=200):
    """What `answer` of `serve` returns for JSON."""
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()
