"""The events that trigger automation tasks.

The input of an automation task is the message `workflows.v1.Automation {bytes trigger_event = 1; bytes args = 2}`. Sources:
automation.proto and storage_location.proto in Tilebox's published definitions, and https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from hatch_tilebox.core.errors import Problem, RunError

if TYPE_CHECKING:
    from hatch_tilebox.core.model import Task

EVENTS = {"created": 1}
"""The numbers of storage events."""
_BUCKETS = {"gs://": (1, 2), "s3://": (2, 1)}
"""The number of the storage type, and of the field of its reference."""
_LOCAL = (3, 4)
"""The same for a folder."""
_VARINT, _BYTES = 0, 2
"""Kinds of fields on the wire."""


@dataclass(frozen=True)
class Trigger:
    """What triggers an automation task, as the user wrote it. None is not given.

    `time` is the time of a cron trigger in ISO 8601. `object` is the path of an object in the storage location `location`, which is
    a folder, `gs://BUCKET` or `s3://BUCKET`. `event` is the event of a storage trigger.
    """

    time: str | None = None
    object: str | None = None
    location: str | None = None
    event: str | None = None


@dataclass(frozen=True)
class TriggeredInput:
    """The input of a task, and the serialized `StorageLocations` that a worker needs to read it; b"" if it needs none."""

    data: bytes
    storage_locations: bytes = b""


def with_trigger(task: Task, arguments: bytes, trigger: Trigger) -> TriggeredInput:
    """Return the input of `task` with these `arguments`, and with its trigger if it is an automation task.

    As in the SDK's `once()`, a cron task without a time is triggered now, and a storage event is "created" by default. Raises
    RunError if the trigger is not one of `task`, is not valid, or if a storage event has no object.
    """
    named = f"{task.name} {task.version}"
    if task.trigger != "cron" and trigger.time is not None:
        raise RunError(Problem(f"{named} is not triggered by a cron schedule", "remove --trigger-time", code="TBX605"))
    if task.trigger != "storage-event" and {trigger.object, trigger.location, trigger.event} != {None}:
        raise RunError(
            Problem(f"{named} is not triggered by storage events", "remove --object, --location and --event", code="TBX605")
        )
    if task.trigger is None:
        return TriggeredInput(arguments)
    if task.trigger == "cron":
        time = _parse_time(trigger.time) if trigger.time else datetime.now(timezone.utc)
        nanoseconds = _field(2, time.microsecond * 1000) if time.microsecond else b""
        event, locations = _field(1, _field(1, int(time.timestamp() // 1)) + nanoseconds), b""
    else:
        if trigger.object is None:
            raise RunError(
                Problem(f"{named} is triggered by storage events, but no object is given", "add --object PATH", code="TBX605")
            )
        try:
            event, locations = _storage_event(trigger.object, trigger.location, EVENTS[trigger.event or "created"])
        except UnicodeEncodeError:
            message = f"the storage event of {named} has a path or a location that is not UTF-8"
            raise RunError(Problem(message, "rename the file or the folder", code="TBX605")) from None
    return TriggeredInput(_field(1, event) + (_field(2, arguments) if arguments else b""), locations)


def _storage_event(path: str, location: str | None, event: int) -> tuple[bytes, bytes]:
    """Return a serialized `TriggeredStorageEvent`, and the `StorageLocations` with its storage location."""
    location_id = _field(1, uuid4().bytes)
    scheme = next((scheme for scheme in _BUCKETS if location and location.startswith(scheme)), None)
    if location and scheme:
        (kind, reference), place = _BUCKETS[scheme], location.removeprefix(scheme).rstrip("/")
    else:
        (kind, reference), place = _LOCAL, str(_folder(path, location))
        path = Path(path).name if location is None and Path(path).is_absolute() else path
    storage = b"".join(
        (
            _field(1, location_id),
            _field(2, place.encode()),
            _field(3, kind),
            _field(4, (location or place).encode()),
            _field(5, _field(reference, _field(1, place.encode())) + _field(5, kind)),
        )
    )
    triggered = _field(1, location_id) + _field(2, event) + _field(3, path.encode())
    return triggered, _field(1, storage)


def _folder(path: str, location: str | None) -> Path:
    """Return the local storage location: by default the folder of an absolute `path`, else the current folder."""
    if location is None:
        return Path(path).parent if Path(path).is_absolute() else Path.cwd()
    folder = Path(location).absolute()
    if not folder.is_dir():
        hint = "--location is a folder, gs://BUCKET or s3://BUCKET"
        raise RunError(Problem(f"the storage location {location!r} is not a folder", hint, code="TBX605"))
    return folder


def _parse_time(text: str) -> datetime:
    try:
        # Python 3.10 does not accept `Z`.
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise RunError(Problem(f"--trigger-time {text!r} is not a time", "write it as 2026-08-01T06:00Z", code="TBX605")) from None
    return found if found.tzinfo else found.astimezone()


def _field(number: int, value: int | bytes) -> bytes:
    """Return a field of a message: an integer, or bytes, which also encode strings and nested messages."""
    if isinstance(value, int):
        return _varint(number << 3 | _VARINT) + _varint(value % 2**64)
    return _varint(number << 3 | _BYTES) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:  # noqa: PLR2004 -- seven bits in each byte
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
