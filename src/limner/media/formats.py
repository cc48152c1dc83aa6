"""Which image formats there are: told by content when read, by extension when written."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from limner.errors import MissingExtraError, OptionError


@dataclass(frozen=True, slots=True)
class Format:
    """An image format: Pillow's name for it, the extensions that ask for it and what it can hold."""

    name: str
    extensions: tuple[str, ...]
    plugin: str
    has_alpha: bool = True
    quality: int | None = None
    """Default of the quality setting; None for lossless formats, which have none."""
    writes: bool = True


_RAW = (
    ".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".orf", ".rw2", ".rwl", ".raf", ".pef",
    ".srw", ".3fr", ".fff", ".iiq", ".mos", ".mrw", ".x3f", ".erf", ".kdc", ".dcr", ".mef",
)  # fmt: skip
BARE_JPEG2000 = (".j2k", ".j2c", ".jpc")
"""Of JPEG 2000 without the boxes around it."""
FORMATS = {
    kind.name: kind
    for kind in (
        Format("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), "PIL.JpegImagePlugin", has_alpha=False, quality=95),
        Format("PNG", (".png",), "PIL.PngImagePlugin"),
        Format("WEBP", (".webp",), "PIL.WebPImagePlugin", quality=92),
        Format("AVIF", (".avif",), "PIL.AvifImagePlugin", quality=85),
        Format("TIFF", (".tif", ".tiff"), "PIL.TiffImagePlugin"),
        Format("BMP", (".bmp",), "PIL.BmpImagePlugin", has_alpha=False),
        Format("HEIF", (".heic", ".heif"), "pillow_heif", quality=90),
        Format("JPEG2000", (".jp2", ".jpx", ".jpf", *BARE_JPEG2000), "PIL.Jpeg2KImagePlugin"),
        Format("GIF", (".gif",), "PIL.GifImagePlugin", writes=False),
        Format("RAW", _RAW, "rawpy", has_alpha=False, writes=False),
    )
}

MAX_PIXELS = 150_000_000
"""Photos with more are refused unless somebody asks for them."""

METADATA = ("all", "no-place", "none")
"""How much of what a photo says of itself a result may keep."""


def readable() -> frozenset[str]:
    """Extensions that a folder is searched for; a photo that is named may have any.

    Raw data of cameras counts where it can be read: mostly a JPEG of the same photo lies beside it.
    """
    left_out = () if importlib.util.find_spec("rawpy") else ("RAW",)
    return frozenset(
        extension for kind in FORMATS.values() if kind.name not in left_out for extension in kind.extensions
    )


_EXTRAS = {"HEIF": ("HEIC", "pillow-heif", "heic"), "RAW": ("raw data of cameras", "rawpy", "raw")}

_MAGIC = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"BM", "BMP"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
)


def tell_format(head: bytes) -> Format | None:
    """The format of a file that begins with `head` (64 bytes or more where it has them), or None."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return FORMATS["WEBP"]
    if head[4:8] == b"ftyp":
        brands = {head[start : start + 4] for start in (8, *range(16, len(head) - 3, 4))}
        if brands & {b"avif", b"avis"}:
            return FORMATS["AVIF"]
        return FORMATS["HEIF"] if brands & {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1"} else None
    return next((FORMATS[name] for magic, name in _MAGIC if head.startswith(magic)), None)


def format_for(target: str | Path, *, alpha: bool = False, option: str = "‹target›") -> Format:
    """The format that the extension of `target` asks for; ".png" itself will do.

    Raises:
        OptionError: no such format can be written, or it has no alpha and `alpha` is True. Names those that would do.
    """
    text = str(target)
    extension = text.lower() if text[:1] == "." and "/" not in text else Path(text).suffix.lower()
    kind = next((kind for kind in FORMATS.values() if kind.writes and extension in kind.extensions), None)
    if kind is None:
        shown = extension or "no extension"
        raise OptionError(f"{option} {text}: {shown} is no format that can be written; known are {_extensions(False)}")
    if alpha and not kind.has_alpha:
        raise OptionError(
            f"{option} {text}: {kind.name} cannot be transparent; formats that can are {_extensions(True)}"
        )
    return kind


def load_plugin(kind: Format) -> None:
    """Makes Pillow able to read and write `kind`.

    Raises:
        MissingExtraError: it needs a package that is not installed.
    """
    extra = _EXTRAS.get(kind.name)
    try:
        plugin = importlib.import_module(kind.plugin)
    except ImportError:
        if extra is None:
            raise
        raise MissingExtraError(*extra) from None
    if kind.name == "HEIF":
        plugin.register_heif_opener()


def _extensions(alpha: bool) -> str:
    return ", ".join(kind.extensions[0] for kind in FORMATS.values() if kind.writes and (kind.has_alpha or not alpha))
