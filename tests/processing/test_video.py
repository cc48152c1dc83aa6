"""File to file: what of a clip must survive, and what must be left when something goes wrong."""

from __future__ import annotations

import itertools
import json
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition

from limner.assembly import VideoSaving
from limner.effects import make_effect
from limner.effects.base import Effect
from limner.errors import ArgumentError, LimnerError, MediaError, OptionError
from limner.frame import Frame
from limner.matte import Matte
from limner.media import video_writer
from limner.media.video_info import probe_video
from limner.media.video_reader import VideoReader
from limner.processing.video import VideoResult, process_video
from video_clips import BARS, Clip, color_bars, frames_of, make_clip, packets_of, pictures, times_of, x264_settings

VFR = [0, 400, 500, 1500, 1517, 2600, 2999, 3500, 4100, 5003, 5004, 6000]


def disc(frame: Frame) -> Matte:
    """A soft disc in the middle."""
    height, width = frame.shape[:2]
    y, x = np.mgrid[:height, :width]
    away = np.hypot(y - height / 2, x - width / 2) / min(height, width)
    return Matte(np.clip(1.6 - 4 * away, 0, 1).astype(np.float32))


class Invert(Effect):
    name = "invert"

    def __call__(self, frame: Frame, matte: Matte) -> Frame:
        return np.where(matte.alpha[..., None] > 0.5, frame, 255 - frame).astype(np.uint8)


class Cut(Effect):
    name = "cut"
    has_alpha = True

    def __call__(self, frame: Frame, matte: Matte) -> Frame:
        return np.dstack([frame, np.rint(matte.alpha * 255).astype(np.uint8)])


def through(source: Path, target: Path, **options: Any) -> VideoResult:
    """Nothing between, so that what comes out can be compared with what went in."""
    return process_video(source, target, segment=None, effect=None, saving=VideoSaving(**options))


def leftovers(folder: Path) -> list[str]:
    return [p.name for p in folder.iterdir() if ".part" in p.name]


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
@pytest.mark.parametrize("time_base", [Fraction(1, 10000), Fraction(1, 90000), Fraction(1001, 30000)])
def test_variable_frame_rate_stays_exact(tmp_path: Path, suffix: str, time_base: Fraction) -> None:
    make_clip(tmp_path / "in.mp4", Clip(ticks=VFR, time_base=time_base))
    result = through(tmp_path / "in.mp4", tmp_path / f"out{suffix}")
    assert result.frames == len(VFR)
    assert times_of(tmp_path / f"out{suffix}") == times_of(tmp_path / "in.mp4") == [t * time_base for t in VFR]


@pytest.mark.parametrize("suffix", [".mkv", ".webm"])
def test_times_are_right_to_the_millisecond_where_the_container_has_no_finer(tmp_path: Path, suffix: str) -> None:
    make_clip(tmp_path / "in.mp4", Clip(ticks=VFR, time_base=Fraction(1, 10000)))
    through(tmp_path / "in.mp4", tmp_path / f"out{suffix}")
    made = times_of(tmp_path / f"out{suffix}")
    assert len(made) == len(VFR)
    # 1517 and 5004 follow their neighbours by 0.1 or 1.7 ms: order is kept, at most a millisecond late
    for have, want in zip(made, VFR, strict=True):
        assert abs(have - Fraction(want, 10000)) <= Fraction(1, 1000)


def test_the_last_frame_stays_as_long_as_it_did(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=7))
    through(tmp_path / "in.mp4", tmp_path / "out.mp4")
    lengths = []
    for name in ("in.mp4", "out.mp4"):
        with av.open(str(tmp_path / name)) as container:
            stream = container.streams.video[0]
            lengths.append(stream.duration * stream.time_base)  # type: ignore[operator]
    assert lengths[0] == lengths[1] == Fraction(7, 25)


def test_a_late_start_is_kept_with_its_sound(tmp_path: Path) -> None:
    late = Clip(ticks=[12800 + 512 * i for i in range(10)], audio=("eng",), audio_start=Fraction(1, 2))
    make_clip(tmp_path / "in.mkv", late)
    through(tmp_path / "in.mkv", tmp_path / "out.mp4")
    assert times_of(tmp_path / "out.mp4")[0] == times_of(tmp_path / "in.mkv")[0]
    for name in ("in.mkv", "out.mp4"):
        with av.open(str(tmp_path / name)) as container:
            sound = next(container.decode(audio=0))
            assert sound.time == pytest.approx(times_of(tmp_path / "in.mkv")[0] - 0.5, abs=0.03)


