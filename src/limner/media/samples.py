"""Samples of every kind of photo as 8 bits a channel: what is white, what is transparent, what was multiplied in.

Pillow hands some samples over as they lie in the file: transparent values of PNG unscaled, grey of 12 and 16 bits
without its range, grey that alpha was multiplied into.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from limner.errors import MediaError

Pixels = NDArray[np.uint8]

_DIRECT = frozenset(("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV"))
_BITS, _PHOTOMETRIC, _WHITE_IS_ZERO = 258, 262, 0


def eight_bit(opened: Pillow.Image, data: bytes, label: str) -> tuple[Pillow.Image, Pixels | None]:
    """The colours, in a mode that a profile may be for (L, RGB or CMYK), and the transparency if there is any.

    Args:
        opened: a decoded photo, not turned yet.
        data: the file it comes from.

    Raises:
        MediaError: its samples have no known range.
    """
    if opened.mode.startswith("I;16"):
        return _wide_grey(opened, data)
    if opened.mode not in _DIRECT:
        raise MediaError(
            f"{label}: has samples of kind {opened.mode}, whose range nobody knows; save it with 8 or 16 bits a channel"
        )
    alpha = _png_alpha(opened, data)
    if alpha is not None:
        return _plain(opened), _unless_opaque(alpha)
    if opened.mode == "La":
        return _divided(opened)
    if opened.mode in ("LA", "PA", "RGBA", "RGBa") or "transparency" in opened.info:
        rgba = opened.convert("RGBA")
        return rgba.convert("RGB"), _unless_opaque(np.array(rgba.getchannel("A")))
    return _plain(opened), None


def _plain(image: Pillow.Image) -> Pillow.Image:
    if image.mode in ("L", "RGB", "CMYK"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _unless_opaque(alpha: Pixels) -> Pixels | None:
    return None if alpha.min() == 255 else alpha


def _wide_grey(opened: Pillow.Image, data: bytes) -> tuple[Pillow.Image, Pixels | None]:
    """Grey of 10 to 16 bits."""
    wide = np.asarray(opened).astype(np.uint32)
    bits, inverted = 16, False
    tags: Mapping[int, Any] | None = getattr(opened, "tag_v2", None)
    if tags is not None:
        bits = min(16, int(tags.get(_BITS, (16,))[0]))
        inverted = tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
    white = (1 << bits) - 1
    grey = ((np.minimum(wide, white) * 255 + white // 2) // white).astype(np.uint8)
    clear = opened.info.get("transparency")
    alpha = None if not isinstance(clear, int) else np.where(wide == clear, 0, 255).astype(np.uint8)
    return Pillow.fromarray(255 - grey if inverted else grey), None if alpha is None else _unless_opaque(alpha)


def _divided(opened: Pillow.Image) -> tuple[Pillow.Image, Pixels | None]:
    """Grey that alpha was multiplied into, divided by it again."""
    both = np.asarray(opened).astype(np.uint16)
    grey, alpha = both[..., 0], both[..., 1]
    part = np.maximum(alpha, 1)
    straight = np.minimum((grey * 255 + part // 2) // part, 255).astype(np.uint8)
    return Pillow.fromarray(straight), _unless_opaque(alpha.astype(np.uint8))


def _png_alpha(opened: Pillow.Image, data: bytes) -> Pixels | None:
    """The alpha of a grey or RGB PNG that names one value as transparent; None for all else."""
    clear = opened.info.get("transparency")
    if opened.format != "PNG" or clear is None or opened.mode not in ("1", "L", "RGB"):
        return None
    bits = data[24]  # of a sample, in the header that every PNG begins with
    if opened.mode == "RGB":
        raw = _raw_rgb(data) if bits == 16 else np.asarray(opened)
        if raw is None:
            return None
        hit = (raw == np.array(clear, raw.dtype)).all(axis=2)
    else:
        value = int(cast("int", clear))
        scale = 1 if bits == 1 else 255 // ((1 << bits) - 1)  # of one bit, Pillow scales the value too
        hit = np.asarray(opened.convert("L")) == value * scale
    return np.where(hit, 0, 255).astype(np.uint8)


def _raw_rgb(data: bytes) -> NDArray[np.uint16] | None:
    """All 16 bits of an RGB PNG, of which Pillow keeps eight; without the chunk that makes OpenCV apply it."""
    picture = cv2.imdecode(np.frombuffer(_without_chunk(data, b"tRNS"), np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.dtype != np.uint16 or picture.ndim != 3 or picture.shape[2] < 3:
        return None
    return np.ascontiguousarray(picture[..., 2::-1]).astype(np.uint16, copy=False)


def _without_chunk(data: bytes, name: bytes) -> bytes:
    kept, at = [data[:8]], 8
    while at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        if kind != name:
            kept.append(data[at : at + 12 + length])
        at += 12 + length
    return b"".join(kept)
