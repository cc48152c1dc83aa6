"""Raw data of cameras, developed by LibRaw as it does where nobody turns a knob."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

from PIL import Image as Pillow
from PIL import TiffImagePlugin

from limner.errors import MediaError
from limner.media.exif import upright_exif
from limner.media.formats import FORMATS, load_plugin
from limner.media.image import Image, reason

_TIFF = (b"II*\0", b"MM\0*")
_BEGINNINGS = (b"FUJIFILMCCD-RAW", b"FOVb", b"\0MRM", b"IIRO", b"IIRS", b"MMOR", b"IIU\0")
"""Fujifilm, Sigma, Minolta, Olympus (three) and Panasonic."""
_PHOTOMETRIC, _PARTS, _DNG_VERSION = 262, 330, 50706
_MOST_PARTS = 64
_SENSOR, _LINEAR = 32803, 34892
_SRGB_CURVE = (2.4, 12.92)


def is_raw(data: bytes) -> bool:
    """Whether a file holds what a camera's sensor saw."""
    if data.startswith(_BEGINNINGS) or data[6:14] == b"HEAPCCDR" or data[4:12] == b"ftypcrx ":
        return True
    if not data.startswith(_TIFF):
        return False
    return data[8:10] == b"CR" or any(
        _DNG_VERSION in tags or tags.get(_PHOTOMETRIC) in (_SENSOR, _LINEAR) for tags in _directories(data)
    )


def develop(data: bytes, label: str, max_pixels: int) -> Image:
    """
    Raises:
        MediaError: LibRaw cannot read it, or it has too many pixels.
        MissingExtraError: rawpy is not installed.
    """
    load_plugin(FORMATS["RAW"])
    import rawpy

    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            width, height = raw.sizes.width, raw.sizes.height
            if width * height > max_pixels:
                raise MediaError(
                    f"{label}: has {width}×{height} pixels, more than the limit of {max_pixels:,}; "
                    "raise it with ‹max_pixels› if you trust the file"
                )
            bits = int(raw.white_level).bit_length()
            pixels = raw.postprocess(use_camera_wb=True, gamma=_SRGB_CURVE, output_bps=8)
    except rawpy.LibRawError as error:
        why = error.args[0].decode("utf-8", "replace") if error.args and isinstance(error.args[0], bytes) else None
        raise MediaError(
            f"{label}: is a camera's raw data that cannot be developed here ({why or reason(error)}); "
            "develop it with a raw converter and save it as TIFF, PNG or JPEG"
        ) from None
    notices = [f"{label}: is a camera's raw data; it was developed as LibRaw does by itself"]
    if bits > 8:
        notices.append(f"{label}: has {bits} bits a channel; the result has 8")
    return Image(
        pixels=pixels,
        exif=_exif(data, (pixels.shape[1], pixels.shape[0])),
        format="RAW",
        name=label,
        notices=tuple(notices),
    )


def _directories(data: bytes) -> Iterator[Mapping[int, Any]]:
    """The tags of a TIFF's first picture and of those inside it."""
    try:
        head = TiffImagePlugin.ImageFileDirectory_v2(data[:8])
        file = io.BytesIO(data)
        file.seek(head.next)
        head.load(file)
        yield head
        parts = head.get(_PARTS, ())
        for place in parts[:_MOST_PARTS] if isinstance(parts, tuple) else (parts,):
            part = TiffImagePlugin.ImageFileDirectory_v2(data[:8])
            file.seek(place)
            part.load(file)
            yield part
    except Exception:  # damaged: then it is no more than what it has been until here
        return


def _exif(data: bytes, size: tuple[int, int]) -> bytes | None:
    if not data.startswith(_TIFF):
        return None
    exif = Pillow.Exif()
    try:
        exif.load(data)
    except Exception:
        return None
    return upright_exif(exif, size, srgb=True)