@pytest.mark.parametrize(
    ("rotation", "corner"), [(0, "top left"), (90, "bottom left"), (180, "bottom right"), (270, "top right")]
)
def test_rotation_is_applied_once(tmp_path: Path, rotation: int, corner: str) -> None:
    make_clip(tmp_path / "in.mp4", Clip(size=(96, 168), frames=4, rotation=rotation, bars=True))
    result = through(tmp_path / "in.mp4", tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        frame = next(container.decode(video=0))
        assert frame.rotation == 0
        picture = frame.to_ndarray(format="rgb24")
    assert picture.shape[:2] == ((168, 96) if rotation in (90, 270) else (96, 168))
    assert (result.height, result.width) == picture.shape[:2]
    corners = {
        "top left": picture[:12, :12], "top right": picture[:12, -12:],
        "bottom left": picture[-12:, :12], "bottom right": picture[-12:, -12:],
    }  # fmt: skip
    off = {name: np.abs(part.mean((0, 1)) - (250, 140, 20)).max() for name, part in corners.items()}
    assert min(off, key=off.__getitem__) == corner
    assert off[corner] < 12


@pytest.mark.parametrize(
    ("tags", "full"),
    [((1, 1, 1), False), ((1, 1, 1), True), ((5, 5, 6), False), ((6, 6, 6), True), ((9, 9, 14), False), (None, None)],
)
@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".mkv"])
def test_colours_and_their_tags_stay(tmp_path: Path, tags: Any, full: bool | None, suffix: str) -> None:
    make_clip(tmp_path / "in.mp4", Clip(size=(140, 224), frames=3, tags=tags, full_range=full, bars=True))
    through(tmp_path / "in.mp4", tmp_path / f"out{suffix}", crf=4)
    planes, said = [], []
    for name in ("in.mp4", f"out{suffix}"):
        with av.open(str(tmp_path / name)) as container:
            frame = next(container.decode(video=0))
            luma = np.frombuffer(frame.planes[0], np.uint8).reshape(-1, frame.planes[0].line_size)[:, :224]  # type: ignore[call-overload]
            planes.append(luma.astype(int))
            said.append((frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc))
    if suffix == ".webm":  # VP9 cannot leave the range unsaid, and has one code for both of BT.601
        assert said[1][1] == (said[0][1] or 1)
    else:
        assert said[0] == said[1]
    middle = slice(20, 60)
    for index in range(len(BARS)):
        x = index * 32 + 16
        patch = [p[middle, x - 4 : x + 4].mean() for p in planes]
        assert abs(patch[0] - patch[1]) <= 1.5


def test_reading_gives_the_colours_that_were_drawn(tmp_path: Path) -> None:
    for tags, full in (((1, 1, 1), False), ((5, 5, 6), False), ((1, 1, 1), True), ((9, 9, 14), False)):
        make_clip(tmp_path / "in.mp4", Clip(size=(140, 224), frames=2, tags=tags, full_range=full, bars=True))
        picture = next(iter(VideoReader(tmp_path / "in.mp4"))).pixels
        for index, color in enumerate(BARS):
            patch = picture[30:60, index * 32 + 10 : index * 32 + 22].mean((0, 1))
            assert np.abs(patch - color).max() <= 3, (tags, full, color, patch)


def test_black_and_white_stay_so(tmp_path: Path) -> None:
    made = through_pixels(tmp_path, np.dstack([np.repeat([0, 255], 64)[None].repeat(64, 0)] * 3).astype(np.uint8))
    assert made[:, :56].max() <= 1
    assert made[:, -56:].min() >= 254


def through_pixels(folder: Path, picture: Frame) -> Frame:
    path = folder / "flat.mp4"
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream("libx264", rate=25, width=128, height=64, pix_fmt="yuv420p")
        for index in range(3):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts = index
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    through(path, folder / "flat_out.mp4", crf=4)
    return next(iter(VideoReader(folder / "flat_out.mp4"))).pixels


def test_pixel_aspect_is_kept_and_turned(tmp_path: Path) -> None:
    for rotation, wanted in ((None, Fraction(4, 3)), (90, Fraction(3, 4))):
        make_clip(tmp_path / "in.mp4", Clip(frames=2, sample_aspect=Fraction(4, 3), rotation=rotation))
        through(tmp_path / "in.mp4", tmp_path / "out.mp4")
        assert probe_video(tmp_path / "out.mp4").sample_aspect == wanted


def test_sound_subtitles_chapters_and_tags_are_carried(tmp_path: Path) -> None:
    clip = Clip(audio=("eng", "deu"), subtitles="mov_text", chapters=True, title="A day")
    make_clip(tmp_path / "in.mp4", clip)
    result = process_video(tmp_path / "in.mp4", tmp_path / "out.mp4", segment=disc, effect=Invert())
    assert packets_of(tmp_path / "out.mp4", "audio") == packets_of(tmp_path / "in.mp4", "audio")
    assert [s.how for s in result.streams] == ["copied"] * 3
    assert result.notices == ()
    with av.open(str(tmp_path / "in.mp4")) as before, av.open(str(tmp_path / "out.mp4")) as after:
        for key in ("title", "creation_time"):
            assert after.metadata[key] == before.metadata[key]
        assert [s.metadata["language"] for s in after.streams.audio] == ["eng", "deu"]
        assert [s.disposition for s in after.streams.audio] == [s.disposition for s in before.streams.audio]
        assert [s.metadata["language"] for s in after.streams.subtitles] == ["fra"]
        assert [c["metadata"]["title"] for c in after.chapters()] == ["part 1", "part 2"]
        assert [s.start_time for s in after.streams.audio] == [s.start_time for s in before.streams.audio]
    lines = [p for p in packets_of(tmp_path / "out.mp4", "subtitle")[0] if len(p) > 2]
    assert lines == [b"\0\x07bonjour", b"\0\x09au revoir"]


