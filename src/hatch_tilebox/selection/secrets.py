"""Files that look like secrets. They stop a build, since a release cannot be withdrawn from runners that downloaded it."""

from __future__ import annotations

import json
import os
import re
from bisect import bisect
from collections import defaultdict
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from hatch_tilebox.core.constants import OPTIONS_PLACE
from hatch_tilebox.core.errors import Location, Problem, SelectionError
from hatch_tilebox.selection.patterns.globs import escape, exclude_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hatch_tilebox.core.model import FileSet, SelectedFile

HEAD = 256 << 10
"""Number of bytes that are read from the start of a file."""
STEP = 3 * HEAD
"""Number of bytes that are searched together: it takes about as long as the compressor needs for a chunk, and both work at once."""

_BINARY_PROBE = 8192
_NAMES = {
    ".cdsapirc": "the key of a Climate Data Store account",
    ".dockercfg": "registry logins",
    ".ecmwfapirc": "the key of an ECMWF account",
    ".env": "settings that usually hold secrets",
    ".git-credentials": "logins for git",
    ".htpasswd": "password hashes",
    ".netrc": "logins",
    "_netrc": "logins",
    ".pgpass": "database passwords",
    ".pypirc": "package index logins",
    ".s3cfg": "keys of an object store",
    "application_default_credentials.json": "a Google Cloud login",
    "id_dsa": "an SSH key",
    "id_ecdsa": "an SSH key",
    "id_ed25519": "an SSH key",
    "id_rsa": "an SSH key",
}
_PATHS = {".aws/credentials": "AWS keys", ".docker/config.json": "registry logins", ".kube/config": "a Kubernetes login"}
_PATH_NAMES = {path.rpartition("/")[2] for path in _PATHS}
_SUFFIXES = {
    ".env": "settings that usually hold secrets",
    ".jks": "a key store",
    ".kdbx": "a password store",
    ".keystore": "a key store",
    ".p12": "a certificate with its private key",
    ".pfx": "a certificate with its private key",
    ".ppk": "an SSH key",
}
_ENDINGS = frozenset(text[-3:] for text in (*_NAMES, *_PATHS, *_SUFFIXES))
"""The last three characters, which decide for nearly all names: `_by_name` is called for tens of thousands of files."""
_EXAMPLE = r"(?:^|[._-])(?:dist|example|sample|template|tmpl)(?:[._-]|$)"


class _Detector(NamedTuple):
    """`regex` finds `what` in a text. Every such text contains one of `hints`, and searching these is much faster."""

    what: str
    hints: tuple[bytes, ...]
    regex: bytes  # compiled where it is used first: most files contain no hint


_KEY_HEADER = rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
_ASSIGNED = rb"[\"']?\s*\]?\s*[:=]\s*[\"']?"
_DETECTORS = (
    _Detector(
        "a private key",
        (b"PRIVATE KEY",),
        # Only with the key itself, in a file or in a string: code that searches for the header is not a secret.
        _KEY_HEADER + rb"(?:\s|\\n|\\r|[\"'+,]|[A-Za-z-]+: [^\n]*\n)*[A-Za-z0-9+/]{20}",
    ),
    _Detector(
        "a Tilebox API key",
        (b"TILEBOX_API_KEY", b"tilebox_api_key", b"api.tilebox.com", b"Client("),
        (
            rb"(?i)(?:tilebox_api_key" + _ASSIGNED + rb"|\bClient\([^()]*\btoken\s*=\s*[\"']|api\.tilebox\.com[^\n]*bearer\s+)"
            rb"(?P<value>[A-Za-z0-9_.~+/=-]{16,})"
        ),
    ),
    _Detector("an AWS access key", (b"AKIA", b"ASIA"), rb"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    _Detector(
        "a secret key of an object store",
        (b"SECRET", b"secret"),
        rb"(?i)secret(?:_access)?_key" + _ASSIGNED + rb"(?P<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
    ),
    _Detector(
        "a GitHub token",
        (b"ghp_", b"gho_", b"ghs_", b"github_pat_"),
        rb"\b(?:gh[pos]_[A-Za-z0-9]{36}|github_pat_\w{60,})",
    ),
    _Detector("a GitLab token", (b"glpat-",), rb"\bglpat-[\w-]{20,}"),
    _Detector("a PyPI token", (b"pypi-AgE",), rb"\bpypi-AgE[\w-]{50,}"),
    _Detector("a Google API key", (b"AIza",), rb"\bAIza[\w-]{35}\b"),
    _Detector("a Slack token", (b"xox",), rb"\bxox[abprs]-[0-9A-Za-z-]{20,}"),
)
_HINTS = tuple((hint, detector) for detector in _DETECTORS for hint in detector.hints)
_RARE = b"AxgCc"
"""Bytes of which each hint contains one, those that are rarest in source code first."""


@cache
def _searches() -> tuple[re.Pattern[bytes], ...]:
    """Return patterns, of which one matches in every text that contains a hint.

    `re` looks for the first byte of a pattern as fast as for a byte alone, and around it only where it is. So these five patterns
    take a third of the time of a search for each hint, and little more than an automaton in native code.
    """
    around: dict[bytes, list[bytes]] = defaultdict(list)
    for hint, _ in _HINTS:
        at = next(hint.index(byte) for byte in _RARE if byte in hint)
        byte, after = re.escape(hint[at : at + 1]), re.escape(hint[at + 1 :])
        around[byte].append(b"%b(?<=%b)" % (after, re.escape(hint)) if at else after)
    return tuple(re.compile(b"%b(?:%b)" % (byte, b"|".join(alternatives))) for byte, alternatives in around.items())


