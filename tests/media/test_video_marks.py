"""Files that are cut off, anywhere and read from anywhere, and files that only look it."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from limner.errors import MediaError
from limner.media.video_marks import read_marks
from limner.media.video_reader import VideoReader
from video_clips import Clip, make_clip


def frames(path: Path, **options: Any) -> int:
    return sum(1 for _ in VideoReader(path, **options))


def shortened(path: Path, share: float) -> Path:
    data = path.read_bytes()
    cut = path.with_stem("cut")
    cut.write_bytes(data[: round(len(data) * share)])
    return cut


@pytest.mark.parametrize("name", ["whole.mkv", "whole.webm", "whole.avi", "whole.mov"])
def test_a_few_frames_missing_at_the_end_are_found_from_any_start(tmp_path: Path, name: str) -> None:
    codec = {"webm": "libvpx-vp9", "avi": "mpeg4"}.get(name[6:], "libx264")
    options = {"g": "10", "deadline": "realtime"} if "webm" in name else {"g": "10", "b": "3000000"}
    path = tmp_path / name
    make_clip(path, Clip(size=(48, 64), frames=200, codec=codec, options=options, time_base=Fraction(1, 25)))
    if name.endswith("mov"):
        front = tmp_path / "front.mov"
        with av.open(str(path)) as source, av.open(str(front), "w", options={"movflags": "faststart"}) as output:
            copy = output.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.size:
                    packet.stream = copy
                    output.mux(packet)
        path = front
    assert frames(path) == 200
    assert frames(path, start=Fraction(7)) == 25
    cut = shortened(path, 0.8 if name.endswith("avi") else 0.96)  # the end of an AVI is its index
    for options in ({}, {"start": Fraction(7)}, {"start": Fraction(7), "duration": Fraction(9)}):
        with pytest.raises(MediaError, match=r"the file is cut off|frame near .* is damaged"):
            frames(cut, **options)
    assert frames(cut, start=Fraction(1), duration=Fraction(1)) == 25  # what was asked for is all there
    reader = VideoReader(cut, keep_going=True)
    assert 100 < sum(1 for _ in reader) < 200
    assert any("cut off" in notice for notice in reader.notices)


def test_an_index_or_tags_missing_behind_the_last_picture_harm_nobody(tmp_path: Path) -> None:
    path = tmp_path / "whole.mkv"
    make_clip(path, Clip(size=(48, 64), frames=50))
    cut = path.with_stem("cut")
    cut.write_bytes(path.read_bytes()[:-20])
    marks = read_marks(cut)
    assert marks is not None
    assert (marks.cut, marks.promised - marks.size) == (True, 20)
    assert frames(cut) == 50


def test_an_avi_without_its_index_has_all_its_pictures(tmp_path: Path) -> None:
    path = tmp_path / "whole.avi"
    make_clip(path, Clip(size=(48, 64), frames=50, codec="mpeg4", options={}, time_base=Fraction(1, 25)))
    cut = path.with_stem("cut")
    cut.write_bytes(path.read_bytes()[:-300])
    assert frames(cut) == 50
    assert frames(cut, start=Fraction(1)) == 25


def test_a_long_last_frame_is_no_cut(tmp_path: Path) -> None:
    path = tmp_path / "slides.mkv"
    make_clip(path, Clip(size=(48, 64), ticks=[0, 12800, 25600, 38400 * 5]))
    assert frames(path) == 4


def test_a_fragmented_file_cut_between_its_fragments(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(size=(48, 64), frames=40))
    path = tmp_path / "whole.mp4"
    flags = {"movflags": "frag_keyframe+empty_moov"}
    with av.open(str(tmp_path / "in.mp4")) as source, av.open(str(path), "w", options=flags) as output:
        copy = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = copy
                output.mux(packet)
    assert frames(path) == 40
    data = path.read_bytes()
    starts = [i for i in range(len(data)) if data[i : i + 4] == b"moof"]
    (tmp_path / "cut.mp4").write_bytes(data[: starts[-1] + 40])  # within the head of a fragment
    with pytest.raises(MediaError, match=r"cut\.mp4"):
        frames(tmp_path / "cut.mp4")


def test_marks_of_what_promises_nothing(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.ts", Clip(size=(48, 64), frames=5))
    assert read_marks(tmp_path / "in.ts") is None
    rng = np.random.default_rng(0)
    heads = (b"\x1a\x45\xdf\xa3", b"RIFF", b"\0\0\0\x18ftyp", b"\0\0\0\0moov", b"")
    for head, length in itertools.product(heads, (0, 3, 40)):  # nonsense neither hangs nor raises
        (tmp_path / "odd").write_bytes(head + rng.bytes(length))
        read_marks(tmp_path / "odd")
