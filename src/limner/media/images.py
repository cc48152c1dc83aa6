"""Photos in: decoded upright and in sRGB, from whatever kind of samples and colours they have."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image as Pillow

from limner.errors import MediaError
from limner.media.code_points import exif_code_points, heif_code_points, png_code_points
from limner.media.exif import TRANSPOSES, orientation, upright_exif
from limner.media.formats import FORMATS, MAX_PIXELS, Format, load_plugin, tell_format
from limner.media.image import Image, Pixels, reason
from limner.media.image_writing import write_image
from limner.media.iptc import read_iptc
from limner.media.primaries import CodePoints
from limner.media.raw_photos import develop, is_raw
from limner.media.samples import eight_bit
from limner.media.tiff_pages import go_to_photo, why_unreadable

__all__ = ["MAX_PIXELS", "Image", "Pixels", "read_image", "write_image"]

"""Larger photos are refused unless asked for: a small file can claim to be a picture that fills all memory."""

_GAIN_MAPS = (b"http://ns.adobe.com/hdr-gain-map/1.0/", b"urn:com:apple:photo:2020:aux:hdrgainmap")
"""How files name them: Adobe and Android, and Apple."""
_opening = threading.Lock()


def read_image(
    source: str | Path | bytes | BinaryIO, *, name: str | None = None, max_pixels: int = MAX_PIXELS
) -> Image:
    """Decode a photo. Its content decides what format it is, whatever its name says.

    Args:
        source: a path, the bytes of a file, or a binary file.
        name: what messages call it; the path by default.
        max_pixels: larger ones are refused before they are decoded.

    Raises:
        MediaError: it cannot be read, is no photo, is damaged, too large, or has samples of no known range.
        MissingExtraError: it is a HEIC file and pillow-heif is not installed, or raw data without rawpy.
    """
    label = name or (str(source) if isinstance(source, (str, Path)) else "photo")
    data = _bytes_of(source, label)
    if not data:
        raise MediaError(f"{label}: is empty")
    if is_raw(data):
        return develop(data, label, max_pixels)
    kind = tell_format(data[:256])
    if kind is None:
        known = ", ".join(FORMATS)
        raise MediaError(f"{label}: is no photo that can be read; known by their content are {known}")
    load_plugin(kind)
    opened = _open(data, kind, label, max_pixels)
    try:
        opened.load()
        return _image(opened, data, kind, label)
    except MediaError:
        raise
    except MemoryError:
        raise MediaError(f"{label}: does not fit in memory at {opened.width}×{opened.height} pixels") from None
    except Exception as error:  # every codec has errors of its own for damaged files
        raise MediaError(f"{label}: is truncated or damaged ({reason(error)}); get a whole copy of it") from None


def _bytes_of(source: str | Path | bytes | BinaryIO, label: str) -> bytes:
    if isinstance(source, bytes):
        return source
    if not isinstance(source, (str, Path)):
        return source.read()
    path = Path(source)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise MediaError(f"{label}: there is no such file") from None
    except IsADirectoryError:
        raise MediaError(f"{label}: is a folder, not a photo") from None
    except PermissionError:
        raise MediaError(f"{label}: may not be read; give yourself permission (chmod u+r)") from None
    except (OSError, ValueError) as error:
        raise MediaError(f"{label}: cannot be read: {reason(error)}") from None


def _open(data: bytes, kind: Format, label: str, max_pixels: int) -> Pillow.Image:
    """The file opened, nothing decoded yet, its size checked."""
    try:
        with _opening:  # Pillow's own limit is one for all; ours counts here
            limit, Pillow.MAX_IMAGE_PIXELS = Pillow.MAX_IMAGE_PIXELS, None
            try:
                opened = Pillow.open(io.BytesIO(data), formats=[kind.name])
            finally:
                Pillow.MAX_IMAGE_PIXELS = limit
    except Exception:
        why = why_unreadable(data) if kind.name == "TIFF" else None
        why = why or f"is truncated, damaged or no usual {kind.name}; get a whole copy of it"
        raise MediaError(f"{label}: {why}") from None
    if kind.name == "TIFF":
        go_to_photo(opened, label)
    if opened.width * opened.height > max_pixels:
        raise MediaError(
            f"{label}: has {opened.width}×{opened.height} pixels, more than the limit of {max_pixels:,}; "
            f"raise it with ‹max_pixels› if you trust the file"
        )
    return opened


def _image(opened: Pillow.Image, data: bytes, kind: Format, label: str) -> Image:
    exif = opened.getexif()
    turn = TRANSPOSES.get(orientation(exif))
    colour, alpha = eight_bit(opened, data, label)
    if turn is not None:
        colour = colour.transpose(turn)
        alpha = None if alpha is None else np.array(Pillow.fromarray(alpha).transpose(turn))
    icc = opened.info.get("icc_profile")
    points = _code_points(data, kind, exif, icc)
    notices = _notices(opened, data, kind, label)
    native: Pixels | None = None
    keeps: bytes | None = None
    if points is not None and points.is_hdr:
        from limner.media.code_point_colors import name_of
        from limner.media.color_conversion import SRGB, converter

        convert = converter(points, SRGB)
        assert convert is not None  # HDR is not sRGB
        colour = Pillow.fromarray(convert(np.array(colour.convert("RGB"))))
        notices += (f"{label}: is HDR ({name_of(points)}); it was toned down to sRGB, and the result is sRGB",)
        exif_is_srgb = True
    else:
        exif_is_srgb = False
        if points is not None:
            from limner.media.code_point_colors import make_profile

            icc = make_profile(points)
        if icc:
            colour, native, keeps = _managed(colour, icc)
    pixels = np.array(colour.convert("RGB") if colour.mode != "RGB" else colour)
    if alpha is not None:
        pixels[alpha == 0] = 255
    return Image(
        pixels=pixels,
        alpha=alpha,
        icc=keeps,
        native=native,
        exif=upright_exif(exif, (pixels.shape[1], pixels.shape[0]), srgb=exif_is_srgb),
        xmp=_xmp(opened),
        iptc=read_iptc(opened),
        dpi=_positive(opened.info.get("dpi")),
        format=kind.name,
        name=label,
        notices=notices,
    )


def _code_points(data: bytes, kind: Format, exif: Pillow.Exif, icc: bytes | None) -> CodePoints | None:
    """Colours named by numbers that count here, and are others than sRGB."""
    points: CodePoints | None = None
    if kind.name == "PNG":
        points = png_code_points(data)
    elif icc is None:
        points = heif_code_points(data) if kind.name in ("AVIF", "HEIF") else None
        points = points or exif_code_points(exif)
    if points is None:
        return None
    from limner.media.code_point_colors import is_known

    return points if is_known(points) else None


def _managed(colour: Pillow.Image, icc: bytes) -> tuple[Pillow.Image, Pixels | None, bytes | None]:
    """In sRGB, in the profile's own colours where these differ, and the profile that the result shall have."""
    from limner.media.color_profile import plausible, to_srgb  # 10 ms that most photos need not wait for

    moved = to_srgb(colour, icc)
    if moved is not None:
        converted, returns = moved
        return converted, np.array(colour) if returns else None, icc if returns else None
    return colour, None, icc if colour.mode == "RGB" and plausible(icc) else None


