"""Photos in: decoded upright and in sRGB, from whatever kind of samples and colours they have."""

from __future__ import annotations

import io
import stat
import threading
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image as Pillow
from PIL.TiffImagePlugin import TiffImageFile

from limner.checking import checked
from limner.errors import MediaError
from limner.media.code_points import exif_code_points, heif_code_points, png_code_points
from limner.media.exif import TRANSPOSES, orientation, upright_exif
from limner.media.formats import FORMATS, MAX_PIXELS, Format, load_plugin, tell_format
from limner.media.heif_boxes import heif_bits
from limner.media.image import Image, Pixels, reason
from limner.media.image_writing import write_image
from limner.media.iptc import read_iptc
from limner.media.jp2_boxes import jp2_profile
from limner.media.jpeg import jpeg_pixels
from limner.media.pillow_pixels import rgb_pixels, turned
from limner.media.primaries import CodePoints
from limner.media.raw_photos import develop, is_raw
from limner.media.samples import eight_bit
from limner.media.tiff_pages import count_pages, go_to_photo, why_unreadable
from limner.suggestions import check_the_name

__all__ = ["MAX_PIXELS", "Image", "Pixels", "read_image", "write_image"]

"""Larger photos are refused unless asked for: a small file can claim to be a picture that fills all memory."""

_GAIN_MAPS = (b"http://ns.adobe.com/hdr-gain-map/1.0/", b"urn:com:apple:photo:2020:aux:hdrgainmap")
"""How files name them: Adobe and Android, and Apple."""
_opening = threading.Lock()


@checked
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
        pixels = jpeg_pixels(data) if kind.name == "JPEG" and opened.mode == "RGB" else None
        if pixels is None:
            opened.load()
        return _image(opened, pixels, data, kind, label)
    except MediaError:
        raise
    except MemoryError:
        raise MediaError(f"{label}: does not fit in memory at {opened.width}×{opened.height} pixels") from None
    except Exception as error:  # every codec has errors of its own for damaged files
        raise MediaError(f"{label}: is truncated or damaged ({reason(error)}); get a whole copy of it") from None


def photo_size(source: Path | bytes) -> tuple[int, int] | None:
    """(width, height) as the head of the file says, not turned yet; None where it does not tell."""
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
            kind = tell_format(file.read(256))
            if kind is None:
                return None
            load_plugin(kind)
            file.seek(0)
            with _lazily(file, kind) as opened:
                return opened.size
    except Exception:  # whoever decodes it says what is wrong
        return None


def _bytes_of(source: str | Path | bytes | BinaryIO, label: str) -> bytes:
    if isinstance(source, bytes):
        return source
    if not isinstance(source, (str, Path)):
        return source.read()
    path = Path(source)
    try:
        if stat.S_ISCHR(mode := path.stat().st_mode) or stat.S_ISBLK(mode):
            raise MediaError(f"{label}: is a device, not a photo")
        return path.read_bytes()
    except FileNotFoundError:
        raise MediaError(f"{label}: there is no such file{check_the_name(path)}") from None
    except IsADirectoryError:
        raise MediaError(f"{label}: is a folder, not a photo") from None
    except PermissionError:
        raise MediaError(f"{label}: may not be read; give yourself permission (chmod u+r)") from None
    except (OSError, ValueError) as error:
        raise MediaError(f"{label}: cannot be read: {reason(error)}") from None


def _lazily(file: BinaryIO, kind: Format) -> Pillow.Image:
    with _opening:  # Pillow's own limit is one for all; ours counts here
        limit, Pillow.MAX_IMAGE_PIXELS = Pillow.MAX_IMAGE_PIXELS, None
        try:
            return Pillow.open(file, formats=[kind.name])
        finally:
            Pillow.MAX_IMAGE_PIXELS = limit


def _open(data: bytes, kind: Format, label: str, max_pixels: int) -> Pillow.Image:
    """The file opened, nothing decoded yet, its size checked."""
    try:
        opened = _lazily(io.BytesIO(data), kind)
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