@pytest.mark.parametrize(
    ("source", "target", "audio", "subtitle"),
    [
        ("in.mp4", "out.mkv", "copied", "converted to subrip"),
        ("in.mp4", "out.webm", "converted to opus", "converted to webvtt"),
        ("in.mkv", "out.mp4", "copied", "converted to mov_text"),
        ("in.mkv", "out.mkv", "copied", "copied"),
    ],
)
def test_what_the_container_cannot_hold_is_converted(
    tmp_path: Path, source: str, target: str, audio: str, subtitle: str
) -> None:
    text = "mov_text" if source.endswith("mp4") else "subrip"
    make_clip(tmp_path / source, Clip(audio=("eng",), subtitles=text))
    result = through(tmp_path / source, tmp_path / target)
    assert [s.how for s in result.streams] == [audio, subtitle]
    assert len(result.notices) == sum(how != "copied" for how in (audio, subtitle))
    with av.open(str(tmp_path / target)) as container:
        sound = np.concatenate([f.to_ndarray().mean(0) for f in container.decode(audio=0)])
        peak = np.fft.rfft(sound[4800:28800] * np.hanning(24000))
        assert abs(np.abs(peak).argmax() * 2 - 220) <= 2  # the sine is still the sine
    with av.open(str(tmp_path / target)) as container:
        starts = [
            float(p.pts * p.time_base)
            for p in container.demux(container.streams.subtitles[0])
            if p.size > 2 and p.pts is not None
        ]
    assert starts == pytest.approx([0.1, 0.5], abs=0.03)


def test_pcm_sound_becomes_aac_in_mp4(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mkv", Clip(audio=("eng",), audio_codec="pcm_s16le"))
    result = through(tmp_path / "in.mkv", tmp_path / "out.mp4")
    assert [s.how for s in result.streams] == ["converted to aac"]
    assert "pcm_s16le" in result.notices[0]


def test_no_audio_leaves_out_only_sound(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(audio=("eng",), subtitles="mov_text"))
    assert [s.kind for s in through(tmp_path / "in.mp4", tmp_path / "out.mp4", audio=False).streams] == ["subtitle"]


@pytest.mark.parametrize("size", [(241, 321), (97, 64), (64, 97)])
@pytest.mark.parametrize(("suffix", "even"), [(".mp4", True), (".webm", False), (".mkv", True)])
def test_odd_sizes(tmp_path: Path, size: tuple[int, int], suffix: str, even: bool) -> None:
    make_clip(tmp_path / "in.mp4", Clip(size=size, frames=4, pixel_format="yuv444p"))
    result = through(tmp_path / "in.mp4", tmp_path / f"out{suffix}")
    picture = frames_of(tmp_path / f"out{suffix}")[0]
    wanted = tuple(v + v % 2 for v in size) if even else size
    assert picture.shape[:2] == wanted == (result.height, result.width)
    assert bool(result.notices) == even
    before = frames_of(tmp_path / "in.mp4")[0].astype(int)
    assert np.abs(picture[: size[0], : size[1]] - before).mean() < 6


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (3, 3), (1, 64), (64, 1)])
@pytest.mark.parametrize("effect", ["color:red", "cutout"])
@pytest.mark.parametrize(
    ("target", "codec"),
    [
        ("out.mp4", "h264"), ("out.m4v", "h264"), ("out.mov", "h264"), ("out.mkv", "h264"), ("out.webm", "vp9"),
        ("out.mkv", "vp9"), ("out.mov", "prores"), ("out.mkv", "prores"), ("out.mkv", "ffv1"), ("out", "png"),
    ],
)  # fmt: skip
def test_tiny_and_odd_sizes(tmp_path: Path, size: tuple[int, int], effect: str, target: str, codec: str) -> None:
    with av.open(str(tmp_path / "in.mov"), "w") as output:
        stream: Any = output.add_stream("png", rate=25, width=size[1], height=size[0], pix_fmt="rgb24")
        for value in (20, 120, 220):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((*size, 3), value, np.uint8))))
        output.mux(stream.encode(None))
    made, saving = make_effect(effect), VideoSaving(codec=codec)
    if made.has_alpha and codec == "h264":
        with pytest.raises(MediaError, match="h264 has no transparency"):
            process_video(tmp_path / "in.mov", tmp_path / target, segment=disc, effect=made, saving=saving)
        return
    result = process_video(tmp_path / "in.mov", tmp_path / target, segment=disc, effect=made, saving=saving)
    assert (result.frames, result.codec, result.alpha) == (3, codec, made.has_alpha)
    assert abs(result.width - size[1]) + abs(result.height - size[0]) <= (2 if codec in ("h264", "prores") else 0)
    assert leftovers(tmp_path) == []