# What documentation writes in the place of a value.
_PLACEHOLDER = rb"(?i)your|example|replace|change|placeholder|dummy|x{4,}|\*{4,}|\.{3,}|0{8,}"


def search_secrets(
    files: FileSet, allow_secrets: Sequence[str] = (), contents: Mapping[str, bytes] | None = None
) -> Iterator[tuple[Problem, ...]]:
    """Search the files in steps of about `STEP` bytes. Yield warnings after each step: all come at the end.

    They are about entries of `allow_secrets`, paths that may be released all the same, that have no effect.
    A file is judged by its name, by the name of a link's target, and by the first 256 KiB of its text. Problems name the kind of
    secret and never show it. `contents` are the contents of some of the files by their paths, where they are already known.
    Raises SelectionError at the end, with all files that look like secrets and are not allowed.
    """
    allowed = {_plain(path): path for path in allow_secrets}
    used: set[str] = set()
    problems: list[Problem] = []
    for batch in _batches(files.files, contents or {}):
        for path, what, line in _findings(batch):
            if path in allowed:
                used.add(path)
            else:
                problems.append(_problem(path, what, line))
        yield ()
    if problems:
        raise SelectionError(*problems)
    paths = {file.path for file in files.files} if allowed else set()
    yield tuple(
        Problem(
            f'allow-secrets names "{written}", which ' + ("does not look like a secret" if path in paths else "is not selected"),
            f"remove it from allow-secrets {OPTIONS_PLACE}",
            code="TBX111",
        )
        for path, written in allowed.items()
        if path not in used
    )


def _batches(files: Iterable[SelectedFile], contents: Mapping[str, bytes]) -> Iterator[list[tuple[str, str | None, bytes]]]:
    """Yield paths with the kind of secret that a name says, or else with the text to search, which is empty for binary files."""
    batch: list[tuple[str, str | None, bytes]] = []
    size = 0
    for file in files:
        what = _by_name(file.path)
        if what is None and file.link:
            what = _by_name(os.path.realpath(file.on_disk).replace(os.sep, "/"))
        head = b""
        if what is None:
            content = contents.get(file.path)
            head = _head(file) if content is None else content[:HEAD]
            if head.find(b"\0", 0, _BINARY_PROBE) >= 0:
                head = b""
        batch.append((file.path, what, head))
        size += len(head)
        if size >= STEP:
            yield batch
            batch, size = [], 0
    yield batch


def _findings(batch: Sequence[tuple[str, str | None, bytes]]) -> Iterator[tuple[str, str, int]]:
    """Yield the path of each secret with its kind and its line, 0 for the file as a whole."""
    suspects = _with_hints([head for _, _, head in batch])
    for index, (path, what, head) in enumerate(batch):
        if what is not None:
            yield path, what, 0
        elif index in suspects:
            for detector in {detector: None for hint, detector in _HINTS if hint in head}:
                match = next((match for match in re.finditer(detector.regex, head) if _is_real(match)), None)
                if match is not None:
                    yield path, detector.what, head.count(b"\n", 0, match.start()) + 1


def _with_hints(texts: Sequence[bytes]) -> set[int]:
    """Return the indices of the texts with a hint. They are searched together: many small searches would take longer."""
    ends = list(accumulate(len(text) + 1 for text in texts))
    together = b"\n".join(texts)
    return {bisect(ends, match.start()) for search in _searches() for match in search.finditer(together)}


def _head(file: SelectedFile) -> bytes:
    with open(file.on_disk, "rb") as opened:
        return opened.read(HEAD)


def _by_name(path: str) -> str | None:
    folded = path.lower()
    if folded[-3:] not in _ENDINGS and ".env." not in folded:
        return None
    name = folded.rpartition("/")[2]
    what = _NAMES.get(name)
    if what is None and name in _PATH_NAMES:
        what = next((what for end, what in _PATHS.items() if f"/{path}".endswith(f"/{end}")), None)
    if what is None:
        what = _NAMES[".env"] if name.startswith(".env.") else _SUFFIXES.get(name[name.rfind(".") :] if "." in name else "")
    return None if what is None or re.search(_EXAMPLE, name) else what


def _is_real(match: re.Match[bytes]) -> bool:
    """Whether the value is not a placeholder: a real one contains letters and digits."""
    value = match.groupdict().get("value")
    if value is None:
        return not re.search(_PLACEHOLDER, match[0])
    return bool(re.search(rb"\d", value) and re.search(rb"[A-Za-z]", value)) and not re.search(_PLACEHOLDER, value)


def _problem(path: str, what: str, line: int) -> Problem:
    allow = json.dumps(path, ensure_ascii=False)
    hint = f"leave it out: {exclude_line(escape(path))}; if it may be released: allow-secrets = [{allow}] {OPTIONS_PLACE}"
    if line:
        return Problem(f"the file contains {what}; a release must not contain secrets", hint, Location(path, line), code="TBX110")
    return Problem(f"the file looks like {what}; a release must not contain secrets", hint, Location(path), code="TBX110")


def _plain(path: str) -> str:
    return path.replace("\\", "/").removeprefix("./")
