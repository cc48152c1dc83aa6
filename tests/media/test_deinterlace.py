"""Interlaced clips: whole frames, nearer to the truth, as many and at the same times."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from limner.media.video_reader import VideoReader

SIZE = (96, 160)


def moment(half: int) -> NDArray[np.uint8]:
    """The scene at a time, in half frames: a white bar with soft ends that moves over stripes that stand still."""
    picture = np.zeros((*SIZE, 3), np.float64)
    picture[:] = 60 + 40 * np.sin(np.arange(SIZE[1]) / 5)[None, :, None]
    x = np.arange(SIZE[1]) - 20 - 2.5 * half
    bar = np.clip((14 - np.abs(x)) / 3, 0, 1)[None, :, None]
    picture[20:76] = picture[20:76] * (1 - bar) + 230 * bar
    return picture.astype(np.uint8)


def woven(index: int) -> NDArray[np.uint8]:
    """Odd rows of one time, even rows of half a frame later: bottom field first, which is what PyAV marks."""
    frame = moment(2 * index)
    frame[::2] = moment(2 * index + 1)[::2]
    return frame


def make_interlaced(path: Path, frames: int = 12, *, codec: str = "libx264") -> None:
    """25 frames a second in H.264 or MPEG-2."""
    flags = {"flags": "+ildct+ilme"}
    options = {"crf": "4", "x264-params": "bff=1"} if codec == "libx264" else {"q": "1", "b": "9M"}
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream(
            codec, rate=25, width=SIZE[1], height=SIZE[0], pix_fmt="yuv420p", options=options | flags
        )
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(woven(index), "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def error(found: NDArray[np.uint8], wanted: NDArray[np.uint8]) -> float:
    return float(np.abs(found[20:76].astype(int) - wanted[20:76]).mean())


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
def test_frames_come_nearer_to_the_truth_at_their_own_times(tmp_path: Path, codec: str) -> None:
    make_interlaced(tmp_path / "in.mkv", codec=codec)
    reader = VideoReader(tmp_path / "in.mkv")
    whole = list(reader)
    combed = list(VideoReader(tmp_path / "in.mkv", deinterlace=False))
    assert [frame.time for frame in whole] == [frame.time for frame in combed] == [Fraction(n, 25) for n in range(12)]
    assert reader.notices == ["It is interlaced; its frames were deinterlaced (bwdif)."]
    for index in range(2, 11):
        truth = moment(2 * index)
        assert error(whole[index].pixels, truth) < 0.6 * error(combed[index].pixels, truth)
        still = np.abs(whole[index].pixels[:16].astype(int) - combed[index].pixels[:16])
        assert still.mean() < 1  # what stands keeps its sharpness


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_short_clips_come_out_whole(tmp_path: Path, frames: int) -> None:
    make_interlaced(tmp_path / "in.mkv", frames)
    assert len(list(VideoReader(tmp_path / "in.mkv"))) == frames


def test_a_part_has_the_frames_of_the_whole(tmp_path: Path) -> None:
    make_interlaced(tmp_path / "in.mkv", 40)
    whole = list(VideoReader(tmp_path / "in.mkv"))
    part = list(VideoReader(tmp_path / "in.mkv", start=Fraction(1), duration=Fraction(1, 5)))
    assert len(part) == 5
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(part, whole[25:30], strict=True))


def test_a_clip_that_becomes_interlaced_and_changes_size(tmp_path: Path) -> None:
    from limner.media.deinterlace import Deinterlacer

    make_interlaced(tmp_path / "in.mkv", 6)
    with av.open(str(tmp_path / "in.mkv")) as container:
        frames = list(container.decode(video=0))
    plain = av.VideoFrame.from_ndarray(moment(0), "rgb24").reformat(format="yuv420p")
    plain.pts, plain.time_base = 0, frames[0].time_base
    small = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), "rgb24").reformat(format="yuv420p")
    small.pts, small.time_base = 7, frames[0].time_base
    fields = Deinterlacer()
    assert list(fields.push(plain)) == [plain]  # nothing is held back before the first that is marked
    out = [whole for frame in (*frames, small) for whole in fields.push(frame)]
    out += list(fields.flush())
    assert [frame.pts for frame in out] == [*(frame.pts for frame in frames), 7]
    assert (out[-1].width, out[0].width, fields.interlaced) == (32, 160, 6)
