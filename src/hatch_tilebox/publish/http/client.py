"""The HTTP client of destinations: timeouts, retries that respect the server, bounded memory, and no secret in messages.

Connection errors and the statuses 408, 429 and 5xx except 501 are retried, with exponential waits and jitter, at least as long as
the server's Retry-After header asks for. The caller handles all other answers.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatch_tilebox import __version__
from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.core.urls import display_url, hide_logins
from hatch_tilebox.publish.http.connections import DirectTransport, trusted_certificates
from hatch_tilebox.publish.http.libraries import httpx
from hatch_tilebox.publish.http.origins import is_loopback
from hatch_tilebox.publish.http.retries import (
    TRANSIENT,
    Retries,
    TransientError,
    is_certificate_error,
    persist,
    report_retry,
    retry_after,
    short_reason,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Response = httpx.Response

MAX_ANSWER = 64 * 2**20
"""The largest answer that is read into memory, in bytes after decompression."""
MAX_PAGES = 1000
"""The largest number of pages of a list, and of links from one page to the next."""
_CONNECT_SECONDS = 10.0
_SILENCE_SECONDS = 60.0
"""Seconds without a byte from or to the server that end a request."""
_MAX_DETAILS = 500
_OF_THE_CONNECTION = {"content-encoding", "content-length", "transfer-encoding"}


@dataclass(frozen=True)
class Body:
    """The body of a request: `size` bytes. `chunks` is called again for each attempt."""

    chunks: Callable[[], Iterator[bytes]]
    size: int


def json_of(response: Response) -> Any:
    """Return the JSON value of a response, or None if it is not JSON."""
    try:
        return parse_json(response.content)
    except ValueError:
        return None


class Http:
    """A client of one service. Messages never contain its `secrets`, not even if the server repeats them."""

    def __init__(
        self, url: str, *, secrets: tuple[str, ...] = (), retries: Retries | None = None, progress: Progress | None = None
    ) -> None:
        self._secrets = tuple(filter(None, secrets))
        self.retries = retries or Retries()
        self.progress = progress or Progress()
        self._answered = False
        # A proxy from the environment must not see requests to this machine. SSL_CERT_FILE counts for them too.
        local = is_loopback(url)
        self._client = httpx.Client(
            timeout=httpx.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS),
            trust_env=not local,
            transport=DirectTransport() if local else None,
            verify=local or trusted_certificates(),
            # A compressed answer hides its size, and the digest of an archive is that of its own bytes.
            headers={"User-Agent": f"hatch-tilebox/{__version__}", "Accept-Encoding": "identity"},
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def hide(self, secret: str) -> None:
        """Add a secret; an empty string adds none."""
        self._secrets = tuple(filter(None, (*self._secrets, secret)))

    def mask(self, text: str) -> str:
        """Return `text` from a server without secrets and without control characters."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return printable(hide_logins(text), lines=True)

    def send(
        self, method: str, url: str, *, body: Body | bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Return the complete answer to a request, whatever its status, after retries. Redirects are not followed.

        Raises PublishError if there is no answer, or only transient errors.
        """
        return persist(lambda: self._send_once(method, url, body, headers or {}), self.retries, self.progress)

    def attempt(
        self, method: str, url: str, *, body: Body | bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Response | None:
        """Return the answer to a request that is sent once; None, after a wait, where `send` would retry it."""
        try:
            return self._send_once(method, url, body, headers or {})
        except TransientError as error:
            wait = max(error.wait, self.retries.pause(0))
            report_retry(self.progress, error, 2, self.retries, wait)
            time.sleep(wait)
            return None

    def pause(self, failures: int) -> None:
        """Wait as long as the retries ask for after `failures` failures in a row."""
        time.sleep(self.retries.pause(failures))

    def stream(self, request: httpx.Request) -> Response:
        """Return an answer whose body is not read yet. Redirects are not followed. Raises TransientError and PublishError."""
        with self.transient_errors(request.method, str(request.url)):
            response = self._client.send(request, stream=True)
        self._answered = True
        return response

    def build(
        self, method: str, url: str, headers: Mapping[str, str], content: Iterator[bytes] | bytes | None = None
    ) -> httpx.Request:
        """Return a request that `stream` sends. Raises PublishError if the URL cannot be used."""
        with self.transient_errors(method, url):
            return self._client.build_request(method, url, content=content, headers=dict(headers))

    def read(self, response: Response) -> Response:
        """Return a streamed answer with its body. Raises PublishError if it exceeds `MAX_ANSWER`; TransientError."""
        where = f"{response.request.method} {display_url(str(response.request.url))}"
        body = bytearray()
        with self.transient_errors(response.request.method, str(response.request.url)):
            try:
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MAX_ANSWER:
                        raise PublishError(Problem(f"{where}: the answer has more than {MAX_ANSWER // 2**20} MiB"))
            finally:
                response.close()
        headers = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in _OF_THE_CONNECTION]
        return httpx.Response(response.status_code, headers=headers, content=bytes(body), request=response.request)

    def check(self, response: Response) -> None:
        """Raise TransientError if the status is transient, or PublishError if the server asks for too long a wait."""
        if response.status_code not in TRANSIENT:
            return
        wait = retry_after(response.headers.get("Retry-After", ""))
        problem = self.refusal(response, "the destination is not able to answer", hint="try again later").problems[0]
        if wait > self.retries.patience:
            raise PublishError(problem._replace(hint=f"it asks to come back in {wait:.0f} s"))
        raise TransientError(problem, f"status {response.status_code}", wait=wait)

    def refusal(self, response: Response, what: str, hint: str | None = None) -> PublishError:
        """Return the error for an answer that the caller cannot use."""
        where = f"{response.request.method} {display_url(str(response.request.url))}"
        if response.is_redirect and not hint:
            place = display_url(response.headers.get("location", ""))
            hint = f"it redirects to {place}; if you trust that, name it as the destination"
        # Not `response.text`: there the server chooses the codec.
        details = self.mask(response.content[: 2**16].decode(errors="replace").strip())[:_MAX_DETAILS] or None
        return PublishError(Problem(f"{what}: {where} answered {response.status_code}", hint=hint, details=details))

    @contextmanager
    def transient_errors(self, method: str, url: str) -> Iterator[None]:
        """Raise the connection errors of the block as TransientError, and its permanent errors as PublishError."""
        where = f"{method} {display_url(url)}"
        try:
            yield
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.TooManyRedirects, httpx.InvalidURL) as error:
            raise PublishError(Problem(f"{where} cannot be sent: {self.mask(str(error))}", code="TBX511")) from None
        except httpx.HTTPError as error:
            message = f"{where}: {self.mask(str(error)) or type(error).__name__}"
            if is_certificate_error(error):
                raise PublishError(
                    Problem(message, hint="set SSL_CERT_FILE to your organisation's certificates", code="TBX511")
                ) from None
            reason, wrong_host = short_reason(error)
            problem = Problem(message, hint="is the destination up, and is its URL right?", code="TBX511")
            # A host that answered before exists: it may be restarting.
            raise TransientError(problem, reason, wrong_host=wrong_host and not self._answered) from None

    def _send_once(self, method: str, url: str, body: Body | bytes | None, headers: Mapping[str, str]) -> Response:
        content = body.chunks() if isinstance(body, Body) else body
        if isinstance(body, Body):
            headers = {**headers, "Content-Length": str(body.size)}
        response = self.read(self.stream(self.build(method, url, headers, content)))
        self.check(response)
        return response
