"""Which requests are sent again, how often, and after which wait."""

from __future__ import annotations

import email.utils
import errno
import random
import socket
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.progress import quantity
from hatch_tilebox.publish.http.libraries import httpx, tenacity

if TYPE_CHECKING:
    from collections.abc import Callable

    from hatch_tilebox.core.progress import Progress

Result = TypeVar("Result")

TRANSIENT = {408, 429, 500, *range(502, 600)}
"""Statuses that may change when the request is sent again. 501 is permanent: the server does not know the method."""
_WRONG_HOST_ATTEMPTS = 2
"""Attempts if the name does not resolve or the port refuses: the URL is wrong, or the service restarts."""
_REFUSED = {errno.ECONNREFUSED, getattr(errno, "WSAECONNREFUSED", errno.ECONNREFUSED)}


@dataclass(frozen=True)
class Retries:
    """How often a request is sent, and how long to wait between attempts.

    Waits are random, and their limit grows from `first` to `longest` seconds. If the server asks for a longer wait than `patience`
    seconds, the request fails.
    """

    attempts: int = 10
    first: float = 0.5
    longest: float = 30.0
    patience: float = 120.0

    def limit(self, error: TransientError) -> int:
        """Return how often a request is sent that fails with `error`."""
        return min(self.attempts, _WRONG_HOST_ATTEMPTS) if error.wrong_host else self.attempts

    def pause(self, failures: int) -> float:
        """Return the seconds to wait after `failures` failures in a row."""
        return random.uniform(0, min(self.first * 2.0 ** min(failures, 30), self.longest))  # noqa: S311 -- jitter


class TransientError(Exception):
    """A request failed in a way that may pass. `problem` is reported if it does not; `reason` is its short form.

    `wait` are the seconds that the server asks for. With `wrong_host`, the name does not resolve or the port refuses.
    """

    def __init__(self, problem: Problem, reason: str, *, wait: float = 0.0, wrong_host: bool = False) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.reason = reason
        self.wait = wait
        self.wrong_host = wrong_host


def persist(action: Callable[[], Result], retries: Retries, progress: Progress) -> Result:
    """Return the result of `action`, which is called again after a TransientError. Raises PublishError with the last problem."""

    def wait(state: tenacity.RetryCallState) -> float:
        return max(retries.pause(state.attempt_number - 1), _failure(state).wait)

    def stop(state: tenacity.RetryCallState) -> bool:
        return state.attempt_number >= retries.limit(_failure(state))

    def report(state: tenacity.RetryCallState) -> None:
        wait = state.next_action.sleep if state.next_action else 0.0
        report_retry(progress, _failure(state), state.attempt_number + 1, retries, wait)

    loop = tenacity.Retrying(
        stop=stop, retry=tenacity.retry_if_exception_type(TransientError), wait=wait, before_sleep=report, reraise=True
    )
    try:
        return loop(action)
    except TransientError as error:
        problem, attempts = error.problem, retries.limit(error)
        message = f"{problem.message} ({quantity(attempts, 'attempt')})"
        raise PublishError(problem._replace(message=message)) from None


def report_retry(progress: Progress, error: TransientError, attempt: int, retries: Retries, wait: float) -> None:
    """Show that attempt number `attempt` follows, and why."""
    progress.note(f"retrying ({attempt}/{retries.limit(error)}): {error.reason}")
    progress.detail(f"{error.problem.message}; next attempt in {wait:.1f} s")


def _failure(state: tenacity.RetryCallState) -> TransientError:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, TransientError):
        raise TypeError(error)
    return error


def is_certificate_error(error: BaseException) -> bool:
    """Whether the certificate of the server is not trusted."""
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))


def short_reason(error: BaseException) -> tuple[str, bool]:
    """Return why a connection failed, in a few words, and whether the host or the port is wrong."""
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return "the host name does not resolve", True
        if isinstance(cause, OSError) and cause.errno in _REFUSED:
            return "connection refused", True
        if isinstance(cause, TimeoutError):
            return "timed out", False
    return ("timed out" if isinstance(error, httpx.TimeoutException) else "connection lost"), False


def retry_after(value: str) -> float:
    """Return the seconds of a Retry-After header, a number or a date. Source: RFC 9110, section 10.2.3."""
    if value.isdecimal():
        return float(value)
    try:
        date = email.utils.parsedate_tz(value)
        return max(email.utils.mktime_tz(date) - time.time(), 0.0) if date else 0.0
    except (ValueError, OverflowError, TypeError):  # such as February 30
        return 0.0


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in found:
        found.append(cause)
        cause = cause.__cause__ or cause.__context__
    return found
