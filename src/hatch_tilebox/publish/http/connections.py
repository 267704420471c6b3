"""Connections: which certificates are trusted, and which requests bypass a proxy."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.publish.http.libraries import httpx

if TYPE_CHECKING:
    import ssl


class DirectTransport(httpx.BaseTransport):
    """Connections without a proxy. Certificates are loaded for https only: loading them takes longer than local requests."""

    def __init__(self) -> None:
        self._opened: dict[bool, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        secure = request.url.scheme == "https"
        if secure not in self._opened:
            self._opened[secure] = httpx.HTTPTransport(verify=trusted_certificates() if secure else False)
        return self._opened[secure].handle_request(request)

    def close(self) -> None:
        for transport in self._opened.values():
            transport.close()


def trusted_certificates() -> ssl.SSLContext:
    """Return the trusted certificates: those of SSL_CERT_FILE or SSL_CERT_DIR, if set.

    Raises PublishError if they cannot be read.
    """
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # OpenSSL raises it too, for a file without certificates
        message = f"SSL_CERT_FILE={os.environ.get('SSL_CERT_FILE', '')}: its certificates cannot be read"
        details = f"{error.strerror or error}"
        raise PublishError(
            Problem(message, hint="name a file with certificates in PEM format", details=details, code="TBX511")
        ) from error