def test_sides_that_no_encoder_takes_are_told_before_the_first_frame(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "in.mov"), "w") as output:
        stream: Any = output.add_stream("png", rate=25, width=16400, height=2, pix_fmt="rgb24")
        output.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((2, 16400, 3), np.uint8))))
        output.mux(stream.encode(None))
    with pytest.raises(MediaError, match="h264 pictures have at most 16384 pixels a side, and these are 16400x2; use"):
        through(tmp_path / "in.mov", tmp_path / "out.mp4")
    assert through(tmp_path / "in.mov", tmp_path / "out.mkv", codec="ffv1").width == 16400
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("target", "codec", "pixel_format"),
    [
        ("out.webm", "vp9", "yuva420p"),
        ("out.mov", "prores", "yuva444p12le"),
        ("out.mkv", "ffv1", "bgra"),
    ],
)
@pytest.mark.parametrize("size", [(96, 128), (97, 129)])
def test_alpha_is_real(tmp_path: Path, target: str, codec: str, pixel_format: str, size: tuple[int, int]) -> None:
    make_clip(tmp_path / "in.mp4", Clip(size=size, pixel_format="yuv444p", frames=6, audio=("eng",)))
    result = process_video(tmp_path / "in.mp4", tmp_path / target, segment=disc, effect=Cut())
    assert (result.codec, result.alpha, result.frames, len(result.streams)) == (codec, True, 6, 1)
    frame = first_with_alpha(tmp_path / target)
    assert frame.format.name == pixel_format
    alpha = frame.to_ndarray(format="rgba")[: size[0], : size[1], 3].astype(float)
    wanted = np.rint(disc(np.zeros((*size, 3), np.uint8)).alpha * 255)
    assert np.abs(alpha - wanted).mean() < (0.01 if codec == "ffv1" else 2.5)


def first_with_alpha(path: Path) -> av.VideoFrame:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        own: Any = av.CodecContext.create("libvpx-vp9", "r") if path.suffix == ".webm" else stream.codec_context
        for packet in container.demux(stream):
            for frame in own.decode(packet):
                return frame  # type: ignore[no-any-return]
    raise AssertionError("no frame")


