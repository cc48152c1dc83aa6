"""Video clips for tests, made on the spot: moving shapes with noise, and whatever else a test needs a file to have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.subtitles.subtitle import SubtitleSet
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

BARS = ((235, 235, 235), (235, 235, 16), (16, 235, 235), (16, 235, 16), (235, 16, 235), (235, 16, 16), (16, 16, 235))
ASS_HEADER = (
    b"[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize, PrimaryColour, "
    b"SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, "
    b"BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\nStyle: Default,Arial,16,&Hffffff,"
    b"&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0\n\n[Events]\nFormat: Layer, Start, End, Style, Name, "
    b"MarginL, MarginR, MarginV, Effect, Text\n"
)


@dataclass(frozen=True, kw_only=True)
class Clip:
    """What a clip shall be like. `ticks` are the presentation times in `time_base`; by default 25 a second."""

    size: tuple[int, int] = (96, 128)
    frames: int = 20
    time_base: Fraction = Fraction(1, 12800)
    ticks: Sequence[int] | None = None
    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    options: dict[str, str] = field(default_factory=lambda: {"crf": "12", "preset": "veryfast", "g": "10"})
    rotation: int | None = None
    sample_aspect: Fraction | None = None
    tags: tuple[int, int, int] | None = None
    full_range: bool | None = None
    bars: bool = False
    audio: Sequence[str] = ()
    """A language for each sound stream: a sine whose pitch differs."""
    audio_codec: str = "aac"
    audio_start: Fraction = Fraction(0)
    subtitles: str | None = None
    chapters: bool = False
    title: str | None = None

    @property
    def times(self) -> list[Fraction]:
        ticks = self.ticks or [i * round(Fraction(1, 25) / self.time_base) for i in range(self.frames)]
        return [t * self.time_base for t in ticks]


def pictures(size: tuple[int, int], *, seed: int = 0, noise: float = 4.0) -> Iterator[NDArray[np.uint8]]:
    """Endless frames, RGB uint8 (H, W, 3): a red disc and a green box that move over a gradient, with sensor noise."""
    height, width = size
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    back = np.dstack([40 + 120 * x / width, 60 + 100 * y / height, np.full(size, 110.0)])
    grain = [rng.normal(0, noise, (height, width, 3)) for _ in range(5)]
    index = 0
    while True:
        picture = back.copy()
        center = (int(width * (0.5 + 0.3 * np.sin(index / 9))), int(height * 0.55))
        cv2.rectangle(
            picture, (index * 3 % width, height // 8), (index * 3 % width + width // 6, height // 3), (30, 200, 60), -1
        )
        cv2.circle(picture, center, min(size) // 4, (220, 40, 50), -1)
        yield np.clip(picture + grain[index % 5], 0, 255).astype(np.uint8)
        index += 1


def color_bars(size: tuple[int, int]) -> NDArray[np.uint8]:
    """Seven bars, bright above and dim below, RGB uint8 (H, W, 3); an orange square marks the upper left corner."""
    height, width = size
    bars = np.zeros((height, width, 3), np.uint8)
    for index, color in enumerate(BARS):
        bars[:, index * width // 7 : (index + 1) * width // 7] = color
    bars[height // 2 :] = bars[height // 2 :] // 2 + 40
    bars[: height // 6, : height // 6] = (250, 140, 20)
    return bars


def make_clip(path: Path, clip: Clip = Clip()) -> Clip:
    """Writes the clip and returns what it was made from."""
    output: Any = av.open(str(path), "w")
    stream = output.add_stream(
        clip.codec, rate=25, width=clip.size[1], height=clip.size[0], pix_fmt=clip.pixel_format,
        time_base=clip.time_base, options=dict(clip.options),
    )  # fmt: skip
    if clip.rotation is not None:
        stream.set_display_rotation(clip.rotation)
    if clip.sample_aspect is not None:
        stream.codec_context.sample_aspect_ratio = clip.sample_aspect
    if clip.tags is not None:
        context = stream.codec_context
        context.colorspace, context.color_primaries, context.color_trc = clip.tags
    if clip.full_range is not None:
        stream.codec_context.color_range = 2 if clip.full_range else 1
    sounds = [_sound_stream(output, clip, language) for language in clip.audio]
    text = _subtitle_stream(output, clip) if clip.subtitles else None
    if clip.title:
        output.metadata["title"] = clip.title
        output.metadata["creation_time"] = "2020-01-02T03:04:05.000000Z"
    if clip.chapters:
        output.set_chapters(
            [
                {"id": i + 1, "start": i * 400, "end": i * 400 + 400, "time_base": Fraction(1, 1000),
                 "metadata": {"title": f"part {i + 1}"}}
                for i in range(2)
            ]
        )  # fmt: skip
    output.start_encoding()
    if text is not None:
        _write_subtitles(output, text)
    times = clip.times
    for index, sound in enumerate(sounds):
        _write_sound(output, sound, clip, 220.0 * (index + 1), float(times[-1]) + 0.04)
    _write_pictures(output, stream, clip, times)
    output.close()
    return clip


def _write_pictures(output: Any, stream: Any, clip: Clip, times: list[Fraction]) -> None:
    matrix = clip.tags[0] if clip.tags else 5
    scaler, source = VideoReformatter(), pictures(clip.size)
    bars = color_bars(clip.size) if clip.bars else None
    for time in times:
        frame = av.VideoFrame.from_ndarray(bars if bars is not None else next(source), "rgb24")
        frame = scaler.reformat(
            frame, format=clip.pixel_format, dst_colorspace=matrix, src_color_range=2,
            dst_color_range=2 if clip.full_range else 1, interpolation="AREA",
        )  # fmt: skip
        frame.colorspace = clip.tags[0] if clip.tags else 2
        frame.color_range = 0 if clip.full_range is None else 2 if clip.full_range else 1
        frame.pts, frame.time_base = round(time / clip.time_base), clip.time_base
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


def _sound_stream(output: Any, clip: Clip, language: str) -> Any:
    stream = output.add_stream(clip.audio_codec, rate=48000, layout="stereo")
    stream.metadata["language"] = language
    return stream


def _write_sound(output: Any, stream: Any, clip: Clip, pitch: float, length: float) -> None:
    wave = np.sin(2 * np.pi * pitch * np.arange(round(length * 48000)) / 48000) * 8000
    frame: Any = av.AudioFrame.from_ndarray(np.repeat(wave.astype(np.int16), 2)[None], "s16", "stereo")
    frame.sample_rate, frame.time_base = 48000, Fraction(1, 48000)
    frame.pts = round(clip.audio_start * 48000)
    output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


def _subtitle_stream(output: Any, clip: Clip) -> Any:
    stream = output.add_stream(clip.subtitles)
    stream.codec_context.subtitle_header = ASS_HEADER
    stream.codec_context.time_base = Fraction(1, 1000)
    stream.metadata["language"] = "fra"
    return stream


def _write_subtitles(output: Any, stream: Any) -> None:
    for index, (start, line) in enumerate(((100, "bonjour"), (500, "au revoir"))):
        made = SubtitleSet.create(f"{index},0,Default,,0,0,0,,{line}".encode(), start=0, end=300, pts=start * 1000)
        packet = stream.codec_context.encode_subtitle(made)
        packet.pts = packet.dts = start
        packet.duration, packet.time_base, packet.stream = 300, Fraction(1, 1000), stream
        output.mux(packet)


def times_of(path: Path) -> list[Fraction]:
    """Presentation times of all frames of a file, in seconds, from its decoder."""
    with av.open(str(path)) as container:
        base = container.streams.video[0].time_base or Fraction(1)
        return [(frame.pts or 0) * base for frame in container.decode(video=0)]


def frames_of(path: Path) -> list[NDArray[np.uint8]]:
    """All frames of a file as RGB uint8, by the library's own conversion."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def packets_of(path: Path, kind: str) -> list[list[bytes]]:
    """The payloads of every stream of a kind ("audio", "subtitle")."""
    found = []
    with av.open(str(path)) as container:
        streams = [s for s in container.streams if s.type == kind]
        payloads: dict[int, list[bytes]] = {s.index: [] for s in streams}
        for packet in container.demux(streams):
            if packet.size:
                payloads[packet.stream_index].append(bytes(packet))
        found = list(payloads.values())
    return found


def x264_settings(path: Path) -> dict[str, str]:
    """What libx264 notes in a file of what it was told."""
    told = path.read_bytes().partition(b"options: ")[2].partition(b"\x00")[0].partition(b"\x80")[0]
    return dict(item.partition("=")[::2] for item in told.decode("ascii").split())
