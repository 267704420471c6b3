"""HTTP as a publication needs it: time limits, retries that respect the server, bounded memory, and no secret let out.

Connection errors and the statuses 408, 429 and 5xx are tried again, with exponential waits and jitter, at least as long as the
server's Retry-After says. Every other answer is the caller's to judge.
"""

from __future__ import annotations

import email.utils
import ipaddress
import os
import random
import ssl
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

from hatch_tilebox import __version__
from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.core.urls import display_url, hide_logins

try:
    import httpx
    import tenacity
except ModuleNotFoundError as error:
    if error.name not in {"httpx", "tenacity"}:
        raise
    missing = Problem(f"this destination needs {error.name}, which is not installed", hint='pip install "hatch-tilebox[publish]"')
    raise PublishError(missing) from None

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Body", "Http", "Response", "Retries", "json_of", "require_safe", "same_origin", "same_service"]

Response = httpx.Response
Result = TypeVar("Result")

_CONNECT_SECONDS = 10.0
_SILENCE_SECONDS = 60.0
"""Seconds without a byte from or to the server that end a request."""
_TRANSIENT = {408, 429, *range(500, 600)}
_MAX_DETAILS = 500
MAX_ANSWER = 64 * 2**20
"""Bytes of an answer that is read into memory, when no longer compressed."""
MAX_PAGES = 1000
"""Pages of a list, and links from one to the next, that are followed."""
_MAX_REDIRECTS = 5
_OF_THE_TRANSPORT = {"content-encoding", "content-length", "transfer-encoding"}
_DECODED = {"gzip", "deflate"}
"""Content encodings that a proxy may add to a download though none was asked for."""


@dataclass(frozen=True)
class Retries:
    """How often and how patiently. Waits grow from `first` to `longest` seconds; nobody waits more than `patience` for a server."""

    attempts: int = 10
    first: float = 0.5
    longest: float = 30.0
    patience: float = 120.0


@dataclass(frozen=True)
class Body:
    """What is sent: `size` bytes, produced anew for every attempt."""

    chunks: Callable[[], Iterator[bytes]]
    size: int


def json_of(response: Response) -> Any:
    """The JSON value that a response holds, None where it holds no JSON."""
    try:
        return parse_json(response.content)
    except ValueError:
        return None


class _TryAgain(Exception):  # noqa: N818 -- a signal to the loop, not an error that anybody sees
    """A failure that may pass. `problem` is what to say when it does not."""

    def __init__(self, problem: Problem, wait: float = 0.0) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.wait = wait


