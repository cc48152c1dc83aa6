"""Photos out: in the colours of the photo they come from, with its EXIF, whole or not at all."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
from PIL import Image as Pillow

from limner.checking import checked
from limner.errors import MediaError, OptionError
from limner.media.exif import EXIF_DIRECTORIES, fit_exif, nested, without_place
from limner.media.formats import BARE_JPEG2000, METADATA, Format, format_for, load_plugin
from limner.media.image import Image, Pixels, reason
from limner.media.iptc import TIFF_TAG as IPTC_TAG
from limner.media.iptc import clean_iptc, jpeg_segment
from limner.media.jpeg import jpeg_bytes
from limner.whole_file import whole_file

_JPEG_EXIF = 65_533
"""Bytes of EXIF in a segment of a JPEG, its own head included."""
_JPEG_XMP = 65_502
"""Bytes of XMP in one."""
_XMP_TAG = 700
"""Of a TIFF."""


_CHANNELS = ((), (3,), (4,))
_WITHOUT_PROFILE = ("BMP", "JPEG2000")
"""Formats that Pillow writes without a profile: their colours are sRGB, as readers take them for."""
_WITHOUT_EXIF = ("BMP", "JPEG2000")


@checked
def write_image(
    target: str | Path | BinaryIO,
    pixels: Pixels,
    *,
    like: Image | None = None,
    format: str | None = None,
    quality: int | None = None,
    metadata: str = "all",
    spent: bool = False,
) -> tuple[str, ...]:
    """Encode a picture; a path appears whole or not at all. Returns what could not be kept, in sentences.

    Args:
        target: a path, or a binary file to write into.
        pixels: uint8 in sRGB: RGB (H, W, 3), RGBA (H, W, 4) with straight alpha, or grey (H, W), which is a mask
            and gets no profile.
        like: the photo it comes from: its profile, EXIF, XMP, IPTC and resolution go into the file.
        format: an extension, "png" say; by default that of the path.
        metadata: how much of the EXIF, XMP and IPTC of `like` goes into the file: "all", "no-place" (where it was
            taken is left out) or "none".
        quality: 1 to 100, for JPEG, WebP, AVIF and HEIC only; by default 95, 92, 85 and 90.
        spent: `pixels` are of no use afterwards and may be overwritten, which saves a copy of them.

    Raises:
        ValueError: the pixels are no such array.
        OptionError: the format is unknown or cannot hold these pixels, or the quality makes no sense.
        MediaError: the file cannot be written.
    """
    if pixels.dtype != np.uint8 or pixels.size == 0 or pixels.ndim not in (2, 3) or pixels.shape[2:] not in _CHANNELS:
        raise ValueError(f"pixels must be uint8 (H, W), (H, W, 3) or (H, W, 4), not {pixels.dtype} {pixels.shape}")
    if format is None and not isinstance(target, (str, Path)):
        raise OptionError("format is missing: a file without a name has no extension to tell it")
    has_alpha = pixels.ndim == 3 and pixels.shape[2] == 4
    asked = str(target) if format is None else f".{format.lstrip('.')}"
    kind = format_for(asked, alpha=has_alpha, option="‹target›" if format is None else "‹format›")
    if metadata not in METADATA:
        raise OptionError(f"metadata {metadata!r} is unknown: say one of {', '.join(METADATA)}")
    options = _save_options(kind, quality)
    load_plugin(kind)
    if kind.name == "JPEG2000":
        options["no_jp2"] = asked.lower().endswith(BARE_JPEG2000)
    colours = _colours(pixels, None if kind.name in _WITHOUT_PROFILE else like)
    notices: tuple[str, ...] = ()
    if like is not None:
        told, notices = _metadata(like, kind, metadata, mask=pixels.ndim == 2)
        options |= told
        # libtiff, which does the compression, cannot take EXIF directories from Pillow.
        if kind.name == "TIFF" and any(tag in told.get("exif", ()) for tag in EXIF_DIRECTORIES):
            options.pop("compression", None)
    label = str(target) if isinstance(target, (str, Path)) else "output"
    encoded = _encode(colours, kind, options, label, spent=spent or colours is not pixels)
    if isinstance(target, (str, Path)):
        with whole_file(target) as file:
            file.write(encoded)
    else:
        target.write(encoded)
    return notices


def _colours(pixels: Pixels, like: Image | None) -> Pixels:
    """The pixels in the colours of the photo they come from."""
    if pixels.ndim == 2 or like is None or like.icc is None or like.native is None:
        return pixels
    from limner.media.color_profile import from_srgb

    colours = np.ascontiguousarray(pixels[..., :3])
    back = from_srgb(colours, like.icc)
    if like.native.shape == colours.shape:
        # What the effect left alone comes back as it was, colours outside sRGB included.
        untouched = cv2.inRange(cv2.absdiff(colours, like.pixels), (0, 0, 0), (0, 0, 0))
        cv2.copyTo(like.native, untouched, back)
    return np.dstack([back, pixels[..., 3]]) if pixels.shape[2] == 4 else back


def _save_options(kind: Format, quality: int | None) -> dict[str, Any]:
    if quality is not None and kind.quality is None:
        raise OptionError(f"{kind.name} is lossless: quality {quality} means nothing there; leave it out")
    if quality is not None and not 1 <= quality <= 100:
        raise OptionError(f"quality {quality} is out of range: say 1 to 100")
    options: dict[str, Any] = {} if kind.quality is None else {"quality": quality or kind.quality}
    if kind.name == "JPEG":
        options |= {"subsampling": 0 if options["quality"] >= 90 else 2}
    elif kind.name == "WEBP":
        options |= {"method": 4}
    elif kind.name == "AVIF":
        options |= {"speed": 8}
    elif kind.name == "TIFF":
        options |= {"compression": "tiff_lzw"}
    elif kind.name == "PNG":
        options |= {"compress_level": 4}
    return options


def _metadata(like: Image, kind: Format, wanted: str, *, mask: bool) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What Pillow's writers are told of the photo, those that cannot hold a part of it leave that out; and notices."""
    exif, xmp, iptc = _wanted(like, wanted)
    notices: list[str] = []
    if exif is not None and kind.name == "JPEG":
        exif, dropped = fit_exif(exif, _JPEG_EXIF)
        if dropped:
            notices.append(
                f"{like.name}: its EXIF does not fit into a JPEG; maker notes or the largest fields were left out"
            )
    told: dict[str, Any] = {
        "exif": exif,
        "dpi": like.dpi,
        "icc_profile": None if mask or kind.name in _WITHOUT_PROFILE else like.icc,
    }
    if kind.name == "TIFF":
        told["exif"] = _tiff_directory(exif, xmp, iptc)
    else:
        told |= _xmp(xmp, kind)
        segment = jpeg_segment(iptc) if iptc is not None and kind.name == "JPEG" else None
        told["extra"] = segment
        held = {"EXIF": exif is None or kind.name not in _WITHOUT_EXIF, "XMP": xmp is None or bool(_xmp(xmp, kind)),
                "IPTC": iptc is None or segment is not None}  # fmt: skip
        lost = [name for name, is_held in held.items() if not is_held]
        if lost:
            notices.append(f"{like.name}: its {' and '.join(lost)} cannot be kept in a file of the kind {kind.name}")
    return {name: value for name, value in told.items() if value is not None}, tuple(notices)


