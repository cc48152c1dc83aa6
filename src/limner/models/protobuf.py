"""Takes messages of Protocol Buffers apart, field by field, and puts them together again, without their package.

See https://protobuf.dev/programming-guides/encoding/ for the wire format.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Field = tuple[int, int, bytes | int]
"""Number, wire type and value of one field of a message: bytes where it has a length, else a whole number."""
VARINT = 0
_FIXED64, _LENGTH, _FIXED32 = 1, 2, 5


def decode(message: bytes) -> list[Field]:
    """The fields of a message, in order; ValueError where it is none."""
    fields: list[Field] = []
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        number, kind = key >> 3, key & 7
        value: bytes | int
        if kind == VARINT:
            value, place = _varint(message, place)
        elif kind in (_LENGTH, _FIXED32, _FIXED64):
            size, place = _varint(message, place) if kind == _LENGTH else (4 if kind == _FIXED32 else 8, place)
            value, place = message[place : place + size], place + size
            if place > len(message):
                raise ValueError("it ends in the middle of a field")
        else:
            raise ValueError(f"it has a field of the unknown wire type {kind}")
        fields.append((number, kind, value))
    return fields


def encode(fields: Iterable[Field]) -> bytes:
    """The message of these fields."""
    parts: list[bytes] = []
    for number, kind, value in fields:
        parts.append(_as_varint(number << 3 | kind))
        if isinstance(value, int):
            parts.append(_as_varint(value))
        else:
            parts += [_as_varint(len(value)), value] if kind == _LENGTH else [value]
    return b"".join(parts)


def texts(fields: Sequence[Field], number: int) -> list[str]:
    """All values of a field that is text; ValueError where it is none."""
    return [as_bytes(value).decode() for own, _, value in fields if own == number]


def as_bytes(value: bytes | int) -> bytes:
    """The value of a field that has a length; ValueError where it has none."""
    if isinstance(value, int):
        raise ValueError("it has a number where bytes belong")
    return value


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7


def _as_varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)