class _Direct(httpx.BaseTransport):
    """Connections without a proxy. Certificates are only read for https: they take longer than all requests to this machine."""

    def __init__(self) -> None:
        self._opened: dict[bool, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        secure = request.url.scheme == "https"
        if secure not in self._opened:
            self._opened[secure] = httpx.HTTPTransport(verify=_trusted() if secure else False)
        return self._opened[secure].handle_request(request)

    def close(self) -> None:
        for transport in self._opened.values():
            transport.close()


class Http:
    """A client of one service. `secrets` never appear in what it says, not even when a server repeats them."""

    def __init__(
        self, url: str, *, secrets: tuple[str, ...] = (), retries: Retries | None = None, progress: Progress | None = None
    ) -> None:
        self._secrets = tuple(filter(None, secrets))
        self._retries = retries or Retries()
        self._progress = progress or Progress()
        # A proxy of the environment must not see what goes to this machine; its certificates count all the same.
        local = is_loopback(url)
        self._client = httpx.Client(
            timeout=httpx.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS),
            trust_env=not local,
            transport=_Direct() if local else None,
            verify=local or _trusted(),
            # Compressed answers would hide their size, and a compressed archive is not the one that its digest names.
            headers={"User-Agent": f"hatch-tilebox/{__version__}", "Accept-Encoding": "identity"},
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def hide(self, secret: str) -> None:
        """One more secret, learned on the way; "" is none."""
        self._secrets = tuple(filter(None, (*self._secrets, secret)))

    def mask(self, text: str) -> str:
        """`text` of a server without secrets, and without what a terminal would obey."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return printable(hide_logins(text), lines=True)

    def send(
        self, method: str, url: str, *, body: Body | bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """The answer to a request, read to its end, whatever its status; transient ones come back only as errors.

        Redirects are answers like others. Raises PublishError when there was no answer, or none but transient ones.
        """
        return self._persist(lambda: self._once(method, url, body, headers or {}))

    def attempt(
        self, method: str, url: str, *, body: Body | bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Response | None:
        """The answer to a request that must not be repeated blindly; None, after a wait, where `send` would repeat it."""
        try:
            return self._once(method, url, body, headers or {})
        except _TryAgain as signal:
            self._progress.detail(signal.problem.message)
            time.sleep(signal.wait)
            self.pause(0)
            return None

    def pause(self, failures: int) -> None:
        """Wait as long as fits after so many failures in a row."""
        time.sleep(random.uniform(0, min(self._retries.first * 2**failures, self._retries.longest)))  # noqa: S311 -- jitter

    def download(self, url: str, headers: Mapping[str, str]) -> Iterator[bytes]:
        """The bytes at `url`, resumed where a connection breaks. Redirects are followed; other hosts never see `headers`' secrets.

        Raises PublishError where they cannot be had.
        """
        done = failures = 0
        while failures < self._retries.attempts:
            try:
                for chunk in self._persist(partial(self._open, url, headers, done)):
                    yield chunk
                    done += len(chunk)
                    failures = 0
            except _TryAgain as signal:  # noqa: PERF203 -- a download is made of attempts
                failures += 1
                self._progress.detail(f"{signal.problem.message}; going on after {done} bytes")
            else:
                return
        raise PublishError(Problem(f"the download of {display_url(url)} ends after {done} bytes", hint="try again later"))

    def refusal(self, response: Response, what: str, hint: str | None = None) -> PublishError:
        """The error of an answer that the caller cannot use."""
        where = f"{response.request.method} {display_url(str(response.request.url))}"
        if response.is_redirect and not hint:
            place = display_url(response.headers.get("location", ""))
            hint = f"it redirects to {place}; if you trust that, name it as the destination"
        # Not `response.text`: the answer names the codec of that.
        details = self.mask(response.content[: 2**16].decode(errors="replace").strip())[:_MAX_DETAILS] or None
        return PublishError(Problem(f"{what}: {where} answered {response.status_code}", hint=hint, details=details))

    def _once(self, method: str, url: str, body: Body | bytes | None, headers: Mapping[str, str]) -> Response:
        content = body.chunks() if isinstance(body, Body) else body
        if isinstance(body, Body):
            headers = {**headers, "Content-Length": str(body.size)}
        with self._transient(method, url):
            request = self._client.build_request(method, url, content=content, headers=dict(headers))
            response = self._whole(self._client.send(request, stream=True))
        self._check(response)
        return response

    def _open(self, url: str, headers: Mapping[str, str], start: int) -> Iterator[bytes]:
        """A connection that gives the bytes from `start` on."""
        headers = {**headers, "Range": f"bytes={start}-"} if start else dict(headers)
        with self._transient("GET", url):
            response = self._follow(self._client.build_request("GET", url, headers=headers))
        if start and response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            response.close()
            return iter(())
        if not response.is_success:
            with self._transient("GET", url):
                response = self._whole(response)
            self._check(response)
            raise self.refusal(response, "the archive cannot be fetched")
        if response.status_code == httpx.codes.PARTIAL_CONTENT and _encoding(response) in _DECODED:
            response.close()
            message = f"{display_url(url)}: a proxy compresses the archive ({_encoding(response)}) and ends early"
            raise PublishError(Problem(message, hint="fetch again, or let the proxy leave application/octet-stream as it is"))
        return self._body(response, start if response.status_code == httpx.codes.OK else 0)

    def _follow(self, request: httpx.Request) -> Response:
        """The answer after a few redirects, each of them to https; an answer of this machine may lead to this machine."""
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._client.send(request, stream=True)
            following = response.next_request
            if following is None:
                return response
            response.close()
            here, there = str(request.url), str(following.url)
            if is_loopback(there) != is_loopback(here) or (following.url.scheme != "https" and not is_loopback(there)):
                raise PublishError(Problem(f"{display_url(here)} redirects to {display_url(there)}: a download keeps to https"))
            request = following
        raise PublishError(Problem(f"{display_url(str(request.url))}: more than {_MAX_REDIRECTS} redirects"))

    def _whole(self, response: Response) -> Response:
        """The answer with its body, which is read to its end. Raises PublishError where that is too long."""
        body = bytearray()
        try:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER:
                    where = f"{response.request.method} {display_url(str(response.request.url))}"
                    raise PublishError(Problem(f"{where}: the answer has more than {MAX_ANSWER // 2**20} MiB"))
        finally:
            response.close()
        headers = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in _OF_THE_TRANSPORT]
        return httpx.Response(response.status_code, headers=headers, content=bytes(body), request=response.request)

    def _body(self, response: Response, skip: int) -> Iterator[bytes]:
        """The bytes of an answer, without the first `skip`: some servers do not know ranges."""
        with self._transient("GET", str(response.request.url)):
            try:
                for chunk in response.iter_bytes() if _encoding(response) in _DECODED else response.iter_raw():
                    rest = chunk[skip:]
                    skip = max(skip - len(chunk), 0)
                    if rest:
                        yield rest
            finally:
                response.close()

    @contextmanager
    def _transient(self, method: str, url: str) -> Iterator[None]:
        """Connection errors of the block become `_TryAgain`, and errors that will not pass become PublishError."""
        where = f"{method} {display_url(url)}"
        try:
            yield
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.TooManyRedirects, httpx.InvalidURL) as error:
            raise PublishError(Problem(f"{where} cannot be sent: {self.mask(str(error))}")) from None
        except httpx.HTTPError as error:
            message = f"{where}: {self.mask(str(error)) or type(error).__name__}"
            if _is_certificate(error):
                raise PublishError(Problem(message, hint="set SSL_CERT_FILE to your organisation's certificates")) from None
            raise _TryAgain(Problem(message, hint="is the destination up, and is its URL right?")) from None

    def _check(self, response: Response) -> None:
        if response.status_code not in _TRANSIENT:
            return
        wait = _retry_after(response.headers.get("Retry-After", ""))
        error = self.refusal(response, "the destination is not able to answer", hint="try again later")
        if wait > self._retries.patience:
            problem = error.problems[0]
            raise PublishError(Problem(problem.message, hint=f"it asks to come back in {wait:.0f} s", details=problem.details))
        raise _TryAgain(error.problems[0], wait)

    def _persist(self, action: Callable[[], Result]) -> Result:
        """What `action` gives, tried again while that may help. Raises PublishError with the last problem."""
        retries = self._retries
        jitter = tenacity.wait_random_exponential(multiplier=retries.first, max=retries.longest)

        def wait(state: tenacity.RetryCallState) -> float:
            return max(jitter(state), _signal(state).wait)

        def tell(state: tenacity.RetryCallState) -> None:
            seconds = state.next_action.sleep if state.next_action else 0.0
            self._progress.detail(f"{_signal(state).problem.message}; trying again in {seconds:.1f} s")

        loop = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(retries.attempts),
            retry=tenacity.retry_if_exception_type(_TryAgain),
            wait=wait,
            before_sleep=tell,
            reraise=True,
        )
        try:
            return loop(action)
        except _TryAgain as signal:
            problem = signal.problem
            message = f"{problem.message} ({retries.attempts} attempts)"
            raise PublishError(Problem(message, hint=problem.hint, details=problem.details)) from None


def require_safe(url: str) -> None:
    """Refuse, with PublishError, a URL that a secret must not go to: plain http to another machine, or one that holds a secret."""
    parts = _split(url)
    if parts.username or parts.password or parts.query:
        hint = "leave out USER:PASSWORD@ and what follows `?`; see docs/how-to/publish.md for where keys are read from"
        raise PublishError(Problem(f"{display_url(url)}: a URL is not a place for a password or token", hint=hint))
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(url)):
        raise PublishError(
            Problem(f"{display_url(url)}: keys are sent over https only, or to this machine", hint="write https://…")
        )


def _trusted() -> ssl.SSLContext:
    """Whose certificates count: those of SSL_CERT_FILE or SSL_CERT_DIR, if set. Raises PublishError where they cannot be read."""
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # also what OpenSSL says of a file that holds none
        message = f"SSL_CERT_FILE={os.environ.get('SSL_CERT_FILE', '')}: its certificates cannot be read"
        details = f"{error.strerror or error}"
        raise PublishError(Problem(message, hint="name a file with certificates in PEM format", details=details)) from error


def _split(url: str) -> SplitResult:
    """The parts of a URL. Raises PublishError where it has none."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 -- raises where it is not a number
    except ValueError:
        raise PublishError(Problem(f"{display_url(url)} is not a URL", hint="write https://HOST/PATH")) from None
    return parts


def is_loopback(url: str) -> bool:
    """Whether the host of `url` is this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs share scheme, host and port, so that the secrets of one may go to the other."""
    try:
        first, second = httpx.URL(one), httpx.URL(other)
    except httpx.InvalidURL:
        return False
    return (first.scheme, first.host, first.port) == (second.scheme, second.host, second.port)


def same_service(base: str, link: str) -> str:
    """The URL that a service names by `link` in an answer from `base`. Raises PublishError where it leads to another one."""
    try:
        found = urljoin(base, link)
        kept = same_origin(base, found) and not urlsplit(found).netloc.rpartition("@")[0]
    except ValueError:
        found, kept = link, False
    if not kept:
        message = f"{display_url(base)} leads to {display_url(found)[:200]}: another host, another port or not https"
        raise PublishError(Problem(message, hint="the service's administrator can set the URL that it names itself by"))
    return found


def _retry_after(value: str) -> float:
    """Seconds to wait, from a number or a date. Source: RFC 9110, section 10.2.3."""
    if value.isdecimal():
        return float(value)
    try:
        date = email.utils.parsedate_tz(value)
        return max(email.utils.mktime_tz(date) - time.time(), 0.0) if date else 0.0
    except (ValueError, OverflowError, TypeError):  # a date that no calendar has
        return 0.0


def _encoding(response: Response) -> str:
    return str(response.headers.get("Content-Encoding", "")).strip().lower()


def _signal(state: tenacity.RetryCallState) -> _TryAgain:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, _TryAgain):
        raise TypeError(error)
    return error


def _is_certificate(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