def test_pictures_in_a_folder_and_by_a_pattern(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=5))
    by_folder = process_video(
        tmp_path / "in.mp4", tmp_path / "cut", segment=disc, effect=Cut(), saving=VideoSaving(codec="png")
    )
    assert sorted(p.name for p in (tmp_path / "cut").iterdir()) == [
        *(f"frame_{i:06}.png" for i in range(1, 6)),
        "timestamps.txt",
    ]
    assert by_folder.frames == 5
    picture = cv2.imread(str(tmp_path / "cut" / "frame_000003.png"), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    assert np.array_equal(picture[..., 3], np.rint(disc(picture[..., :3]).alpha * 255))
    lines = (tmp_path / "cut" / "timestamps.txt").read_text().splitlines()
    assert [float(t) for t in lines[1:]] == [0, 40, 80, 120, 160]
    (tmp_path / "shots").mkdir()
    through(tmp_path / "in.mp4", tmp_path / "shots" / "s%03d.png")
    assert (tmp_path / "shots" / "s005.png").exists()
    with pytest.raises(MediaError, match="already holds"):
        through(tmp_path / "in.mp4", tmp_path / "shots" / "s%03d.png")
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize(("start", "duration"), [("0.5", None), ("0.31", "0.4"), (None, "0.2"), ("0.76", "9")])
def test_start_and_duration_are_exact(tmp_path: Path, suffix: str, start: str | None, duration: str | None) -> None:
    make_clip(tmp_path / f"in{suffix}", Clip(frames=25, audio=("eng",), time_base=Fraction(1, 90000)))
    info = probe_video(tmp_path / f"in{suffix}")
    times = [t - info.origin for t in times_of(tmp_path / f"in{suffix}")]
    first = Fraction(start or 0)
    last = first + Fraction(duration) if duration else Fraction(99)
    wanted = [t for t in times if first <= t < last]
    span = {"start": Fraction(start) if start else None, "duration": Fraction(duration) if duration else None}
    result = through(tmp_path / f"in{suffix}", tmp_path / "out.mp4", **span)
    assert result.frames == len(wanted)
    shift = wanted[0] if start else Fraction(0)
    made = times_of(tmp_path / "out.mp4")
    assert made == [t - shift for t in wanted]
    before = frames_of(tmp_path / f"in{suffix}")[times.index(wanted[0])].astype(int)
    assert np.abs(frames_of(tmp_path / "out.mp4")[0] - before).mean() < 4
    with av.open(str(tmp_path / "out.mp4")) as container:
        sound = container.streams.audio[0]
        length = sound.duration * sound.time_base  # type: ignore[operator]
        assert float(length) == pytest.approx(len(wanted) / 25, abs=0.06)
        assert abs((sound.start_time or 0) * sound.time_base) < 0.03  # type: ignore[operator]


def test_the_frame_count_check_finds_a_lost_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_clip(tmp_path / "in.mp4")
    muxed = video_writer.VideoWriter._mux

    def loses_one(self: video_writer.VideoWriter, packets: list[Any]) -> None:
        muxed(self, [p for p in packets if p.is_keyframe or p.pts != self._ticks[5]])

    monkeypatch.setattr(video_writer.VideoWriter, "_mux", loses_one)
    with pytest.raises(MediaError, match="20 frames went in, but 19 are in the file"):
        through(tmp_path / "in.mp4", tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()
    assert leftovers(tmp_path) == []


def test_the_alpha_check_finds_lost_transparency(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_clip(tmp_path / "in.mp4")
    encode = video_writer.FromRgb.__call__

    def opaque(self: video_writer.FromRgb, pixels: Frame) -> av.VideoFrame:
        return encode(self, np.dstack([pixels[..., :3], np.full(pixels.shape[:2], 255, np.uint8)]))

    monkeypatch.setattr(video_writer.FromRgb, "__call__", opaque)
    for name in ("out.mkv", "out.webm", "out.mov"):
        with pytest.raises(MediaError, match="transparency of frame 1 came back changed"):
            process_video(tmp_path / "in.mp4", tmp_path / name, segment=disc, effect=Cut())
        assert not (tmp_path / name).exists()


def test_an_effect_that_fails_leaves_nothing_and_the_old_file(tmp_path: Path) -> None:
    class Breaks(Invert):
        def __call__(self, frame: Frame, matte: Matte) -> Frame:
            raise ZeroDivisionError("in the effect")

    make_clip(tmp_path / "in.mp4")
    (tmp_path / "out.mp4").write_bytes(b"precious")
    with pytest.raises(ZeroDivisionError, match="in the effect"):
        process_video(tmp_path / "in.mp4", tmp_path / "out.mp4", segment=disc, effect=Breaks())
    assert (tmp_path / "out.mp4").read_bytes() == b"precious"
    assert leftovers(tmp_path) == []


def test_a_cut_off_file_is_an_error_unless_asked_to_keep_going(tmp_path: Path) -> None:
    make_clip(tmp_path / "whole.mp4", Clip(frames=40, audio=("eng",)))
    through(tmp_path / "whole.mp4", tmp_path / "fast.mp4")  # its index is in front
    data = (tmp_path / "fast.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) * 6 // 10])
    with pytest.raises(MediaError, match=r"cut\.mp4.*keep_going"):
        through(tmp_path / "cut.mp4", tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()
    result = through(tmp_path / "cut.mp4", tmp_path / "out.mp4", keep_going=True)
    assert 5 < result.frames < 40
    assert len(times_of(tmp_path / "out.mp4")) == result.frames
    assert any("cut off" in notice for notice in result.notices)
    # what follows a damaged frame in the file may come before it on the screen
    assert set(times_of(tmp_path / "out.mp4")) <= set(times_of(tmp_path / "whole.mp4"))


def test_matroska_that_is_cut_off_is_noticed(tmp_path: Path) -> None:
    make_clip(tmp_path / "whole.mkv", Clip(frames=100))
    data = (tmp_path / "whole.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) // 2])
    with pytest.raises(MediaError, match=r"cut\.mkv"):
        through(tmp_path / "cut.mkv", tmp_path / "out.mkv")


@pytest.mark.parametrize(
    ("pixel_format", "word"), [("yuv420p10le", "10 bits"), ("yuvj420p", None), ("yuv422p", None), ("gray", None)]
)
def test_other_pixel_formats(tmp_path: Path, pixel_format: str, word: str | None) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=4, pixel_format=pixel_format))
    result = through(tmp_path / "in.mp4", tmp_path / "out.mp4", crf=6)
    assert any(word in n for n in result.notices) if word else result.notices == ()
    before, after = frames_of(tmp_path / "in.mp4")[1].astype(int), frames_of(tmp_path / "out.mp4")[1]
    assert np.abs(before - after).mean() < 4


def test_b_frames_and_a_size_that_changes(tmp_path: Path) -> None:
    deep = {"crf": "20", "preset": "slow", "bf": "4", "g": "25"}
    make_clip(tmp_path / "in.mp4", Clip(frames=30, options=deep))
    with av.open(str(tmp_path / "in.mp4")) as container:
        assert any(p.dts != p.pts for p in container.demux(video=0) if p.size)
    through(tmp_path / "in.mp4", tmp_path / "out.mp4")
    assert times_of(tmp_path / "out.mp4") == times_of(tmp_path / "in.mp4")


def test_interlaced_clips_are_named(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=4, options={"flags": "+ildct+ilme", "crf": "18"}))
    result = through(tmp_path / "in.mp4", tmp_path / "out.mp4")
    assert result.notices == ("It is interlaced; its frames were deinterlaced (bwdif).",)
    assert times_of(tmp_path / "out.mp4") == times_of(tmp_path / "in.mp4")
    result = through(tmp_path / "in.mp4", tmp_path / "again.mp4", deinterlace=False)
    assert result.notices == ()


def test_damage_in_the_middle(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=40, codec="mpeg4", options={"g": "1"}))
    data = bytearray((tmp_path / "in.mp4").read_bytes())
    with av.open(str(tmp_path / "in.mp4")) as container:
        packet = [p for p in container.demux(video=0) if p.size][20]
        assert packet.pos is not None
        data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    (tmp_path / "hurt.mp4").write_bytes(data)
    with pytest.raises(MediaError, match="is damaged; keep_going"):
        through(tmp_path / "hurt.mp4", tmp_path / "out.mp4")
    result = through(tmp_path / "hurt.mp4", tmp_path / "out.mp4", keep_going=True)
    whole = times_of(tmp_path / "in.mp4")
    assert times_of(tmp_path / "out.mp4") == whole[:20] + whole[21:]
    assert any("Damaged packets left out: 1" in notice for notice in result.notices)


@pytest.mark.parametrize("name", ["in.avi", "in.gif", "in.mpg", "in.webm"])
def test_other_containers(tmp_path: Path, name: str) -> None:
    codec = {"avi": "mpeg4", "gif": "gif", "mpg": "mpeg2video", "webm": "libvpx-vp9"}[name[3:]]
    options = {"bf": "2"} if codec in ("mpeg4", "mpeg2video") else {}
    pixel_format = "rgb8" if codec == "gif" else "yuv420p"
    time_base = Fraction(1, 25)
    make_clip(
        tmp_path / name, Clip(frames=12, codec=codec, options=options, pixel_format=pixel_format, time_base=time_base)
    )
    result = through(tmp_path / name, tmp_path / "out.mp4")
    assert result.frames == 12
    made = times_of(tmp_path / "out.mp4")
    assert [b - a for a, b in itertools.pairwise(made)] == [Fraction(1, 25)] * 11


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=2))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out.mp4").symlink_to(tmp_path / "elsewhere" / "real.mp4")
    through(tmp_path / "in.mp4", tmp_path / "out.mp4")
    assert (tmp_path / "out.mp4").is_symlink()
    assert len(times_of(tmp_path / "elsewhere" / "real.mp4")) == 2


