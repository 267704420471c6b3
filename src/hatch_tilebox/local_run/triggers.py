"""What an automation task gets besides its arguments: the event that triggered it.

On the wire its input is the message `workflows.v1.Automation {bytes trigger_event = 1; bytes args = 2}`. Sources: Tilebox's
published definitions, automation.proto; https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, RunError

if TYPE_CHECKING:
    from hatch_tilebox.core.model import Task

__all__ = ["with_trigger"]

_VARINT, _BYTES = 0, 2


def with_trigger(task: Task, arguments: bytes, trigger_time: str | None) -> bytes:
    """The input of `task`, whose own arguments are `arguments`, with the event that triggers it where it is an automation task.

    `trigger_time` is the time of a cron task in ISO 8601, None for now, as the SDK's `once()` has it. Raises RunError for a text
    that is not a time, a time for another task, and a task that storage events trigger.
    """
    if task.trigger != "cron" and trigger_time is not None:
        raise RunError(Problem(f"{task.name} {task.version} is not triggered by a cron schedule", "leave --trigger-time out"))
    if task.trigger is None:
        return arguments
    if task.trigger == "storage-event":
        message = (
            f"{task.name} {task.version} is an automation task that storage events trigger: they need Tilebox's storage locations"
        )
        raise RunError(Problem(message, "run a task that is not an automation, or test this one with the SDK's `once()`"))
    time = _parse_time(trigger_time) if trigger_time else datetime.now(timezone.utc)
    seconds = int(time.timestamp() // 1)
    timestamp = _field(1, seconds) + (_field(2, time.microsecond * 1000) if time.microsecond else b"")
    return _field(1, _field(1, timestamp)) + (_field(2, arguments) if arguments else b"")


def _parse_time(text: str) -> datetime:
    try:
        # Python 3.10 does not know `Z`.
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise RunError(Problem(f"--trigger-time {text!r} is not a time", "write it as 2026-08-01T06:00Z")) from None
    return found if found.tzinfo else found.astimezone()


def _field(number: int, value: int | bytes) -> bytes:
    """A field of a protobuf message: a number that is not negative, or bytes, which a message inside is, too."""
    if isinstance(value, int):
        return _varint(number << 3 | _VARINT) + _varint(value % 2**64)
    return _varint(number << 3 | _BYTES) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:  # noqa: PLR2004 -- seven bits a byte
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
