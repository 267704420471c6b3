"""Uploads of blobs to a registry, in pieces, resumed after errors. Source: the OCI distribution specification, version 1.1"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.publish.http.client import Body
from hatch_tilebox.publish.http.origins import same_service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.publish.http.client import Response
    from hatch_tilebox.publish.oci.authorization import Registry

    Read = Callable[[int, int], Iterator[bytes]]

PIECE = 8 * 2**20
"""The largest request in bytes. A smaller blob is sent in one request, which every registry supports."""
_SESSIONS = 12


class BlobUpload:
    """Uploads to a repository."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def send(self, digest: str, size: int, read: Read, progress: Progress) -> None:
        """Upload a blob, unless the registry has it. `read` returns the bytes from start to stop. The registry checks the digest.

        Raises PublishError if the registry refuses it or the upload fails.
        """
        read = partial(_counting, read, size, progress)
        for _ in range(_SESSIONS):
            if self._registry.send("HEAD", f"{self._registry.base}/blobs/{digest}").status_code == 200:  # noqa: PLR2004 -- OK
                return
            location = self._start()
            ready = self._send_pieces(location, size, read) if size > PIECE else (location, 0)
            if ready and self._finish(*ready, digest, size, read):
                return
        message = f"{self._registry.base} interrupts every upload of {digest}"
        raise PublishError(Problem(message, hint="publish again later; nothing is sent twice"))

    def _start(self) -> str:
        url = f"{self._registry.base}/blobs/uploads/"
        response = self._registry.send("POST", url, body=b"")
        return _location(self._registry.expect(202, response, "the registry does not accept the upload"), url)

    def _send_pieces(self, location: str, size: int, read: Read) -> tuple[str, int] | None:
        """Send all pieces. Return where to finish and how many bytes the registry has, or None if the upload is lost."""
        start = failures = 0
        while start < size:
            stop = min(start + PIECE, size)
            headers = {"Content-Type": "application/octet-stream", "Content-Range": f"{start}-{stop - 1}"}
            body = Body(partial(read, start, stop), stop - start)
            response = self._registry.attempt("PATCH", location, body=body, headers=headers)
            if response is None or response.status_code != 202:  # noqa: PLR2004 -- Accepted
                # Ask how many bytes arrived, if the registry still knows this upload.
                response = self._registry.send("GET", location)
                failures += 1
                if response.status_code not in {200, 204} or failures > _SESSIONS:
                    return None
                location, start = _location(response, location), min(_received(response, start), size)
                continue
            before, location, start = start, _location(response, location), _received(response, stop)
            failures += start <= before  # the registry accepts pieces, but has no more bytes than before
            if start > stop or failures > _SESSIONS:
                return None
        return location, size

    def _finish(self, location: str, start: int, digest: str, size: int, read: Read) -> bool:
        """Send the bytes from `start` on, and the digest. Return False if the upload has to be checked again."""
        url = f"{location}{'&' if '?' in location else '?'}digest={quote(digest, safe='')}"
        body = Body(partial(read, start, size), size - start)
        response = self._registry.attempt("PUT", url, body=body, headers={"Content-Type": "application/octet-stream"})
        if response is None or response.status_code in {404, 416}:
            return False
        self._registry.expect(201, response, "the registry does not accept the archive")
        return True


def _counting(read: Read, size: int, progress: Progress, start: int, stop: int) -> Iterator[bytes]:
    for chunk in read(start, stop):
        yield chunk
        start += len(chunk)
        progress.transferred(start, size)


def _location(response: Response, base: str) -> str:
    return same_service(base, str(response.headers.get("Location", base)))


def _received(response: Response, expected: int) -> int:
    """Return how many bytes the registry has: "Range: 0-1023" means 1024, but "0-0" may mean none."""
    match = re.fullmatch(r"(?:bytes=)?0-([0-9]{1,15})", response.headers.get("Range", ""))
    if not match:
        return expected
    last = int(match[1])
    return last + 1 if last else 0
