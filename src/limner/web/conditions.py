"""What a request asks of a file beyond its name: a coding, another version than it has, a part of it (RFC 9110)."""

from __future__ import annotations

import re
from collections.abc import Collection

_ETAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_RANGE = re.compile(r"bytes=\s*(\d*)-(\d*)\s*", re.ASCII | re.IGNORECASE)
_WEIGHT = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII | re.IGNORECASE)
PREFERRED = ("br", "gzip", "identity")


class UnsatisfiableError(Exception):
    """A part was asked for that the file does not have."""


def coding(accepted: str | None, there: Collection[str]) -> str | None:
    """Of the codings that are there, the one that weighs most in Accept-Encoding; None where none will do.

    Among equals br comes before gzip, and gzip before identity. ``there`` always has identity.
    """
    weights: dict[str, float] = {}
    for item in (accepted or "").split(","):
        name, *options = (part.strip() for part in item.split(";"))
        found = [_WEIGHT.fullmatch(option) for option in options]
        weight = float(found[0][1]) if found and found[0] else (1.0 if not options else 0.0)
        weights[{"x-gzip": "gzip"}.get(name.lower(), name.lower())] = weight
    other = weights.get("*", 0.0)
    allowed = {name: weights.get(name, other) for name in PREFERRED}
    if "identity" not in weights and weights.get("*") != 0.0:
        allowed["identity"] = min(weights.get("*", 0.001), 0.001)  # always allowed, but what was named comes first
    best = max((name for name in PREFERRED if name in there), key=lambda name: allowed[name])
    return best if allowed[best] > 0 else None


def names(field: str, etag: str, *, weak: bool) -> bool:
    """Whether a list of entity tags, or ``*``, has ``etag``. ``weak``: a weak tag of the same name counts as well."""
    if field.strip() == "*":
        return True
    return any(tag == etag and (weak or not is_weak) for is_weak, tag in _ETAG.findall(field))


def part(field: str, size: int) -> tuple[int, int] | None:
    """First byte and number of bytes of the part that Range asks for; None where the whole file is the answer.

    Units other than bytes, several parts at once and what is no range are ignored, as RFC 9110 allows.

    Raises:
        UnsatisfiableError: the part begins after the end of the file, or is empty.
    """
    found = _RANGE.fullmatch(field)
    if found is None or not (found[1] or found[2]):
        return None
    first, last = (None if text == "" else _number(text) for text in found.groups())
    if first is None:
        if last == 0 or size == 0:
            raise UnsatisfiableError
        length = min(last or 0, size)
        return size - length, length
    if last is not None and last < first:
        return None
    if first >= size:
        raise UnsatisfiableError
    return first, (size - 1 if last is None else min(last, size - 1)) - first + 1


def _number(digits: str) -> int:
    """As int(), which takes 4300 digits at most; no file is longer than what 18 can say."""
    digits = digits.lstrip("0")
    return int(digits or "0") if len(digits) <= 18 else 10**18
