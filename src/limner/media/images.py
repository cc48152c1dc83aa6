"""Photos in and out: decoded upright and in sRGB, written back in their own colours with their EXIF."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from limner.errors import MediaError, OptionError
from limner.media.exif import TRANSPOSES, orientation, upright_exif
from limner.media.formats import FORMATS, Format, format_for, load_plugin, tell_format
from limner.media.whole_file import whole_file

Pixels = NDArray[np.uint8]

MAX_PIXELS = 150_000_000
"""Larger photos are refused unless asked for: a small file can claim to be a picture that fills all memory."""

_DIRECT = frozenset(("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV"))
_opening = threading.Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A decoded photo and what is needed to write another in its place.

    Attributes:
        pixels: RGB uint8 (H, W, 3), upright, sRGB, straight; white where alpha is 0.
        alpha: the photo's own transparency, uint8 (H, W), 255 opaque; None where it has none.
        icc: the RGB profile that output is converted back into; None where output is plain sRGB.
        native: the pixels in the colours of `icc`, where these differ from sRGB.
        exif: the photo's EXIF, upright and without thumbnail.
        dpi: dots per inch (x, y).
        format: what the content is: "JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "HEIF" or "GIF".
        name: the file's name, for messages.
        notices: what a user should know: only the first of several pictures was read, ….
    """

    pixels: Pixels
    alpha: Pixels | None = None
    icc: bytes | None = None
    native: Pixels | None = None
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None
    format: str = "PNG"
    name: str = "photo"
    notices: tuple[str, ...] = ()


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
        MissingExtraError: it is a HEIC file and pillow-heif is not installed.
    """
    label = name or (str(source) if isinstance(source, (str, Path)) else "photo")
    data = _bytes_of(source, label)
    kind = tell_format(data[:256])
    if not data:
        raise MediaError(f"{label}: is empty")
    if kind is None:
        known = ", ".join(FORMATS)
        raise MediaError(f"{label}: is no photo that can be read; known by their content are {known}")
    load_plugin(kind)
    opened = _open(data, kind, label, max_pixels)
    try:
        opened.load()
        return _image(opened, kind, label)
    except MediaError:
        raise
    except MemoryError:
        raise MediaError(f"{label}: does not fit in memory at {opened.width}×{opened.height} pixels") from None
    except Exception as error:  # every codec has errors of its own for damaged files
        raise MediaError(f"{label}: is truncated or damaged ({_reason(error)}); get a whole copy of it") from None


def write_image(
    target: str | Path | BinaryIO,
    pixels: Pixels,
    *,
    like: Image | None = None,
    format: str | None = None,
    quality: int | None = None,
) -> None:
    """Encode a picture; a path appears whole or not at all.

    Args:
        target: a path, or a binary file to write into.
        pixels: uint8 in sRGB: RGB (H, W, 3), RGBA (H, W, 4) with straight alpha, or grey (H, W), which is a mask
            and gets no profile.
        like: the photo it comes from: its profile, EXIF and resolution go into the file.
        format: an extension, "png" say; by default that of the path.
        quality: 1 to 100, for JPEG, WebP, AVIF and HEIC only; by default 95, 92, 85 and 90.

    Raises:
        OptionError: the format is unknown or cannot hold these pixels, or the quality makes no sense.
        MediaError: the file cannot be written.
    """
    if format is None and not isinstance(target, (str, Path)):
        raise OptionError("format is missing: a file without a name has no extension to tell it")
    has_alpha = pixels.ndim == 3 and pixels.shape[2] == 4
    asked = str(target) if format is None else f".{format.lstrip('.')}"
    kind = format_for(asked, alpha=has_alpha, option="-o" if format is None else "format")
    options = _save_options(kind, quality)
    load_plugin(kind)
    picture = _picture(pixels, like)
    if like is not None:
        options |= _metadata(like, mask=pixels.ndim == 2)
        if like.exif:  # libtiff, which does the compression, cannot take EXIF directories from Pillow
            options.pop("compression", None)
    label = str(target) if isinstance(target, (str, Path)) else "output"
    encoded = _encode(picture, kind, options, label)
    if isinstance(target, (str, Path)):
        with whole_file(target) as file:
            file.write(encoded)
    else:
        target.write(encoded)


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
        raise MediaError(f"{label}: cannot be read: {_reason(error)}") from None


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
        raise MediaError(f"{label}: is truncated, damaged or no usual {kind.name}; get a whole copy of it") from None
    if opened.width * opened.height > max_pixels:
        raise MediaError(
            f"{label}: has {opened.width}×{opened.height} pixels, more than the limit of {max_pixels:,}; "
            "raise it with --max-pixels if you trust the file"
        )
    return opened


def _image(opened: Pillow.Image, kind: Format, label: str) -> Image:
    exif = opened.getexif()
    turn = TRANSPOSES.get(orientation(exif))
    icc = opened.info.get("icc_profile")
    dpi = opened.info.get("dpi")
    upright = opened if turn is None else opened.transpose(turn)
    colour, alpha = _split_alpha(_eight_bit(upright, label))
    native: Pixels | None = None
    keeps: bytes | None = None
    if icc:
        from limner.media.color_profile import to_srgb  # 10 ms that most photos need not wait for

        keeps = icc if colour.mode == "RGB" else None
        moved = to_srgb(colour, icc)
        if moved is not None:
            native = np.array(colour) if moved[1] else None
            keeps = icc if moved[1] else None
            colour = moved[0]
        elif keeps is not None and not _plausible(icc):
            keeps = None
    pixels = np.array(colour.convert("RGB") if colour.mode != "RGB" else colour)
    if alpha is not None:
        pixels[alpha == 0] = 255
    return Image(
        pixels=pixels,
        alpha=alpha,
        icc=keeps,
        native=native,
        exif=upright_exif(exif, upright.size),
        dpi=_positive(dpi),
        format=kind.name,
        name=label,
        notices=_notices(opened, kind, label),
    )


def _eight_bit(image: Pillow.Image, label: str) -> Pillow.Image:
    """The image in a mode that holds 8 bits a sample."""
    if image.mode.startswith("I;16"):
        wide = np.asarray(image).astype(np.uint32)
        return Pillow.fromarray(((wide * 255 + 32767) // 65535).astype(np.uint8))
    if image.mode not in _DIRECT:
        raise MediaError(
            f"{label}: has samples of kind {image.mode}, whose range nobody knows; save it with 8 or 16 bits a channel"
        )
    return image


def _split_alpha(image: Pillow.Image) -> tuple[Pillow.Image, Pixels | None]:
    """The colours, in a mode that a profile may be for (L, RGB or CMYK), and the transparency if there is any."""
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        alpha = np.array(rgba.getchannel("A"))
        return rgba.convert("RGB"), None if alpha.min() == 255 else alpha
    if image.mode in ("L", "RGB", "CMYK"):
        return image, None
    return image.convert("L" if image.mode == "1" else "RGB"), None


def _plausible(icc: bytes) -> bool:
    """Whether a profile that changes nothing is at least one: sRGB, and no damaged bytes."""
    from PIL import ImageCms

    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(icc)).profile.xcolor_space.strip() == "RGB"
    except (OSError, ImageCms.PyCMSError):
        return False


def _notices(opened: Pillow.Image, kind: Format, label: str) -> tuple[str, ...]:
    notices = []
    extension = Path(label).suffix.lower()
    owner = next((other for other in FORMATS.values() if extension in other.extensions), None)
    if owner is not None and owner is not kind:
        notices.append(f"{label}: is {kind.name} by its content, not {owner.name}; read as that")
    frames = getattr(opened, "n_frames", 1)
    if frames > 1 and opened.format not in ("MPO", "HEIF", "JPEG"):  # there the others are previews and depth maps
        notices.append(f"{label}: has {frames} pictures; only the first is used")
    return tuple(notices)


def _picture(pixels: Pixels, like: Image | None) -> Pillow.Image:
    """The pixels as Pillow holds them, in the colours of the photo they come from."""
    if pixels.ndim == 2 or like is None or like.icc is None or like.native is None:
        return Pillow.fromarray(np.ascontiguousarray(pixels))
    from limner.media.color_profile import from_srgb

    colours = np.ascontiguousarray(pixels[..., :3])
    back = np.array(from_srgb(Pillow.fromarray(colours), like.icc))
    if like.native.shape == colours.shape:
        # What the effect left alone comes back as it was, colours outside sRGB included.
        untouched = (colours == like.pixels).all(axis=2)
        back[untouched] = like.native[untouched]
    if pixels.shape[2] == 4:
        back = np.dstack([back, pixels[..., 3]])
    return Pillow.fromarray(back)


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


def _metadata(like: Image, *, mask: bool) -> dict[str, Any]:
    """What Pillow's writers are told of the photo; those that cannot hold a part of it leave that out."""
    told = {"exif": like.exif, "dpi": like.dpi, "icc_profile": None if mask else like.icc}
    return {name: value for name, value in told.items() if value is not None}


def _encode(picture: Pillow.Image, kind: Format, options: dict[str, Any], label: str) -> bytes:
    buffer = io.BytesIO()
    try:
        picture.save(buffer, format=kind.name, **options)
    except Exception as error:  # every codec has limits and errors of its own
        raise MediaError(
            f"{label}: {picture.width}×{picture.height} pixels cannot be written as {kind.name} ({_reason(error)}); "
            "take another format"
        ) from None
    return buffer.getvalue()


def _positive(dpi: Any) -> tuple[float, float] | None:
    try:
        x, y = float(dpi[0]), float(dpi[1])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return None
    return (x, y) if 1 < x < 1e5 and 1 < y < 1e5 else None


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())[:120].rstrip(".")
