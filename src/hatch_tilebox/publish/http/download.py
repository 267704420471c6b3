"""Downloads that continue where a connection broke, and follow redirects safely."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.urls import display_url
from hatch_tilebox.publish.http.libraries import httpx
from hatch_tilebox.publish.http.origins import is_loopback
from hatch_tilebox.publish.http.retries import TransientError, persist, report_retry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hatch_tilebox.publish.http.client import Http, Response

_MAX_REDIRECTS = 5
_DECODED = {"gzip", "deflate"}
"""Content encodings that a proxy may add to a download although the request did not ask for them."""


def download(http: Http, url: str, headers: Mapping[str, str]) -> Iterator[bytes]:
    """Yield the bytes at `url`. Redirects are followed; the secrets in `headers` are not sent to other hosts.

    Raises PublishError if the download fails.
    """
    done = failures = 0
    while failures < http.retries.attempts:
        try:
            for chunk in persist(partial(_open, http, url, headers, done), http.retries, http.progress):
                yield chunk
                done += len(chunk)
                failures = 0
        except TransientError as error:  # noqa: PERF203 -- a download consists of attempts
            failures += 1
            report_retry(http.progress, error, failures + 1, http.retries, 0.0)
        else:
            return
    raise PublishError(
        Problem(f"the download of {display_url(url)} ends after {done} bytes", hint="try again later", code="TBX511")
    )


def _open(http: Http, url: str, headers: Mapping[str, str], start: int) -> Iterator[bytes]:
    """Open a connection that yields the bytes from `start` on."""
    headers = {**headers, "Range": f"bytes={start}-"} if start else dict(headers)
    response = _follow(http, http.build("GET", url, headers))
    if start and response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
        response.close()
        return iter(())
    if not response.is_success:
        response = http.read(response)
        http.check(response)
        raise http.refusal(response, "the archive cannot be fetched")
    if response.status_code == httpx.codes.PARTIAL_CONTENT and _encoding(response) in _DECODED:
        response.close()
        message = f"{display_url(url)}: a proxy compresses the archive ({_encoding(response)}) and ends early"
        raise PublishError(Problem(message, hint="fetch again, or configure the proxy not to compress application/octet-stream"))
    return _body(http, response, start if response.status_code == httpx.codes.OK else 0)


def _follow(http: Http, request: httpx.Request) -> Response:
    """Return the answer after redirects, each of them to https; only this machine may redirect to this machine."""
    for _ in range(_MAX_REDIRECTS + 1):
        response = http.stream(request)
        following = response.next_request
        if following is None:
            return response
        response.close()
        here, there = str(request.url), str(following.url)
        if is_loopback(there) != is_loopback(here) or (following.url.scheme != "https" and not is_loopback(there)):
            raise PublishError(
                Problem(f"{display_url(here)} redirects to {display_url(there)}: downloads use https only", code="TBX515")
            )
        request = following
    raise PublishError(Problem(f"{display_url(str(request.url))}: more than {_MAX_REDIRECTS} redirects", code="TBX515"))


def _body(http: Http, response: Response, skip: int) -> Iterator[bytes]:
    """Yield the bytes of an answer without the first `skip`: some servers ignore ranges."""
    with http.transient_errors("GET", str(response.request.url)):
        try:
            for chunk in response.iter_bytes() if _encoding(response) in _DECODED else response.iter_raw():
                rest = chunk[skip:]
                skip = max(skip - len(chunk), 0)
                if rest:
                    yield rest
        finally:
            response.close()


def _encoding(response: Response) -> str:
    return str(response.headers.get("Content-Encoding", "")).strip().lower()
