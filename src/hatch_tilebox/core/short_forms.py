"""Short forms of ids and times, for people, and lists of names. JSON, `-v` and output that is not a terminal have ids whole."""

from __future__ import annotations

import os
import re
from datetime import datetime, timezone
from itertools import pairwise
from typing import TYPE_CHECKING

from hatch_tilebox.core.progress import quantity

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

SHORT = 8
"""The characters of a short id, and the least that select a release."""
_LONG_ID = re.compile(r"(?:sha256:)?[0-9a-f][0-9a-f-]{15,}", re.IGNORECASE)
_UNITS = ((365 * 86400, "year"), (30 * 86400, "month"), (7 * 86400, "week"), (86400, "day"), (3600, "hour"), (60, "minute"))


def short_id(identifier: str) -> str:
    """Return the first 8 characters of a UUID or digest. Other identifiers, such as the names that a plugin gives, stay whole."""
    return short_ids([identifier])[identifier]


def short_ids(identifiers: Collection[str]) -> dict[str, str]:
    """Return the short forms of ids by the ids: of UUIDs and digests 8 characters, or as many more as distinguish them."""
    texts = sorted({_bare(identifier) for identifier in identifiers})
    lengths = dict.fromkeys(texts, SHORT)
    for one, other in pairwise(texts):  # of all, the neighbours of an id have the longest beginning in common with it
        shared = len(os.path.commonprefix([one, other])) + 1  # noqa: RUF071 -- characters, not paths
        lengths[one], lengths[other] = max(lengths[one], shared), max(lengths[other], shared)
    return {each: _cut(each, lengths[_bare(each)]) for each in identifiers}


def _cut(identifier: str, length: int) -> str:
    if not _LONG_ID.fullmatch(identifier):
        return identifier
    text = _bare(identifier)
    return text[: length + text.startswith("-", length - 1)]


def is_start_of(start: str, identifier: str) -> bool:
    """Whether `start` has enough characters to select an id, and the id begins with it."""
    return len(_bare(start)) >= SHORT and _bare(identifier).startswith(_bare(start))


def format_age(timestamp: str, now: datetime | None = None) -> str:
    """Return how long ago an RFC 3339 timestamp was: "3 hours ago". Another text is returned as it is."""
    try:
        # Python 3.10 reads neither `Z` nor nanoseconds.
        then = datetime.fromisoformat(re.sub(r"\.\d+", "", timestamp).replace("Z", "+00:00").replace("z", "+00:00"))
    except ValueError:
        return timestamp
    now = now or datetime.now(timezone.utc)
    seconds = int((now - (then if then.tzinfo else then.replace(tzinfo=timezone.utc))).total_seconds())
    if seconds < 0:
        return timestamp  # the clocks differ; a date says more than "in 3 hours"
    for size, unit in _UNITS:
        if count := seconds // size:
            return f"{quantity(count, unit)} ago"
    return "just now"


def _bare(identifier: str) -> str:
    return identifier.lower().removeprefix("sha256:")


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence has them: "a, b and c"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def short_list(names: Sequence[str], most: int) -> str:
    """Return at most as many names as `most`, and the number of others: "a, b and 3 more"."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
