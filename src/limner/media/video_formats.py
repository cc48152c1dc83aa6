"""Which codec, container and pixel format a result gets, from its name and what it must hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from limner.errors import MediaError, OptionError

PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
_VP9_SPEED = dict(zip(PRESETS, (8, 8, 7, 6, 5, 4, 3, 2, 1), strict=True))
MUXERS = {
    ".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm", ".ts": "mpegts",
    ".y4m": "yuv4mpegpipe",
}  # fmt: skip
ANIMATED = ("gif", "webp", "apng", "avif")
"""Moving pictures in one file; their extensions are the same."""
PIXEL_FORMATS = {"rgb24": 3, "rgba": 4}
"""Of raw frames: FFmpeg's name -> bytes of a pixel."""
STREAMED = {"mkv": "matroska", "webm": "webm", "ts": "mpegts", "y4m": "yuv4mpegpipe", "raw": "rawvideo"}
"""What can be written into a pipe, which nobody can go back in -> its muxer."""
WITH_ALPHA = ".webm (VP9), .mov (ProRes 4444), .mkv (FFV1) or pictures such as out/frame_%06d.png"


@dataclass(frozen=True, slots=True)
class VideoCodec:
    """One way to encode the picture.

    Attributes:
        alpha_pixel_format: None where the codec has no transparency.
        suffixes: of the files that may hold it.
        needs_even: width and height must be even.
        limited_only: has no full range.
        crf: (default, highest) of its constant quality scale; None where it has none.
        alpha_tolerance: how far a small patch of alpha may be off when read again, of 255; 0 for lossless.
        intra: every packet can be decoded alone.
        decoder: the only decoder that gives alpha back, where it is not the usual one.
        most: pixels of a side that it can have; None where nothing that Limner reads is too large.
        bare: frames one after another, with neither times nor sound.
    """

    name: str
    encoder: str
    pixel_format: str
    alpha_pixel_format: str | None
    suffixes: tuple[str, ...]
    options: Callable[[int | None, str | None], dict[str, str]]
    needs_even: bool = False
    limited_only: bool = False
    crf: tuple[int, int] | None = None
    has_presets: bool = False
    alpha_tolerance: float = 0.0
    intra: bool = False
    decoder: str | None = None
    subsampled: bool = True
    most: int | None = None
    bare: bool = False


def _h264(crf: int | None, preset: str | None) -> dict[str, str]:
    return {"crf": str(18 if crf is None else crf), "preset": preset or "medium"}


def _vp9(crf: int | None, preset: str | None) -> dict[str, str]:
    return {
        "crf": str(24 if crf is None else crf),
        "b": "0",
        "deadline": "good",
        "cpu-used": str(min(5, _VP9_SPEED[preset or "medium"])),
        "row-mt": "1",
        "tile-columns": "2",
        "auto-alt-ref": "0",  # libvpx cannot combine alternate reference frames with alpha
    }


def _prores(crf: int | None, preset: str | None) -> dict[str, str]:
    return {"profile": "4444", "alpha_bits": "16", "vendor": "apl0"}


def _ffv1(crf: int | None, preset: str | None) -> dict[str, str]:
    return {"level": "3", "g": "1", "slices": "4", "slicecrc": "1"}


def _none(crf: int | None, preset: str | None) -> dict[str, str]:
    return {}


