from __future__ import annotations

import ssl
import subprocess
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hatch_tilebox.core.errors import PublishError
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.publish.http.client import Body, Http
from hatch_tilebox.publish.http.download import download
from hatch_tilebox.publish.http.origins import is_loopback, require_safe, same_origin
from hatch_tilebox.publish.http.retries import Retries

QUICK = Retries(attempts=4, first=0.001, longest=0.01)


class Listener(Progress):
    """Records all events."""

    def __init__(self):
        self.notes, self.details = [], []

    def note(self, text):
        self.notes.append(text)

    def detail(self, message):
        self.details.append(message)


class Server(ThreadingHTTPServer):
    """Gives the prepared `answers`, (status, headers, body), one a request, the last for ever; `requests` are what it got."""

    daemon_threads = True

    def __init__(self, answers):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.requests = list(answers), []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append((self.command, self.path, dict(self.headers), body))
        status, headers, body = self.server.answers[0]
        if len(self.server.answers) > 1:
            self.server.answers.pop(0)
        self.send_response_only(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if "Content-Length" in headers:
            self.close_connection = True

    do_GET = do_PUT = answer  # noqa: N815 -- the names that http.server calls


@pytest.fixture
def serve():
    servers = []

    def start(*answers):
        servers.append(Server(answers))
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def client():
    clients = []

    def make(url, **options):
        clients.append(Http(url, **{"retries": QUICK, **options}))
        return clients[-1]

    yield make
    for each in clients:
        each.close()


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 599])
def test_transient_answers_are_tried_again(serve, client, status):
    server = serve((status, {}, b""), (status, {}, b""), (200, {}, b"done"))
    assert client(server.url).send("GET", server.url).text == "done"
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 501])
def test_other_answers_are_given_back_at_once(serve, client, status):
    server = serve((status, {}, b"no"))
    assert client(server.url).send("GET", server.url).status_code == status
    assert len(server.requests) == 1


def test_attempts_are_bounded_and_the_last_answer_is_told(serve, client):
    server = serve((503, {}, b"under water"))
    with pytest.raises(PublishError, match=r"answered 503 \(4 attempts\)\n  \| under water"):
        client(server.url).send("GET", server.url)
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("url", "says", "reason"),
    [
        ("http://127.0.0.1:9", "refused", "connection refused"),
        ("https://no-such-host.invalid", "", "the host name does not resolve"),
    ],
)
def test_a_wrong_host_fails_after_two_attempts(client, url, says, reason):
    listener = Listener()
    with pytest.raises(PublishError, match=rf"GET {url}/x: .*{says}.* \(2 attempts\)\n  hint: is the destination up") as caught:
        client(url, retries=Retries(first=0.001), progress=listener).send("GET", f"{url}/x?token=secret")
    assert caught.value.problems[0].code == "TBX511"
    assert listener.notes == [f"retrying (2/2): {reason}"]


def test_a_server_that_answered_before_may_restart(client):
    server = Server([(200, {"Connection": "close"}, b"")])
    http = client(server.url)
    http.send("GET", server.url)
    server.shutdown()
    server.server_close()
    with pytest.raises(PublishError, match=r"\(4 attempts\)"):
        http.send("GET", server.url)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_waited_for(serve, client, monkeypatch, form):
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)
    after = "7" if form == "seconds" else formatdate(time.time() + 7, usegmt=True)
    server = serve((429, {"Retry-After": after}, b""), (200, {}, b""))
    client(server.url).send("GET", server.url)
    assert 5 < max(waits) <= 7


def test_a_server_that_asks_for_an_hour_is_not_waited_for(serve, client):
    server = serve((503, {"Retry-After": "3600"}, b""))
    with pytest.raises(PublishError, match="it asks to come back in 3600 s"):
        client(server.url).send("GET", server.url)


def test_waits_grow_and_jitter(serve, client, monkeypatch):
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)
    server = serve((503, {}, b""))
    http = client(server.url, retries=Retries(attempts=8, first=1, longest=20))
    with pytest.raises(PublishError):
        http.send("GET", server.url)
    waits = [wait for wait in waits if wait > 0.001]
    assert all(wait <= min(2**number, 20) for number, wait in enumerate(waits))
    assert len(set(waits)) == len(waits)


def test_a_body_is_produced_anew_for_each_attempt(serve, client):
    server = serve((503, {}, b""), (201, {}, b""))
    client(server.url).send("PUT", server.url, body=Body(lambda: iter((b"ab", b"cd")), 4))
    assert [body for *_, body in server.requests] == [b"abcd", b"abcd"]
    assert all(headers["Content-Length"] == "4" for _, _, headers, _ in server.requests)
    assert not any("Transfer-Encoding" in headers for _, _, headers, _ in server.requests)