def _wanted(like: Image, wanted: str) -> tuple[bytes | None, bytes | None, bytes | None]:
    """EXIF, XMP and IPTC of a photo, as much of them as is wanted."""
    if wanted == "none":
        return None, None, None
    exif, xmp, iptc = like.exif, like.xmp, like.iptc
    if wanted == "all":
        return exif, xmp, iptc
    from limner.media.xmp import clean_xmp

    return (
        None if exif is None else without_place(exif),
        None if xmp is None else clean_xmp(xmp, place=False),
        None if iptc is None else clean_iptc(iptc, place=False),
    )


def _tiff_directory(exif: bytes | None, xmp: bytes | None, iptc: bytes | None) -> Pillow.Exif | None:
    """All three as Pillow's writer of TIFF takes them."""
    directory = Pillow.Exif() if exif is None else nested(exif)
    for tag, packet in ((_XMP_TAG, xmp), (IPTC_TAG, iptc)):
        if packet is not None:
            directory[tag] = packet
    return directory if len(directory) else None


def _xmp(packet: bytes | None, kind: Format) -> dict[str, Any]:
    """The option of the format's writer that takes XMP; nothing where it has none."""
    if packet is None or (kind.name == "JPEG" and len(packet) > _JPEG_XMP):
        return {}
    if kind.name == "PNG":
        from PIL.PngImagePlugin import PngInfo

        text = PngInfo()
        text.add_itxt("XML:com.adobe.xmp", packet.decode("utf-8"))
        return {"pnginfo": text}
    return {"xmp": packet} if kind.name in ("JPEG", "WEBP", "AVIF", "HEIF") else {}


def _encode(pixels: Pixels, kind: Format, options: dict[str, Any], label: str, *, spent: bool) -> bytes:
    buffer = io.BytesIO()
    try:
        if kind.name == "JPEG" and (encoded := jpeg_bytes(pixels, options, spent=spent)) is not None:
            return encoded
        Pillow.fromarray(np.ascontiguousarray(pixels)).save(buffer, format=kind.name, **options)
    except Exception as error:  # every codec has limits and errors of its own
        raise MediaError(
            f"{label}: {pixels.shape[1]}×{pixels.shape[0]} pixels cannot be written as {kind.name} ({reason(error)}); "
            "take another format"
        ) from None
    return buffer.getvalue()
