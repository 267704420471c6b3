"""A reverse proxy on loopback that damages a random part of the traffic, with a seed."""

from __future__ import annotations

import http.client
import random
import socket
import struct
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAULTS = ("reset", "lost", "truncated", "429", "503", "slow")
HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive"}


class FaultProxy:
    """Listens at `url` and forwards to the server on `port`. `rate` of the requests get one of `faults`.

    "reset" breaks the connection before the server hears of the request, "lost" after it did the work, "truncated" in the middle
    of the answer; "429" and "503" come in bursts; "slow" is an answer in crumbs. After `limit` requests, the answer to the last of
    which is lost, nothing comes through any more.
    """

    def __init__(self, port, *, rate=0.0, seed=0, faults=FAULTS, limit=None):
        self.target, self.rate, self.faults, self.limit = port, rate, faults, limit
        self.dice, self.lock = random.Random(seed), threading.Lock()
        self.burst, self.counts, self.log = 0, Counter(), []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_args):
                pass

        def serve(handler):
            self.serve(handler)

        for method in ("GET", "HEAD", "PATCH", "POST", "PUT"):
            setattr(Handler, f"do_{method}", serve)

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_args):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def choose(self, handler):
        with self.lock:
            if self.limit is not None and len(self.log) >= self.limit - 1:
                fault = "lost" if len(self.log) == self.limit - 1 else "reset"
            elif self.burst:
                self.burst -= 1
                fault = "503"
            else:
                fault = self.dice.choice(self.faults) if self.dice.random() < self.rate else None
                if fault == "503":
                    self.burst = self.dice.randrange(3)
            self.counts[fault] += 1
            self.log.append((handler.command, handler.path, fault))
            return fault

    def serve(self, handler):
        fault = self.choose(handler)
        if fault == "reset":
            # In the middle of the upload, if there is one.
            handler.rfile.read(min(int(handler.headers.get("Content-Length", 0)), 100))
            return self.reset(handler)
        if fault in {"429", "503"}:
            handler.close_connection = True
            return self.answer(handler, int(fault), [("Retry-After", "0"), ("Connection", "close")], b"busy")
        status, headers, body = self.forward(handler)
        if fault == "lost":
            return self.reset(handler)
        if fault == "truncated" and body:
            handler.close_connection = True
            return self.answer(handler, status, headers, body[: len(body) // 2], size=len(body))
        return self.answer(handler, status, headers, body, slow=fault == "slow")

    def forward(self, handler):
        size = int(handler.headers.get("Content-Length", 0))
        connection = http.client.HTTPConnection("127.0.0.1", self.target, timeout=30)
        headers = {name: value for name, value in handler.headers.items() if name.lower() not in HOP_BY_HOP}
        connection.request(handler.command, handler.path, body=handler.rfile.read(size) if size else None, headers=headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in {*HOP_BY_HOP, "content-length"}]
        if handler.command == "HEAD" and response.getheader("Content-Length"):
            kept.append(("Content-Length", response.getheader("Content-Length")))
        return response.status, kept, body

    def answer(self, handler, status, headers, body, *, size=None, slow=False):
        handler.send_response_only(status)
        for name, value in headers:
            handler.send_header(name, value)
        if handler.command != "HEAD":
            handler.send_header("Content-Length", str(len(body) if size is None else size))
        handler.end_headers()
        for start in range(0, len(body), 256) if slow else ():
            handler.wfile.write(body[start : start + 256])
            handler.wfile.flush()
            time.sleep(0.002)
        if not slow:
            handler.wfile.write(body)

    def reset(self, handler):
        handler.close_connection = True
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()
