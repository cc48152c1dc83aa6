"""A clip in pieces: joined, they are what the clip is when it is made at once."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from limner.assembly import EffectOptions, build_effect
from limner.assembly.saving import VideoSaving
from limner.errors import MediaError
from limner.frame import Frame
from limner.matte import Matte
from limner.processing.video import process_video
from limner.processing.video_pieces import join_pieces, make_piece, piece_suffix
from limner.segment.base import Result
from video_clips import Clip, frames_of, make_clip, packets_of, times_of

UNEVEN = (0, 500, 1100, 1400, 9000, 9500, 20000, 26000, 26500, 40000, 40100, 52000)
"""Ticks of 1/12800 s; nothing lies between 2.04 and 3.12 s."""


class Halves:
    """A stream whose mattes are the left half of each frame; it counts what it sees."""

    delay = 0

    def __init__(self) -> None:
        self.seen = 0

    def push(self, frame: Frame, tag: object = None) -> list[Result]:
        self.seen += 1
        alpha = np.zeros(frame.shape[:2], np.float32)
        alpha[:, : frame.shape[1] // 2] = 1
        return [(tag, frame, Matte(alpha))]

    def flush(self) -> list[Result]:
        return []

    def reset(self) -> None:
        return None


def in_pieces(clip: Path, target: Path, cuts: list[int], effect: str, saving: VideoSaving) -> tuple[list[int], int]:
    """Makes ``target`` of pieces that end at these seconds: frames of each, and those that were looked at in all."""
    made, frames, seen = [], [], 0
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, None], strict=True)):
        piece, stream = target.with_name(f"piece{number}{piece_suffix(target)}"), Halves()
        told = make_piece(
            clip, target, piece, start=Fraction(start), end=None if end is None else Fraction(end), segment=stream,
            effect=build_effect(EffectOptions(effect=effect)), saving=saving, threads=1,
        )  # fmt: skip
        made.append(piece)
        frames.append(told.frames)
        seen += stream.seen
    join_pieces(clip, target, made, effect=build_effect(EffectOptions(effect=effect)), saving=saving)
    return frames, seen


@pytest.mark.parametrize(
    ("name", "effect", "codec"),
    [
        ("made.mp4", "color", None),
        ("made.mov", "cutout", None),
        ("made.mkv", "color", "ffv1"),
        ("made.mkv", "color", None),
        ("made.webm", "cutout", None),
        ("made.ts", "color", None),
    ],
)
def test_joined_pieces_are_the_clip_made_at_once(tmp_path: Path, name: str, effect: str, codec: str | None) -> None:
    clip = tmp_path / "clip.mp4"
    make_clip(clip, Clip(frames=60, audio=("eng",), title="holiday", chapters=True))
    saving = VideoSaving(codec=codec, preset="ultrafast" if name != "made.mov" and codec is None else None)
    process_video(
        clip, tmp_path / name, segment=Halves(), effect=build_effect(EffectOptions(effect=effect)), saving=saving
    )
    joined = tmp_path / "joined" / name
    joined.parent.mkdir()
    assert in_pieces(clip, joined, [1, 2], effect, saving) == ([25, 25, 10], 110)
    assert times_of(joined) == times_of(tmp_path / name)
    assert packets_of(joined, "audio") == packets_of(tmp_path / name, "audio") != []
    off = [
        float(np.abs(one.astype(int) - other).mean())
        for one, other in zip(frames_of(joined), frames_of(tmp_path / name), strict=True)
    ]
    assert max(off) < (0.01 if codec == "ffv1" else 2.5)


def test_spans_without_frames_and_times_that_are_uneven(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    make_clip(clip, Clip(ticks=UNEVEN, frames=len(UNEVEN)))
    saving = VideoSaving(preset="ultrafast")
    process_video(
        clip, tmp_path / "whole.mp4", segment=Halves(), effect=build_effect(EffectOptions(effect="color")),
        saving=saving,
    )  # fmt: skip
    frames, _ = in_pieces(clip, tmp_path / "joined.mp4", [1, 2, 3, 4], "color", saving)
    assert frames == [6, 1, 2, 2, 1]
    assert times_of(tmp_path / "joined.mp4") == times_of(tmp_path / "whole.mp4")


def test_a_span_without_frames_is_an_empty_piece(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    make_clip(clip, Clip(frames=5))
    frames, _ = in_pieces(clip, tmp_path / "joined.mp4", [1, 2], "color", VideoSaving(preset="ultrafast"))
    assert frames == [5, 0, 0]
    assert (tmp_path / "piece1.mp4").read_bytes() == b""
    assert len(times_of(tmp_path / "joined.mp4")) == 5


def test_a_clip_that_is_cut_off_is_told_by_its_last_piece(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mkv"
    make_clip(clip, Clip(frames=60))
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size * 9 // 10])
    with pytest.raises(MediaError, match="cut off"):
        in_pieces(clip, tmp_path / "joined.mp4", [1, 2], "color", VideoSaving(preset="ultrafast"))
    assert not (tmp_path / "joined.mp4").exists()
