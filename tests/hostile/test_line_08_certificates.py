"""Certificates of the user apply to every destination, including this machine, and cost nothing if there are none."""

from __future__ import annotations

import json
import ssl
import sys
from contextlib import contextmanager

import pytest
import trustme
from foreign_answers import run
from loopback import json_answer, serve

from hatch_tilebox.core.errors import PublishError
from hatch_tilebox.publish.http import connections
from hatch_tilebox.publish.http.client import Http
from hatch_tilebox.publish.http.retries import Retries

pytestmark = pytest.mark.service


@contextmanager
def tls_server(authority):
    """A Tilebox API without workflows at https://127.0.0.1; it yields its port and a log of the requests."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    with serve(lambda *_: json_answer({"workflows": []}), tls=context) as (host, asked):
        yield host.rpartition(":")[2], asked


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_certificates_of_the_user_count_on_this_machine(tmp_path, host):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "own.pem")
    with tls_server(authority) as (port, asked):
        command = ("releases", f"https://{host}:{port}", "--json")
        environment = {"TILEBOX_API_KEY": "k", "HTTPS_PROXY": "http://127.0.0.1:9"}
        code, _, err = run(*command, folder=tmp_path, **environment)
        assert code == 1
        assert "set SSL_CERT_FILE" in err
        assert asked == []
        code, out, err = run(*command, folder=tmp_path, **environment, SSL_CERT_FILE=str(tmp_path / "own.pem"))
        assert (code, json.loads(out)["releases"]) == (0, []), err
        assert asked


@pytest.mark.parametrize("content", [None, b"not a certificate", b""])
@pytest.mark.parametrize("host", ["127.0.0.1:9", "api.acme.example"])
def test_a_file_without_certificates_is_named(tmp_path, content, host):
    if content is not None:
        (tmp_path / "own.pem").write_bytes(content)
    environment = {"TILEBOX_API_KEY": "k", "SSL_CERT_FILE": str(tmp_path / "own.pem")}
    code, _, err = run("releases", f"https://{host}", folder=tmp_path, **environment)
    assert code == 1
    assert f"SSL_CERT_FILE={tmp_path / 'own.pem'}: its certificates cannot be read" in err


def test_plain_http_reads_no_certificates(monkeypatch):
    """Reading them takes some 20 ms, more than a whole publication to this machine."""
    monkeypatch.setattr(connections, "trusted_certificates", lambda: sys.exit("read"))
    Http("http://127.0.0.1:9").close()
    with pytest.raises(PublishError, match="GET http://127"):
        Http("http://127.0.0.1:9", retries=Retries(attempts=1)).send("GET", "http://127.0.0.1:9/x")
