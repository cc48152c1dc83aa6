"""Which picture of a TIFF is the photo: not a preview that lies in front of it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, Literal

from PIL import Image as Pillow

from limner.errors import MediaError

_KIND, _OLD_KIND, _PHOTOMETRIC, _SUB_PICTURES = 254, 255, 262, 330
_EXTRA_SAMPLES = 338
_REDUCED, _MASK, _OLD_REDUCED = 1, 4, 2
_WIDTH, _BITS = 256, 258
_CMYK = 5
_LOOKED_AT = 256
"""Pictures among which the photo is looked for. Pillow takes a time that grows with the square of their number."""


def go_to_photo(opened: Pillow.Image, label: str) -> bool:
    """Moves an opened TIFF to its photo; whether that is another picture than its first.

    The first one counts unless it says that it is a reduced version of another: then the largest that says no such
    thing does.

    Raises:
        MediaError: all of it that can be read is a preview.
    """
    tags = _tags(opened)
    if not _is_reduced(tags):
        return False
    best, area = None, 0
    for page in range(1, _LOOKED_AT):
        try:
            opened.seek(page)
        except EOFError:
            break
        if not _is_reduced(_tags(opened)) and opened.width * opened.height > area:
            best, area = page, opened.width * opened.height
    if best is None:
        where = "inside another picture, as raw files of cameras have it" if _SUB_PICTURES in tags else "not in it"
        raise MediaError(
            f"{label}: holds a preview whose full picture is {where}; save it as a plain TIFF, PNG or JPEG"
        )
    opened.seek(best)
    return True


def count_pages(data: bytes) -> int:
    """How many pictures a TIFF has, told from the chain of its directories alone; damaged ones end it."""
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    big = int.from_bytes(data[2:4], order) == 43
    count_size, entry_size, offset_size = (8, 20, 8) if big else (2, 12, 4)
    seen: set[int] = set()
    at = int.from_bytes(data[8:16] if big else data[4:8], order)
    while 0 < at <= len(data) - count_size and at not in seen:
        seen.add(at)
        following = at + count_size + entry_size * int.from_bytes(data[at : at + count_size], order)
        at = int.from_bytes(data[following : following + offset_size], order)
    return len(seen)


def why_unreadable(data: bytes) -> str | None:
    """What is special about a TIFF that Pillow does not open."""
    from PIL import TiffImagePlugin

    try:
        head = TiffImagePlugin.ImageFileDirectory_v2(data[:8])
        file = io.BytesIO(data)
        file.seek(head.next)
        head.load(file)
        extra = head.get(_EXTRA_SAMPLES)
    except Exception:  # damaged
        return None
    if head.get(_PHOTOMETRIC) == _CMYK and extra:
        return "is CMYK with transparency, which cannot be read; save it as RGB, or without the transparency"
    bits, kind = head.get(_BITS, (1,)), head.get(_PHOTOMETRIC)
    if kind is None or head.get(_WIDTH) is None:
        return None
    what = f"{len(bits)} × {bits[0]} bits, photometric interpretation {kind}"
    return f"has samples of a kind that cannot be read ({what}), or is damaged; save it with 8 or 16 bits a channel"


def _tags(opened: Pillow.Image) -> Mapping[int, Any]:
    tags: Mapping[int, Any] = getattr(opened, "tag_v2", {})
    return tags


def _is_reduced(tags: Mapping[int, Any]) -> bool:
    return bool(int(tags.get(_KIND, 0)) & (_REDUCED | _MASK)) or tags.get(_OLD_KIND) == _OLD_REDUCED