def test_cover_pictures_are_left_out_and_named(tmp_path: Path) -> None:
    make_clip(tmp_path / "plain.mp4", Clip(frames=3))
    _, jpeg = cv2.imencode(".jpg", next(pictures((48, 64))))
    with av.open(str(tmp_path / "plain.mp4")) as source, av.open(str(tmp_path / "in.mkv"), "w") as output:
        copy = output.add_stream_from_template(source.streams.video[0])
        output.add_attachment("cover.jpg", "image/jpeg", jpeg.tobytes())
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = copy
                output.mux(packet)
    result = through(tmp_path / "in.mkv", tmp_path / "out.mp4")
    assert any("cover picture" in notice for notice in result.notices)
    assert result.frames == 3
    for name in ("kept.mp4", "kept.mkv"):
        result = through(tmp_path / "in.mkv", tmp_path / name, cover=True)
        assert (result.frames, result.notices, result.streams[0].kind) == (3, (), "cover")
        with av.open(str(tmp_path / name)) as container:
            shown = [s for s in container.streams.video if s.disposition & Disposition.attached_pic]
            assert [bytes(p) for s in shown for p in container.demux(s) if p.size] == [jpeg.tobytes()]
        assert probe_video(tmp_path / name).codec == "h264"
    through(tmp_path / "kept.mp4", tmp_path / "again.mkv", cover=True)
    assert jpeg.tobytes() in (tmp_path / "again.mkv").read_bytes()
    result = through(tmp_path / "in.mkv", tmp_path / "out.webm", cover=True)
    assert result.notices == ("The cover picture (stream 1, mjpeg) was left out: webm has no place for it.",)


