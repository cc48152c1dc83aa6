"""A clip's beginning is looked at before it is processed; that of a pipe cannot be."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from limner import samples
from limner.frame import Frame
from limner.matte import Matte
from limner.media.video_info import probe_video
from limner.processing.scene_study import study_scene
from limner.segment.base import Result
from video_clips import Clip, make_clip


class Student:
    """A stream that keeps what it is shown."""

    delay = 0

    def __init__(self) -> None:
        self.seen: list[Frame] = []

    def study(self, frames: Iterable[Frame]) -> int:
        self.seen = list(frames)
        return len(self.seen)

    def push(self, frame: Frame, tag: object = None) -> list[Result]:
        return [(tag, frame, Matte(np.zeros(frame.shape[:2], np.float32), 1.0))]


def shown(path: Path, **span: Fraction | None) -> list[Frame]:
    student = Student()
    study_scene(probe_video(path), student, **({"start": None, "duration": None} | span), deinterlace=True)
    return student.seen


def test_five_frames_a_second_of_the_first_two_and_a_half() -> None:
    seen = shown(samples.CLIP)
    assert 12 <= len(seen) <= 13
    assert seen[0].shape == (480, 848, 3)


def test_only_of_the_part_that_will_be_processed() -> None:
    whole, part = shown(samples.CLIP), shown(samples.CLIP, start=Fraction(1), duration=Fraction(1, 2))
    assert 2 <= len(part) <= 3
    assert np.abs(part[0].astype(int) - whole[5]).mean() < 1
    assert np.abs(part[0].astype(int) - whole[0]).mean() > 1


def test_a_clip_of_one_frame_and_a_broken_one(tmp_path: Path) -> None:
    make_clip(tmp_path / "one.mp4", Clip(frames=1))
    assert len(shown(tmp_path / "one.mp4")) == 1
    info = probe_video(tmp_path / "one.mp4")
    (tmp_path / "one.mp4").unlink()
    student = Student()
    study_scene(info, student, start=None, duration=None, deinterlace=True)
    assert student.seen == [], "the run that follows tells of the fault"


@pytest.mark.parametrize("stream", [None, Student().push])
def test_who_cannot_study_is_left_alone(stream: object) -> None:
    study_scene(probe_video(samples.CLIP), stream, start=None, duration=None, deinterlace=True)
