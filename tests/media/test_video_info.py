"""What a clip is: which of its streams, at which rate, from when, of what size."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image as Pillow

from limner.effects.chain import Chain
from limner.effects.fail_closed import FailClosed
from limner.effects.replace import Replace
from limner.matte import Matte
from limner.media.backgrounds import VideoBackground
from limner.media.video_info import probe_video
from limner.media.video_reader import VideoReader
from limner.processing.video import process_video
from video_clips import Clip, make_clip, pictures, times_of

SIZE = (48, 64)


def write(output: Any, stream: Any, count: int, *, size: tuple[int, int] = SIZE, first: int = 0) -> None:
    moving = pictures(size)
    for index in range(count):
        frame = av.VideoFrame.from_ndarray(next(moving), "rgb24")
        frame.pts, frame.time_base = first + index, Fraction(1, 25)
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


def copy(source: Path, target: Path, **options: Any) -> None:
    with av.open(str(source)) as before, av.open(str(target), "w", **options) as after:
        made = after.add_stream_from_template(before.streams.video[0])
        for packet in before.demux(video=0):
            if packet.size:
                packet.stream = made
                after.mux(packet)


@pytest.mark.parametrize("rate", [20, 30, Fraction(30000, 1001)])
def test_a_raw_stream_plays_at_its_own_rate(tmp_path: Path, rate: Fraction) -> None:
    with av.open(str(tmp_path / "in.mp4"), "w") as output:
        stream: Any = output.add_stream("libx264", rate=rate, width=64, height=48, pix_fmt="yuv420p")
        stream.codec_context.time_base = 1 / Fraction(rate)
        moving = pictures(SIZE)
        for index in range(9):
            frame = av.VideoFrame.from_ndarray(next(moving), "rgb24")
            frame.pts, frame.time_base = index, 1 / Fraction(rate)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    copy(tmp_path / "in.mp4", tmp_path / "in.h264")
    assert probe_video(tmp_path / "in.h264").rate == rate
    process_video(tmp_path / "in.h264", tmp_path / "out.mp4", segment=None, effect=None)
    times = times_of(tmp_path / "out.mp4")
    assert len(times) == 9
    assert float(times[-1]) == pytest.approx(8 / rate, abs=1e-4)


@pytest.mark.parametrize("target", ["out.mp4", "out.mkv", "out.webm"])
def test_a_clip_that_begins_below_zero_keeps_every_frame_and_step(tmp_path: Path, target: str) -> None:
    source = tmp_path / "in.mkv"
    with av.open(str(source), "w", options={"avoid_negative_ts": "disabled"}) as output:
        stream: Any = output.add_stream("mpeg4", rate=25, width=64, height=48, pix_fmt="yuv420p")
        write(output, stream, 12, first=-5)
    assert times_of(source)[0] < 0
    process_video(source, tmp_path / target, segment=None, effect=None)
    times = times_of(tmp_path / target)
    assert times == [Fraction(i, 25) for i in range(12)]
    assert [f.time for f in VideoReader(source, start=Fraction(1, 5))][:2] == [0, Fraction(1, 25)]


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_a_still_before_the_clip_is_not_the_clip(tmp_path: Path, suffix: str) -> None:
    source = tmp_path / f"in.{suffix}"
    with av.open(str(source), "w") as output:
        still: Any = output.add_stream("mjpeg", rate=25, width=32, height=32, pix_fmt="yuvj420p")
        clip: Any = output.add_stream("libx264", rate=25, width=64, height=48, pix_fmt="yuv420p")
        write(output, still, 1, size=(32, 32))
        write(output, clip, 6)
    info = probe_video(source)
    assert (info.stream_index, info.width, info.codec) == (1, 64, "h264")
    assert any("stream 0" in notice for notice in info.notices)
    assert len(list(VideoReader(source))) == 6


def test_a_clip_of_photos_alone_is_a_clip(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "in.mkv"), "w") as output:
        write(output, output.add_stream("mjpeg", rate=25, width=64, height=48, pix_fmt="yuvj420p"), 6)
    assert len(list(VideoReader(tmp_path / "in.mkv"))) == 6


def test_the_stream_that_is_marked_as_the_usual_one_wins(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "in.mkv"), "w") as output:
        first: Any = output.add_stream("libx264", rate=25, width=32, height=32, pix_fmt="yuv420p")
        second: Any = output.add_stream("libx264", rate=25, width=64, height=48, pix_fmt="yuv420p")
        first.disposition, second.disposition = 0, av.stream.Disposition.default
        write(output, first, 4, size=(32, 32))
        write(output, second, 4)
    assert probe_video(tmp_path / "in.mkv").stream_index == 1


@pytest.mark.parametrize("alpha", [False, True])
def test_a_moving_avif_moves(tmp_path: Path, alpha: bool) -> None:
    moving = pictures(SIZE)
    frames = [Pillow.fromarray(next(moving)) for _ in range(5)]
    for frame in frames if alpha else ():
        frame.putalpha(128)
    frames[0].save(tmp_path / "in.avif", save_all=True, append_images=frames[1:], duration=100)
    info = probe_video(tmp_path / "in.avif")
    read = list(VideoReader(info))
    assert [frame.time for frame in read] == [Fraction(i, 10) for i in range(5)]
    expected = next(pictures(SIZE)).astype(int)
    assert np.abs(read[0].pixels - expected).mean() < 12
    assert info.alpha == ("stream" if alpha else None)
    assert info.notices == ()


def test_a_damaged_background_is_told(tmp_path: Path) -> None:
    make_clip(tmp_path / "whole.mkv", Clip(size=SIZE, frames=60))
    data = (tmp_path / "whole.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) * 3 // 4])
    whole, cut = (VideoBackground(tmp_path / name) for name in ("whole.mkv", "cut.mkv"))
    for background in (whole, cut):
        for index in range(70):
            background.frame_at(Fraction(index, 25), SIZE, "cover")
    assert whole.notices == []
    assert len(cut.notices) == 1
    assert "cut off" in cut.notices[0]


def test_notices_of_a_background_reach_the_result(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(size=SIZE, frames=70))
    make_clip(tmp_path / "whole.mkv", Clip(size=SIZE, frames=60))
    data = (tmp_path / "whole.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) * 3 // 4])
    effect = FailClosed(Chain([Replace(background=tmp_path / "cut.mkv")]))
    result = process_video(
        tmp_path / "in.mp4",
        tmp_path / "out.mp4",
        segment=lambda f: Matte(np.zeros(f.shape[:2], np.float32)),
        effect=effect,
    )
    assert [notice for notice in result.notices if "cut.mkv: The file is cut off" in notice]


def joined(folder: Path, other: Clip) -> Path:
    """A transport stream whose second half is of another size."""
    target = folder / "in.ts"
    make_clip(folder / "first.mp4", Clip(size=SIZE, frames=5, time_base=Fraction(1, 90000)))
    make_clip(folder / "second.mp4", other)
    with av.open(str(target), "w") as output:
        made: Any = None
        for index, name in enumerate(("first.mp4", "second.mp4")):
            with av.open(str(folder / name)) as source:
                stream = source.streams.video[0]
                made = made or output.add_stream_from_template(stream)
                inline = av.BitStreamFilterContext("h264_mp4toannexb", stream)
                for packet in source.demux(stream):
                    for part in inline.filter(packet if packet.size else None):
                        part.stream = made
                        part.pts += index * 18000
                        part.dts += index * 18000
                        output.mux(part)
    return target


@pytest.mark.parametrize("taller", [True, False])
def test_a_clip_that_changes_size_keeps_its_proportions(tmp_path: Path, taller: bool) -> None:
    size = (96, 64) if taller else (96, 128)
    source = joined(tmp_path, Clip(size=size, frames=5, time_base=Fraction(1, 90000), bars=True))
    reader = VideoReader(source)
    frames = [frame.pixels for frame in reader]
    assert {frame.shape for frame in frames} == {(*SIZE, 3)}
    last = frames[-1].astype(int)
    if taller:  # 64x96 fits as 32x48, between black bars
        assert last[:, :15].max() < 20
        assert last[:, -15:].max() < 20
        assert last[10, 18:46].max() > 200
    else:  # of the same shape: it fills the frame
        assert last[4:20, 2:6].min(axis=(0, 1)).max() > 100
    assert reader.notices == ["Frames of another size, fitted into 64x48: 5."]


def test_pixels_of_another_shape_keep_the_picture_s(tmp_path: Path) -> None:
    """A broadcast that changes from 64 to 32 columns for the same picture fills the frame as before."""
    other = Clip(size=(48, 32), frames=5, time_base=Fraction(1, 90000), bars=True, sample_aspect=Fraction(2))
    frames = [frame.pixels.astype(int) for frame in VideoReader(joined(tmp_path, other))]
    assert frames[-1][10, 1].max() > 100
    assert frames[-1][10, -2].max() > 100


def test_rgb_pictures_become_video_of_limited_range(tmp_path: Path) -> None:
    moving = pictures(SIZE)
    frames = [Pillow.fromarray(next(moving)) for _ in range(4)]
    frames[0].save(tmp_path / "in.png", format="PNG", save_all=True, append_images=frames[1:], duration=40)
    (tmp_path / "in.png").rename(tmp_path / "in.apng")
    process_video(tmp_path / "in.apng", tmp_path / "out.mp4", segment=None, effect=None)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert next(container.decode(video=0)).color_range in (0, 1)
    made = next(iter(VideoReader(tmp_path / "out.mp4"))).pixels.astype(int)
    assert np.abs(made - next(pictures(SIZE))).mean() < 6