def test_redirects_are_not_followed_with_what_we_know(serve, client):
    other = serve((200, {}, b""))
    server = serve((307, {"Location": f"{other.url}/?signature=abc"}, b""))
    http = client(server.url)
    response = http.send("PUT", server.url, headers={"Authorization": "Bearer k"})
    assert response.status_code == 307
    assert other.requests == []
    assert str(http.refusal(response, "not taken")).endswith(
        f"hint: it redirects to {other.url}/; if you trust that, name it as the destination"
    )


def test_a_download_follows_redirects_without_credentials(serve, client):
    other = serve((200, {}, b"bytes"))
    server = serve((307, {"Location": f"{other.url}/blob"}, b""))
    assert b"".join(download(client(server.url), server.url, {"Authorization": "Bearer k"})) == b"bytes"
    ((_, _, headers, _),) = other.requests
    assert "Authorization" not in headers
    assert server.requests[0][2]["Authorization"] == "Bearer k"


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_download_goes_on_where_it_broke(serve, client, knows_ranges):
    rest = (206, {}, b"tail") if knows_ranges else (200, {}, b"head-tail")
    server = serve((200, {"Content-Length": "9"}, b"head-"), rest)
    assert b"".join(download(client(server.url), server.url, {})) == b"head-tail"
    assert server.requests[1][2]["Range"] == "bytes=5-"


def test_a_download_that_always_breaks_ends(serve, client):
    server = serve((200, {"Content-Length": "9"}, b""))
    with pytest.raises(PublishError, match="ends after 0 bytes"):
        list(download(client(server.url), server.url, {}))


def test_a_server_that_repeats_the_secret_is_masked(serve, client):
    server = serve((403, {}, b"your key k-Secret is bad"))
    http = client(server.url, secrets=("k-Secret",))
    error = http.refusal(http.send("GET", f"{server.url}/a?k=k-Secret"), "refused")
    assert str(error) == f"refused: GET {server.url}/a answered 403\n  | your key *** is bad"


def test_what_a_terminal_would_obey_is_not_repeated(serve, client):
    server = serve((400, {}, b"first\n\x1b[2Jgone\x07"))
    http = client(server.url)
    assert str(http.refusal(http.send("GET", server.url), "refused")).endswith("  | first\n  | \\x1b[2Jgone\\x07")


def test_a_secret_at_the_end_of_what_is_shown_is_masked_as_a_whole(serve, client):
    server = serve((400, {}, b"x" * 495 + b"k-Secret"))
    http = client(server.url, secrets=("k-Secret",))
    assert "k-S" not in str(http.refusal(http.send("GET", server.url), "refused"))


def test_no_secret_masks_nothing(client):
    http = client("http://127.0.0.1:9", secrets=("",))
    http.hide("")
    assert http.mask("as it is") == "as it is"


def test_a_retry_is_visible(serve, client):
    listener, server = Listener(), serve((503, {}, b""), (503, {}, b""), (200, {}, b""))
    client(server.url, progress=listener).send("GET", server.url)
    assert listener.notes == ["retrying (2/4): status 503", "retrying (3/4): status 503"]
    assert all("answered 503; next attempt in 0.0 s" in message for message in listener.details)


@pytest.mark.needs_tool("openssl")
def test_an_unknown_certificate_is_not_tried_again(client, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    subprocess.run([*command, "-keyout", key, "-out", certificate, "-subj", "/CN=localhost"], check=True, capture_output=True)
    server = Server([(200, {}, b"")])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    try:
        with pytest.raises(PublishError, match="SSL_CERT_FILE") as caught:
            client("https://127.0.0.1").send("GET", f"https://127.0.0.1:{server.server_address[1]}/")
    finally:
        server.shutdown()
        server.server_close()
    assert "attempts" not in str(caught.value)


def test_a_proxy_of_the_environment_does_not_see_what_goes_to_this_machine(serve, client, monkeypatch):
    proxy, server = serve((200, {}, b"proxy")), serve((200, {}, b"server"))
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("http_proxy", proxy.url)
    assert client(server.url).send("GET", server.url).text == "server"


@pytest.mark.parametrize("url", ["https://api.tilebox.com", "http://127.0.0.1:8080/x", "http://localhost", "http://[::1]:5000"])
def test_secrets_may_go_to_https_and_to_this_machine(url):
    require_safe(url)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://api.tilebox.com", "over https only"),
        ("http://127.0.0.1.evil.example", "over https only"),
        ("http://localhost.evil.example", "over https only"),
        ("ftp://127.0.0.1", "over https only"),
        ("https://user:pass@host", "not a place for a password"),
        ("http://127.0.0.1@evil.example", "not a place for a password"),
    ],
)
def test_secrets_go_nowhere_else(url, says):
    with pytest.raises(PublishError, match=says) as caught:
        require_safe(url)
    assert "pass@" not in str(caught.value)


def test_origins():
    assert same_origin("https://a/x", "https://a:443/y")
    assert not same_origin("https://a/x", "http://a/x")
    assert not same_origin("https://a/x", "https://a.b/x")
    assert not is_loopback("not a url")
