"""Decoding and encoding alone: every frame, and nothing but the picture."""

from __future__ import annotations

from pathlib import Path

import av

from benchmarks.transcode import transcode
from limner import samples


def test_every_frame_gets_through(tmp_path: Path) -> None:
    frames = transcode(samples.CLIP, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as made, av.open(str(samples.CLIP)) as source:
        assert sum(1 for _ in made.decode(video=0)) == sum(1 for _ in source.decode(video=0)) == frames
