"""Files and folders of a release store: which ones belong to it, and what they hold."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.files import file_digest
from hatch_tilebox.core.identifiers import slug_fault
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.core.paths import open_regular

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_tilebox.plugins.destination import Attachment, LocalRelease

RELEASE_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_VERSION_LENGTH = 100
"""The characters of a version that the name of a record has."""
_RECORD = re.compile(rf"[0-9]{{8,12}}-(?:[A-Za-z0-9.!+_-]{{1,{_VERSION_LENGTH}}}-)?{RELEASE_ID.pattern}\.json")
_WITHOUT_VERSION = re.compile(rf"{RELEASE_ID.pattern}\.json")
"""The end of the name of a record that an earlier hatch-tilebox wrote."""
_IDS = uuid.UUID("6f0d54a8-6a3c-5f0e-9a55-0d6d3c1b7e11")
_MAX_FILE = 2**16
"""The largest size in bytes of a file that is not an archive."""
_ABANDONED = 24 * 3600
"""Seconds after which a file in `incoming` was left by a crash."""


def read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file, empty if it is something else. Raises OSError if it cannot be read."""
    with open_regular(path) as file:
        data = file.read(_MAX_FILE + 1)
    try:
        value = parse_json(data) if len(data) <= _MAX_FILE else None
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def records(folder: Path) -> list[str]:
    """Return the names of the records of a workflow, the oldest first. Other files, such as copies, are ignored.

    Names, because a workflow may have thousands of releases, and creating a `Path` takes as long as reading a record.
    """
    try:
        return sorted(filter(_RECORD.fullmatch, os.listdir(folder)))  # noqa: PTH208 -- names, see above
    except FileNotFoundError:
        return []


def name_of_record(version: str, identifier: str) -> str:
    """Return the name of the record of a release without its number."""
    return f"{version[:_VERSION_LENGTH]}-{identifier}.json"


def is_record_of(record: str, version: str, identifier: str) -> bool:
    """Whether a record has the name of this release."""
    return record.partition("-")[2] in {name_of_record(version, identifier), f"{identifier}.json"}


def is_named_by(record: str, version: str) -> bool:
    """Whether the release of a record may have this version: versions that begin alike may have the same name."""
    name = record.partition("-")[2]
    return name.startswith(f"{version[:_VERSION_LENGTH]}-") or _WITHOUT_VERSION.fullmatch(name) is not None


def release_id(release: LocalRelease) -> str:
    """Return the id of a release in a store, which is computed from its content."""
    return str(uuid.uuid5(_IDS, f"{release.workflow}/{release.manifest.fingerprint}/{release.artifact.sha256}"))


def new_record(release: LocalRelease, digest: str, now: str) -> bytes:
    """Return the record of a release whose archive is the blob `digest`."""
    project = release.manifest.project
    record = {
        "id": release_id(release),
        "workflow": release.workflow,
        "project": {"name": project.name, "version": project.version},
        "digest": digest,
        "size": release.artifact.size,
        "fingerprint": release.manifest.fingerprint,
        "created_at": now,
    }
    return json.dumps(record, indent=2).encode() + b"\n"


def notes(folder: Path) -> list[Path]:
    """Return the files that record what is deployed to a cluster."""
    return sorted(path for path in listed(folder) if path.suffix == ".json" and not slug_fault(path.stem))


def folders(folder: Path) -> list[Path]:
    """Return the folders whose name is a slug."""
    return sorted(path for path in listed(folder) if not slug_fault(path.name) and path.is_dir())


def names_of(attachment: Attachment) -> tuple[str, str]:
    """Return the name of a document, and the one that it has if another document has that name."""
    return attachment.name, f"{hashlib.sha256(attachment.content).hexdigest()[:16]}-{attachment.name}"


def listed(folder: Path) -> list[Path]:
    """Return the entries of a folder, none if it does not exist."""
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []


def is_whole(blob: Path, digest: str) -> bool:
    """Whether the blob exists and has the digest in its name: a disk may have damaged it."""
    try:
        return file_digest(blob) == digest
    except FileNotFoundError:
        return False


def sweep(incoming: Path) -> None:
    """Remove files of crashed uploads."""
    for path in listed(incoming):
        with suppress(OSError):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and time.time() - status.st_mtime > _ABANDONED:
                path.unlink()