CODECS: Mapping[str, VideoCodec] = {
    codec.name: codec
    for codec in (
        VideoCodec(
            "h264", "libx264", "yuv420p", None, (".mp4", ".m4v", ".mov", ".mkv", ".ts"), _h264,
            needs_even=True, crf=(18, 51), has_presets=True, most=16384,
        ),
        VideoCodec(
            "vp9", "libvpx-vp9", "yuv420p", "yuva420p", (".webm", ".mkv"), _vp9,
            crf=(24, 63), has_presets=True, alpha_tolerance=8.0, decoder="libvpx-vp9", most=65535,
        ),
        VideoCodec(
            "prores", "prores_ks", "yuv444p10le", "yuva444p10le", (".mov", ".mkv"), _prores,
            needs_even=True, limited_only=True, alpha_tolerance=3.0, intra=True, subsampled=False, most=65534,
        ),
        VideoCodec("ffv1", "ffv1", "bgr0", "bgra", (".mkv",), _ffv1, intra=True, subsampled=False),
        VideoCodec("png", "png", "rgb24", "rgba", (".png",), _none, intra=True, subsampled=False),
        VideoCodec("gif", "gif", "rgb24", "rgba", (".gif",), _none, subsampled=False, most=65535),
        VideoCodec("webp", "webp", "rgb24", "rgba", (".webp",), _none, subsampled=False, most=16383),
        VideoCodec("apng", "apng", "rgb24", "rgba", (".apng",), _none, subsampled=False),
        VideoCodec("avif", "avif", "rgb24", "rgba", (".avif",), _none, subsampled=False, most=65535),
        VideoCodec("y4m", "rawvideo", "yuv420p", None, (".y4m",), _none, intra=True, bare=True),
        VideoCodec("raw", "rawvideo", "rgb24", "rgba", (), _none, intra=True, subsampled=False, bare=True),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """A codec in a container, with or without alpha, with its options checked."""

    codec: VideoCodec
    muxer: str
    alpha: bool
    options: dict[str, str] = field(default_factory=dict)

    @property
    def pixel_format(self) -> str:
        return self.codec.alpha_pixel_format or "" if self.alpha else self.codec.pixel_format

    @property
    def is_animated(self) -> bool:
        """Moving pictures in one file."""
        return self.codec.name in ANIMATED

    @property
    def is_sequence(self) -> bool:
        return self.codec.name == "png"

    def options_for(self, width: int, height: int) -> dict[str, str]:
        """The encoder's options for a picture of this size: FFV1 cuts no side of one pixel into two slices."""
        return {**self.options, "slices": "1"} if "slices" in self.options and min(width, height) < 2 else self.options

    def time_base(self, source: Fraction, rate: Fraction) -> Fraction:
        """Seconds of a tick in the output: the source's own where the container can keep it exactly."""
        if self.muxer in ("matroska", "webm"):
            return Fraction(1, 1000)
        if self.muxer == "mpegts":
            return Fraction(1, 90_000)
        return 1 / rate if self.codec.bare else source


def choose_format(
    target: Path, *, codec: str | None = None, alpha: bool = False, crf: int | None = None, preset: str | None = None
) -> OutputFormat:
    """The format for a result called `target`.

    Raises:
        OptionError: the codec, CRF or preset is unknown or does not go with the others.
        MediaError: the name says nothing, or asks for a format that cannot hold what must be written.
    """
    chosen = _codec(target, codec, alpha)
    suffix = target.suffix.lower()
    if not chosen.suffixes:
        raise MediaError(f"{target}: {chosen.name} frames go to stdout only: name it - and say ‹format› {chosen.name}")
    if chosen.name != "png" and suffix not in chosen.suffixes:
        raise MediaError(f"{target}: {chosen.name} goes into {' or '.join(chosen.suffixes)} files; rename it")
    if chosen.name == "png" and suffix not in ("", ".png"):
        raise MediaError(f"{target}: pictures go into a folder or a name such as frame_%06d.png; rename it")
    if alpha and chosen.alpha_pixel_format is None:
        raise MediaError(f"{target}: {chosen.name} has no transparency; use {WITH_ALPHA}")
    if crf is not None and chosen.crf is None:
        raise OptionError(f"‹crf› belongs to h264 and vp9, not to {chosen.name}; leave it out")
    if crf is not None and chosen.crf is not None and not 0 <= crf <= chosen.crf[1]:
        raise OptionError(f"‹crf› {crf} is not between 0 and {chosen.crf[1]} (default {chosen.crf[0]})")
    if preset is not None and preset not in PRESETS:
        raise OptionError(f"‹preset› {preset!r} is unknown: say one of {', '.join(PRESETS)}")
    if preset is not None and not chosen.has_presets:
        raise OptionError(f"‹preset› belongs to h264 and vp9, not to {chosen.name}; leave it out")
    muxer = MUXERS.get(suffix, "")
    return OutputFormat(chosen, muxer, alpha, chosen.options(crf, preset))


def choose_streamed(
    format: str, *, codec: str | None = None, alpha: bool = False, crf: int | None = None, preset: str | None = None
) -> OutputFormat:
    """The format of a result that goes into a pipe: "mkv", "webm", "ts", "y4m" or "raw".

    Raises:
        OptionError, MediaError: as `choose_format`, or it is none of them.
    """
    if format not in STREAMED:
        raise OptionError(f"‹format› {format!r} cannot go into a pipe: say one of {', '.join(STREAMED)}")
    if format == "raw" and not (codec or crf or preset):
        return OutputFormat(CODECS["raw"], STREAMED[format], alpha)
    if format == "raw":
        raise OptionError("‹format› raw has no codec, crf or preset; leave them out")
    if alpha and codec is None and format in ("ts", "y4m"):
        raise OptionError(f"‹format› {format} has no transparency; use mkv, webm or raw")
    return choose_format(Path(f"stdout.{format}"), codec=codec, alpha=alpha, crf=crf, preset=preset)


def _codec(target: Path, name: str | None, alpha: bool) -> VideoCodec:
    if name is not None:
        if name not in CODECS:
            raise OptionError(f"‹codec› {name!r} is unknown: say one of {', '.join(CODECS)}")
        return CODECS[name]
    suffix = target.suffix.lower()
    by_name = {
        ".png": "png",
        ".webm": "vp9",
        ".mov": "prores" if alpha else "h264",
        ".mkv": "ffv1" if alpha else "h264",
        ".ts": "h264",
        ".y4m": "y4m",
        **{f".{name}": name for name in ANIMATED},
    }
    if suffix in (".mp4", ".m4v"):
        return CODECS["h264"]
    if suffix in by_name:
        return CODECS[by_name[suffix]]
    if suffix == "" or target.is_dir():
        raise MediaError(
            f"{target}: is no video name; say for example {target / 'clip.mp4'}, or add ‹codec› png for pictures"
        )
    known = ", ".join([*MUXERS, *(f".{name}" for name in ANIMATED), ".png"])
    raise MediaError(f"{target}: {suffix} is not a format that can be written; use one of {known}")