def two_pictures(path: Path) -> None:
    """A wide German picture and a tall French one, with sound in both languages."""
    make_clip(path.with_name("one.mkv"), Clip(frames=4, audio=("ger", "fre")))
    make_clip(path.with_name("two.mkv"), Clip(size=(128, 96), frames=6))
    sources = [av.open(str(path.with_name(name))) for name in ("one.mkv", "two.mkv")]
    with av.open(str(path), "w") as output:
        copies: dict[Any, Any] = {}
        for source, language in zip(sources, ("deu", "fra"), strict=True):
            for stream in source.streams:
                copies[stream] = output.add_stream_from_template(stream)
                copies[stream].metadata["language"] = stream.metadata.get("language", language)
        for source in sources:
            for packet in source.demux():
                if packet.size:
                    packet.stream = copies[packet.stream]
                    output.mux(packet)
    for source in sources:
        source.close()


@pytest.mark.parametrize(
    ("chosen", "size", "sounds"),
    [
        ({}, (128, 96), ["ger", "fre"]),
        ({"video_stream": "3"}, (96, 128), ["ger", "fre"]),
        ({"video_stream": "FRE", "audio_stream": ("fra",)}, (96, 128), ["fre"]),
        ({"video_stream": "deu", "audio_stream": ("2", "1")}, (128, 96), ["ger", "fre"]),
        ({"audio_stream": ("1",)}, (128, 96), ["ger"]),
        ({"video_stream": "3", "audio": False}, (96, 128), []),
    ],
)
def test_streams_are_chosen_by_number_or_language(
    tmp_path: Path, chosen: dict[str, Any], size: tuple[int, int], sounds: list[str]
) -> None:
    two_pictures(tmp_path / "in.mkv")
    result = through(tmp_path / "in.mkv", tmp_path / "out.mkv", **chosen)
    assert (result.width, result.height, result.frames) == (*size, 6 if size == (96, 128) else 4)
    assert [stream.language for stream in result.streams] == sounds
    assert [notice for notice in result.notices if "A second video stream" in notice]
    kept = packets_of(tmp_path / "out.mkv", "audio") if sounds else []
    there = packets_of(tmp_path / "in.mkv", "audio")
    assert kept == [there[("ger", "fre").index(language)] for language in sounds]


@pytest.mark.parametrize(
    ("chosen", "text"),
    [
        ({"video_stream": "7"}, "video_stream 7: there is none of this number or language; "),
        ({"video_stream": "1"}, "in.mkv has 0 (h264, deu), 3 (h264, fra)"),
        ({"video_stream": "eng"}, "in.mkv has 0 (h264, deu), 3 (h264, fra)"),
        ({"audio_stream": ("eng",)}, "in.mkv has 1 (aac, ger), 2 (aac, fre)"),
        ({"audio_stream": ("1", "0")}, "audio_stream 0: there is none of this number or language"),
        ({"audio_stream": ("1",), "audio": False}, "audio_stream chooses sound, and audio is off"),
    ],
)
def test_streams_that_are_not_there_are_told(tmp_path: Path, chosen: dict[str, Any], text: str) -> None:
    two_pictures(tmp_path / "in.mkv")
    with pytest.raises(OptionError) as caught:
        through(tmp_path / "in.mkv", tmp_path / "out.mkv", **chosen)
    assert text in str(caught.value)
    assert not (tmp_path / "out.mkv").exists()


@pytest.mark.parametrize(
    ("target", "options", "error", "words"),
    [
        ("in.mp4", {}, MediaError, "is the clip itself"),
        ("missing/out.mp4", {}, MediaError, "does not exist"),
        ("out.xyz", {}, MediaError, "not a format"),
        ("out", {}, MediaError, "codec png"),
        ("out.mp4", {"codec": "vp9"}, MediaError, "goes into .webm"),
        ("out.mp4", {"codec": "h266"}, OptionError, "unknown"),
        ("out.mp4", {"crf": 99}, OptionError, "not between 0 and 51"),
        ("out.mkv", {"codec": "ffv1", "crf": 5}, OptionError, "leave it out"),
        ("out.mov", {"codec": "prores", "preset": "slow"}, OptionError, "leave it out"),
        ("out.mp4", {"preset": "hasty"}, OptionError, "ultrafast"),
        ("out.mp4", {"start": Fraction(100)}, MediaError, "no frame from 100 s"),
        ("out.mp4", {"start": Fraction(-1)}, OptionError, "start"),
        ("out.mp4", {"duration": Fraction(0)}, OptionError, "duration"),
        ("shot.png", {}, MediaError, "place for the number"),
    ],
)
def test_wrong_wishes_are_one_clear_line(
    tmp_path: Path, target: str, options: dict[str, Any], error: type[LimnerError], words: str
) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=3))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(error) as caught:
        through(tmp_path / "in.mp4", tmp_path / target, **options)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sorted(tmp_path.iterdir()) == before


def test_alpha_into_h264_names_what_has_alpha(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=2))
    with pytest.raises(MediaError, match=r"no transparency; use \.webm"):
        process_video(tmp_path / "in.mp4", tmp_path / "out.mp4", segment=disc, effect=Cut())


