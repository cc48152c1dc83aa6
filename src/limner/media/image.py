"""A decoded photo, with what is needed to write another in its place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A decoded photo and what is needed to write another in its place.

    Attributes:
        pixels: RGB uint8 (H, W, 3), upright, sRGB, straight; white where alpha is 0.
        alpha: the photo's own transparency, uint8 (H, W), 255 opaque; None where it has none.
        icc: the RGB profile that output is converted back into; None where output is plain sRGB.
        native: the pixels in the colours of `icc`, where these differ from sRGB.
        exif: the photo's EXIF, upright and without thumbnail.
        xmp: the photo's XMP, upright and without previews.
        iptc: the photo's IPTC fields, without previews.
        dpi: dots per inch (x, y).
        format: what the content is: "JPEG", "PNG", "WEBP", "AVIF", "TIFF", "JPEG2000", "BMP", "HEIF" or "GIF".
        name: the file's name, for messages.
        notices: what a user should know: only the first of several pictures was read, ….
    """

    pixels: Pixels
    alpha: Pixels | None = None
    icc: bytes | None = None
    native: Pixels | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    dpi: tuple[float, float] | None = None
    format: str = "PNG"
    name: str = "photo"
    notices: tuple[str, ...] = ()


def reason(error: Exception) -> str:
    """What a codec's error says, in one short line."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())[:120].rstrip(".")
