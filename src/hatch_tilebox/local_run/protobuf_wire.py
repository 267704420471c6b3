"""The wire format of protobuf messages, for the few that a local run writes itself.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

_VARINT, _BYTES = 0, 2


def encode_field(number: int, value: int | bytes) -> bytes:
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
