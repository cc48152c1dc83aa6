"""Pieces of a clip in one file, and pieces that do not go together."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from limner.errors import MediaError
from limner.frame import TimedFrame
from limner.media.video_formats import choose_format
from limner.media.video_info import probe_video
from limner.media.video_joiner import VideoJoiner
from limner.media.video_reader import VideoReader
from limner.media.video_writer import VideoWriter
from video_clips import Clip, make_clip, times_of


def piece(path: Path, info: object, times: range, **options: object) -> Path:
    """Frames at these 25ths of a second."""
    output = choose_format(path, preset="ultrafast", **options)  # type: ignore[arg-type]
    with VideoWriter(path, output, info) as writer:  # type: ignore[arg-type]
        for number in times:
            frame = np.full((96, 128, 3), 4 * number, np.uint8)
            writer.write(TimedFrame(frame, Fraction(number, 25), Fraction(1, 25)))
        writer.finish()
    return path


def join(target: Path, clip: Path, pieces: list[Path]) -> VideoJoiner:
    with VideoJoiner(target, choose_format(target), VideoReader(clip), pieces) as joiner:
        joiner.join()
        joiner.finish()
    return joiner


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    make_clip(tmp_path / "clip.mp4", Clip(frames=40, audio=("eng",)))
    return tmp_path / "clip.mp4"


def test_frames_follow_one_another(tmp_path: Path, clip: Path) -> None:
    info = probe_video(clip)
    pieces = [
        piece(tmp_path / f"{number}.mp4", info, span)
        for number, span in enumerate((range(15), range(15, 16), range(16, 40)))
    ]
    joiner = join(tmp_path / "joined.mp4", clip, pieces)
    assert (joiner.frames, joiner.width, joiner.height) == (40, 128, 96)
    assert times_of(tmp_path / "joined.mp4") == [Fraction(number, 25) for number in range(40)]
    with av.open(str(tmp_path / "joined.mp4")) as container:
        grey = [frame.to_ndarray(format="gray").mean() for frame in container.decode(video=0)]
        assert [stream.type for stream in container.streams] == ["video", "audio"]
    assert grey == sorted(grey)
    assert all(path.is_file() for path in pieces)


def test_pieces_that_were_encoded_otherwise_are_refused(tmp_path: Path, clip: Path) -> None:
    info = probe_video(clip)
    first = piece(tmp_path / "first.mp4", info, range(20))
    other = tmp_path / "other.mp4"
    make_clip(other, Clip(frames=20, size=(48, 64)))
    with pytest.raises(MediaError, match=r"other\.mp4: was encoded in another way"):
        join(tmp_path / "joined.mp4", clip, [first, other])
    assert not (tmp_path / "joined.mp4").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "first.mp4", "other.mp4"]


@pytest.mark.parametrize("damaged", [0, 1])
def test_a_damaged_piece_is_named(tmp_path: Path, clip: Path, damaged: int) -> None:
    info = probe_video(clip)
    pieces = [piece(tmp_path / f"{number}.mp4", info, range(20 * number, 20 * number + 20)) for number in range(2)]
    pieces[damaged].write_bytes(b"no video")
    with pytest.raises(MediaError, match=rf"{damaged}\.mp4: a piece of .*joined\.mp4 cannot be read"):
        join(tmp_path / "joined.mp4", clip, pieces)
    assert not (tmp_path / "joined.mp4").exists()