def _image(opened: Pillow.Image, pixels: Pixels | None, data: bytes, kind: Format, label: str) -> Image:
    """A photo from its file, which is loaded unless its pixels are there already."""
    exif = opened.getexif()
    turn = TRANSPOSES.get(orientation(exif))
    alpha: Pixels | None = None
    icc = jp2_profile(data) if kind.name == "JPEG2000" else opened.info.get("icc_profile")
    points = _code_points(data, kind, exif, icc)
    notices = _notices(opened, data, kind, label)
    if pixels is None:
        colour, alpha = eight_bit(opened, data, label)
        if colour.mode != "RGB":
            colour, points, icc = _of_few_or_many(colour, points, icc)
        pixels = rgb_pixels(colour)
    if points is not None and points.is_hdr:
        from limner.media.code_point_colors import name_of

        notices += (f"{label}: is HDR ({name_of(points)}); it was toned down to sRGB, and the result is sRGB",)
    pixels, native, keeps = _in_srgb(pixels, points, icc)
    pixels = turned(pixels, turn)
    if alpha is not None:
        alpha = turned(alpha, turn)
        pixels[alpha == 0] = 255
    return Image(
        pixels=pixels,
        alpha=alpha,
        icc=keeps,
        native=None if native is None else turned(native, turn),
        exif=upright_exif(exif, (pixels.shape[1], pixels.shape[0]), srgb=points is not None and points.is_hdr),
        xmp=_xmp(opened),
        iptc=read_iptc(opened),
        dpi=_positive(opened.info.get("dpi")),
        format=kind.name,
        name=label,
        notices=notices,
    )


def _of_few_or_many(
    colour: Pillow.Image, points: CodePoints | None, icc: bytes | None
) -> tuple[Pillow.Image, CodePoints | None, bytes | None]:
    """A grey or CMYK image in sRGB by its profile; what is left to be done of its colours is HDR only."""
    if points is not None:
        return colour, points if points.is_hdr else None, None
    if icc:
        from limner.media.color_profile import image_into_srgb

        colour = image_into_srgb(colour, icc) or colour
    return colour, None, None


def _in_srgb(
    pixels: Pixels, points: CodePoints | None, icc: bytes | None
) -> tuple[Pixels, Pixels | None, bytes | None]:
    """RGB in sRGB, as it was where that differs and can be had again, and the profile that the result shall have."""
    if points is not None and points.is_hdr:
        from limner.media.color_conversion import SRGB, converter

        convert = converter(points, SRGB)
        assert convert is not None  # HDR is not sRGB
        return convert(pixels), None, None
    if points is not None:
        from limner.media.code_point_colors import make_profile

        icc = make_profile(points)
    if not icc:
        return pixels, None, None
    from limner.media.color_profile import into_srgb, plausible, returns  # 10 ms that most photos need not wait for

    converted = into_srgb(pixels, icc)
    if converted is None:
        return pixels, None, icc if plausible(icc) else None
    return (converted, pixels, icc) if returns(icc) else (converted, None, None)


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
    frames = count_pages(data) if kind.name == "TIFF" else getattr(opened, "n_frames", 1)
    if frames > 1 and opened.format not in ("MPO", "HEIF", "JPEG"):  # there the others are previews and depth maps
        which = "only the first is used" if opened.tell() == 0 else "the full one behind its preview is used"
        rest = "; limner video takes them all" if kind.name in ("GIF", "PNG", "WEBP", "AVIF") else ""
        notices.append(f"{label}: has {frames} pictures; {which}{rest}")
    if kind.name in ("JPEG", "HEIF", "AVIF") and any(mark in data for mark in _GAIN_MAPS):
        notices.append(f"{label}: has a gain map for HDR screens, which is left out: it shows the photo as it was")
    if (bits := _bits(opened, data, kind)) > 8:
        notices.append(f"{label}: has {bits} bits a channel; the result has 8")
    return tuple(notices)


def _bits(opened: Pillow.Image, data: bytes, kind: Format) -> int:
    """Of a channel, of the formats that may have more than 8; 8 of all others."""
    if kind.name == "PNG":
        return data[24]  # of its header, which comes first
    if kind.name in ("AVIF", "HEIF"):
        return heif_bits(data)
    said = opened.tag_v2.get(258, 8) if isinstance(opened, TiffImageFile) else 8
    return max(said) if isinstance(said, tuple) else int(said)


def _positive(dpi: Any) -> tuple[float, float] | None:
    try:
        x, y = float(dpi[0]), float(dpi[1])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return None
    return (x, y) if 1 < x < 1e5 and 1 < y < 1e5 else None
