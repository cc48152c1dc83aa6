"""JPEG in and out by OpenCV: the pixels and the bytes that Pillow makes, without its copy, which is a third larger."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

_RGB: int | None = getattr(cv2, "IMREAD_COLOR_RGB", None)
"""Since OpenCV 4.11."""
_WHOLE = None if _RGB is None else _RGB | cv2.IMREAD_IGNORE_ORIENTATION
_END, _TAIL = b"\xff\xd9", 64
"""The marker at the end, and the bytes at the end of a file that must hold it."""
_TABLES = 0xDB
"""Marker of the quantization tables, which follow all that is said about the picture."""
_SAMPLING = {0: cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444, 2: cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420}
"""Pillow's numbers for the two ways to keep colour."""
_LONGEST = 65_500
"""Side that libjpeg takes at most."""
_STRIP = 64_000
"""Pixels whose colours are swapped at once: so many stay in the processor's cache."""


def jpeg_pixels(data: bytes) -> NDArray[np.uint8] | None:
    """RGB uint8 (H, W, 3) of a JPEG file of three colours, not turned, that Pillow has found sound so far.

    Pillow and OpenCV have the same library for it.

    Returns:
        None where the file may be cut off, of which not every OpenCV takes notice, or cannot be decoded: Pillow shall
        say what is wrong.
    """
    if _WHOLE is None or _END not in data[-_TAIL:]:
        return None
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), _WHOLE)
    except cv2.error:
        return None
    return None if pixels is None else pixels.astype(np.uint8, copy=False)


def jpeg_bytes(pixels: NDArray[np.uint8], options: dict[str, Any], *, spent: bool = False) -> bytes | None:
    """A JPEG file of RGB uint8 (H, W, 3), with the metadata among `options`.

    Pillow writes the head, of a small picture; OpenCV, which has the same library for it, writes the rest.

    Args:
        options: of Pillow's writer, "quality" and "subsampling" among them.
        spent: the pixels are of no use afterwards and may be overwritten, which saves a copy of them.

    Returns:
        None where OpenCV cannot write it, or not as Pillow does; `pixels` are as they were then.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or max(pixels.shape) > _LONGEST:
        return None
    small = io.BytesIO()
    Pillow.new("RGB", (8, 8)).save(small, format="JPEG", **options)
    parameters = [cv2.IMWRITE_JPEG_QUALITY, options["quality"]]
    parameters += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, _SAMPLING[options["subsampling"]]]
    written, encoded = cv2.imencode(".jpg", _swapped(pixels, in_place=spent), parameters)
    if not written:
        raise OSError("the encoder gave nothing")
    head, body = small.getbuffer(), encoded.data
    return b"".join((head[: _tables(head)], body[_tables(body) :]))


def _swapped(pixels: NDArray[np.uint8], *, in_place: bool) -> NDArray[np.uint8]:
    """Blue first, as OpenCV takes it."""
    swapped = pixels if in_place and pixels.flags.writeable else np.empty_like(pixels)
    rows = max(1, _STRIP // pixels.shape[1])
    for top in range(0, pixels.shape[0], rows):
        swapped[top : top + rows] = cv2.cvtColor(pixels[top : top + rows], cv2.COLOR_RGB2BGR)
    return swapped


def _tables(file: memoryview) -> int:
    """Where the quantization tables begin."""
    at = 2
    while file[at + 1] != _TABLES:
        at += 2 + int.from_bytes(file[at + 2 : at + 4], "big")
    return at
