"""Each frame of a clip is given the matte before: here to a net whose logit is 40 × that − 1, so that it lights up."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from limner.segment.segmenter import Segmenter
from limner.segment.steady.temporal import TemporalSegmenter
from video_clips import Clip, make_clip

FIRST = 1 / (1 + np.exp(1))
GREY = np.full((40, 60, 3), 90, np.uint8)


@pytest.fixture
def model(tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path]) -> Path:
    path = make_onnx(tmp_path / "own.onnx", weights=((0.0, 0.0, 0.0, 40.0),), bias=-1.0)
    make_card(path, input_channels=4)
    return path


def test_the_matte_before_is_handed_on_until_reset(model: Path) -> None:
    clip = TemporalSegmenter(Segmenter(model, refine=False, softness=1.0), temporal="off")
    levels = [float(clip.matte(GREY).alpha.mean()) for _ in range(3)]
    assert levels[0] == pytest.approx(FIRST, abs=1e-4)
    assert min(levels[1:]) > 0.99
    clip.reset()
    assert clip.matte(GREY).alpha.mean() == pytest.approx(FIRST, abs=1e-4)


def test_a_frame_of_another_size_begins_anew(model: Path) -> None:
    clip = TemporalSegmenter(Segmenter(model, refine=False, softness=1.0), temporal="off")
    clip.matte(GREY)
    assert clip.matte(np.ascontiguousarray(GREY[:30])).alpha.mean() == pytest.approx(FIRST, abs=1e-4)


def test_two_clips_do_not_know_of_each_other(model: Path) -> None:
    segmenter = Segmenter(model, refine=False, softness=1.0)
    one, other = (TemporalSegmenter(segmenter, temporal="off") for _ in range(2))
    one.matte(GREY)
    assert other.matte(GREY).alpha.mean() == pytest.approx(FIRST, abs=1e-4)


def test_videos_hand_it_on_and_photos_begin_with_nothing(model: Path, tmp_path: Path) -> None:
    make_clip(tmp_path / "in.mp4", Clip(frames=3))
    Image.fromarray(GREY).save(tmp_path / "in.png")
    (tmp_path / "out").mkdir()
    options = ["--model", str(model), "--effect", "mask", "--no-refine", "--softness", "1"]

    def limner(*args: str) -> None:
        command = [sys.executable, "-m", "limner.cli.app", *args, *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr

    def level(name: str) -> float:
        return float(np.asarray(Image.open(tmp_path / name).convert("L")).mean())

    limner("video", "in.mp4", "-o", "out/%d.png", "--temporal", "off")
    first, *later = (level(f"out/{path.name}") for path in sorted((tmp_path / "out").glob("*.png")))
    assert first == pytest.approx(255 * FIRST, abs=2)
    assert len(later) == 2
    assert min(later) > 250
    limner("image", "in.png", "-o", "photo.png")
    assert level("photo.png") == pytest.approx(255 * FIRST, abs=2)