def _text(path: Path) -> None:
    path.write_text("not a video at all, only words\n" * 50)


def _photo(path: Path) -> None:
    ok, data = cv2.imencode(".png", color_bars((40, 60)))
    assert ok
    path.write_bytes(data.tobytes())


def _sound(path: Path) -> None:
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 9600), np.float32), "fltp", "mono")
        frame.sample_rate = 48000
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("gone.mp4", None, "no such file"),
        ("folder.mp4", Path.mkdir, "no picture in it; name a folder of pictures"),
        ("empty.mp4", Path.touch, "is empty"),
        ("text.mp4", _text, "cannot be read as a video"),
        ("notes.txt", _text, "not a video"),
        ("photo.png", _photo, "limner image"),
        ("photo.mp4", _photo, "limner image"),
        ("sound.m4a", _sound, "no moving picture"),
    ],
)
def test_wrong_inputs_are_one_clear_line(tmp_path: Path, name: str, make: Any, words: str) -> None:
    if make is not None:
        make(tmp_path / name)
    with pytest.raises(MediaError) as caught:
        through(tmp_path / name, tmp_path / "out.mp4")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert json.dumps(str(caught.value))
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"crf": "18.0", "subme": "7"}),
        ({"crf": 33}, {"crf": "33.0", "subme": "7"}),
        ({"crf": 7, "preset": "ultrafast"}, {"crf": "7.0", "subme": "0"}),
        ({"preset": "veryslow"}, {"crf": "18.0", "subme": "10"}),
    ],
)
def test_the_encoder_of_h264_does_what_was_asked(
    tmp_path: Path, options: dict[str, Any], expected: dict[str, str]
) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=3))
    through(tmp_path / "in.mp4", tmp_path / "out.mp4", **options)
    found = x264_settings(tmp_path / "out.mp4")
    assert {name: found[name] for name in expected} == expected


def test_a_larger_crf_makes_a_smaller_and_worse_vp9(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mkv", Clip(frames=4, size=(192, 256), options={"crf": "4"}))
    sizes, errors = [], []
    for crf in (None, 4, 60):
        through(tmp_path / "in.mkv", tmp_path / "out.webm", crf=crf, preset="ultrafast")
        sizes.append((tmp_path / "out.webm").stat().st_size)
        pairs = zip(frames_of(tmp_path / "out.webm"), frames_of(tmp_path / "in.mkv"), strict=True)
        errors.append(np.mean([np.abs(ours.astype(float) - theirs).mean() for ours, theirs in pairs]))
    usual, fine, coarse = sizes
    assert fine > 1.5 * usual > 1.5 * 1.5 * coarse
    assert errors[1] < errors[0] < errors[2]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"codec": "mpeg2"}, "codec 'mpeg2' is unknown: say one of h264, vp9"),
        ({"preset": "lazy"}, "preset 'lazy' is unknown: say one of ultrafast"),
        ({"crf": -1}, "crf -1 is out of range"),
        ({"crf": "best"}, "crf must be a whole number or None, not 'best'"),
        ({"start": Fraction(-1)}, "start -1 is before the clip begins"),
        ({"duration": 0}, "duration 0 is no length"),
        ({"duration": "10"}, "duration must be a number or None, not '10'"),
        ({"audio": None}, "audio must be True or False, not None"),
        ({"alpha": "often"}, "alpha 'often' is unknown: say multiply or ignore"),
    ],
)
def test_how_a_video_is_written_is_checked_when_it_is_said(values: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        VideoSaving(**values)


def test_how_a_video_is_written_can_be_sent_elsewhere(tmp_path: Path) -> None:
    saving = VideoSaving(codec="ffv1", start=Fraction(1, 5), audio=False)
    assert pickle.loads(pickle.dumps(saving)) == saving
    make_clip(tmp_path / "in.mp4", Clip(frames=10, audio=("eng",)))
    result = process_video(tmp_path / "in.mp4", tmp_path / "o.mkv", segment=None, effect=None, saving=saving)
    assert (result.codec, result.frames, result.streams) == ("ffv1", 5, ())


def test_the_old_keywords_work_and_warn(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=10))
    clip, target = tmp_path / "in.mp4", tmp_path / "o.mkv"
    with pytest.warns(
        DeprecationWarning, match=r"process_video\(codec=…, start=…\) is deprecated .* use saving="
    ) as caught:
        result = process_video(clip, target, segment=None, effect=None, codec="ffv1", start=Fraction(1, 5))
    assert caught[0].filename == __file__
    assert (result.codec, result.frames) == ("ffv1", 5)
    with pytest.raises(ArgumentError, match="process_video has no argument 'quality'"):
        process_video(clip, target, segment=None, effect=None, quality=3)
    with pytest.raises(OptionError, match="saving and crf both say how the result is written"):
        process_video(clip, target, segment=None, effect=None, saving=VideoSaving(), crf=3)