def _xmp(opened: Pillow.Image) -> bytes | None:
    packet = opened.info.get("xmp") or opened.info.get("XML:com.adobe.xmp")
    if packet is None:
        return None
    from limner.media.xmp import clean_xmp

    return clean_xmp(packet.encode("utf-8") if isinstance(packet, str) else bytes(packet))


def _notices(opened: Pillow.Image, data: bytes, kind: Format, label: str) -> tuple[str, ...]:
    notices = []
    extension = Path(label).suffix.lower()
    owner = next((other for other in FORMATS.values() if extension in other.extensions), None)
    if owner is not None and owner is not kind:
        notices.append(f"{label}: is {kind.name} by its content, not {owner.name}; read as that")
    frames = getattr(opened, "n_frames", 1)
    if frames > 1 and opened.format not in ("MPO", "HEIF", "JPEG"):  # there the others are previews and depth maps
        which = "only the first is used" if opened.tell() == 0 else "the full one behind its preview is used"
        notices.append(f"{label}: has {frames} pictures; {which}")
    if kind.name in ("JPEG", "HEIF", "AVIF") and any(mark in data for mark in _GAIN_MAPS):
        notices.append(f"{label}: has a gain map for HDR screens, which is left out: it shows the photo as it was")
    return tuple(notices)


def _positive(dpi: Any) -> tuple[float, float] | None:
    try:
        x, y = float(dpi[0]), float(dpi[1])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return None
    return (x, y) if 1 < x < 1e5 and 1 < y < 1e5 else None
