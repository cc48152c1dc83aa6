"""Transparency of clips is read frame by frame, wherever the file keeps it."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image as Pillow

import limner
from limner.assembly import VideoSaving
from limner.fitting import BLACK
from limner.media.backgrounds import VideoBackground, open_background
from limner.media.images import write_image
from limner.media.video_info import probe_video
from limner.media.video_reader import VideoReader
from limner.processing.video import process_video
from transparent_clips import CODECS, RED, SIZE, alpha_at, make_transparent, remux, rgba
from video_clips import Clip, make_clip

KINDS = [*CODECS, "moving.avif"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_comes_with_its_alpha(tmp_path: Path, kind: str) -> None:
    make_transparent(tmp_path / kind, kind)
    info = probe_video(tmp_path / kind)
    assert info.transparent
    assert info.notices == () or info.bits > 8
    reader = VideoReader(info, alpha=True)
    found = list(reader)
    assert len(found) == reader.transparent == 6
    for index, frame in enumerate(found):
        assert frame.alpha is not None
        off = np.abs(frame.alpha.astype(int) - alpha_at(index))
        assert off.max() <= (1 if CODECS.get(kind, ("lossy",))[0] in ("ffv1", "qtrle", "apng") else 60)
        assert off.mean() < 3
        assert np.abs(frame.pixels[:, 50:].astype(int) - RED).mean() < 6


@pytest.mark.parametrize("kind", KINDS)
def test_one_thread_reads_the_last_alpha_too(tmp_path: Path, kind: str) -> None:
    """Where nothing is decoded ahead, the last frame's alpha is read after the last frame."""
    make_transparent(tmp_path / kind, kind)
    *_, last = VideoReader(tmp_path / kind, alpha=True, threads=1)
    assert last.alpha is not None
    assert np.abs(last.alpha.astype(int) - alpha_at(5)).mean() < 3


@pytest.mark.parametrize("kind", ["vp9.webm", "prores.mov", "moving.avif"])
def test_from_the_middle_alpha_belongs_to_its_frame(tmp_path: Path, kind: str) -> None:
    make_transparent(tmp_path / kind, kind)
    for frame, index in zip(VideoReader(tmp_path / kind, start=Fraction(3, 25), alpha=True), range(3, 6), strict=True):
        assert frame.alpha is not None
        assert np.abs(frame.alpha.astype(int) - alpha_at(index)).mean() < 3


def test_deep_alpha_is_rounded(tmp_path: Path) -> None:
    steps = np.arange(1024, dtype=np.uint16).reshape(16, 64)
    with av.open(str(tmp_path / "in.mkv"), "w") as output:
        stream = output.add_stream("ffv1", rate=25, width=64, height=16, pix_fmt="yuva444p10le")
        frame = av.VideoFrame(64, 16, "yuva444p10le")
        for plane in frame.planes:
            plane.update(np.resize(steps, (16, plane.line_size // 2))[:, : plane.line_size // 2].tobytes())
        frame.planes[3].update(np.pad(steps, ((0, 0), (0, frame.planes[3].line_size // 2 - 64))).tobytes())
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    found = next(iter(VideoReader(tmp_path / "in.mkv", alpha=True))).alpha
    assert np.array_equal(found, np.rint(steps * (255 / 1023)))


def test_nobody_looks_for_alpha_unless_asked(tmp_path: Path) -> None:
    make_transparent(tmp_path / "in.webm", "vp9.webm")
    assert all(frame.alpha is None for frame in VideoReader(tmp_path / "in.webm"))


def test_opaque_clips_have_none(tmp_path: Path) -> None:
    make_clip(tmp_path / "in.webm", Clip(codec="libvpx-vp9", frames=3, options={"cpu-used": "8"}))
    make_clip(tmp_path / "in.mkv", Clip(codec="ffv1", frames=3, options={}, pixel_format="bgra"))
    for name in ("in.webm", "in.mkv"):
        assert not probe_video(tmp_path / name).transparent
        assert all(frame.alpha is None for frame in VideoReader(tmp_path / name, alpha=True))


@pytest.mark.parametrize("kind", ["vp8.webm", "vp9.webm"])
def test_a_copy_that_lost_its_alpha_mode_still_has_alpha(tmp_path: Path, kind: str) -> None:
    make_transparent(tmp_path / "in.webm", kind)
    remux(tmp_path / "in.webm", tmp_path / "copy.webm")
    with av.open(str(tmp_path / "copy.webm")) as copied:
        assert "alpha_mode" not in copied.streams.video[0].metadata
    assert probe_video(tmp_path / "copy.webm").alpha == "packet"
    frames = list(VideoReader(tmp_path / "copy.webm", alpha=True))
    assert np.abs(frames[2].alpha.astype(int) - alpha_at(2)).mean() < 3  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["out.webm", "out.mkv"])
def test_results_in_vp9_say_that_they_have_alpha(tmp_path: Path, name: str) -> None:
    make_transparent(tmp_path / "in.mov", "prores.mov")
    process_video(tmp_path / "in.mov", tmp_path / name, segment=None, effect=None, saving=VideoSaving(codec="vp9"))
    assert b"\x53\xc0\x81\x01" in (tmp_path / name).read_bytes()  # Matroska's element AlphaMode, 1
    with av.open(str(tmp_path / name)) as container:
        assert next(container.demux(video=0)).has_sidedata("matroska_block_additional")


def test_nothing_hands_pictures_to_what_drops_alpha() -> None:
    """PyAV's `VideoFrame.from_image` makes RGB of RGBA, and `to_image` too."""
    src = Path(limner.__file__).parent
    used = [path for path in src.rglob("*.py") if re.search(r"\b(from_image|to_image)\(", path.read_text("utf-8"))]
    assert used == []
    frame = av.VideoFrame.from_ndarray(rgba(0), "rgba")
    assert (frame.to_image().mode, av.VideoFrame.from_image(Pillow.fromarray(rgba(0))).format.name) == ("RGB", "rgb24")


def test_alpha_is_turned_with_the_picture(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "in.mov"), "w") as output:
        stream = output.add_stream("qtrle", rate=25, width=SIZE[1], height=SIZE[0], pix_fmt="argb")
        stream.set_display_rotation(90)
        output.mux(stream.encode(av.VideoFrame.from_ndarray(rgba(0), "rgba").reformat(format="argb")))
        output.mux(stream.encode(None))
    frame = next(iter(VideoReader(tmp_path / "in.mov", alpha=True)))
    assert frame.alpha is not None
    assert frame.alpha.shape == frame.pixels.shape[:2] == SIZE[::-1]
    assert np.array_equal(np.sort(frame.alpha.mean(1)), np.sort(alpha_at(0).mean(0)))


@pytest.mark.parametrize("kind", ["vp9.webm", "prores.mov", "ffv1.mkv", "moving.avif"])
def test_behind_a_transparent_video_is_the_fill(tmp_path: Path, kind: str) -> None:
    make_transparent(tmp_path / kind, kind)
    background = VideoBackground(tmp_path / kind)
    for fill in (BLACK, (0, 200, 0)):
        shown = background.frame_at(Fraction(0), SIZE, "cover", fill).astype(int)
        assert np.abs(shown[:, :20] - fill).max() <= 8
        assert np.abs(shown[:, 48:] - RED).max() <= 12
        assert np.abs(shown[32, 32] - (np.array(RED) + fill) / 2).max() <= 10
    assert background.notices == []


def test_behind_a_transparent_photo_is_the_fill(tmp_path: Path) -> None:
    write_image(tmp_path / "photo.png", rgba(0))
    background = open_background(str(tmp_path / "photo.png"))
    for fill in (BLACK, (0, 200, 0)):
        shown = background.frame_at(Fraction(0), SIZE, "cover", fill).astype(int)
        assert np.abs(shown[:, :20] - fill).max() == 0
        assert np.abs(shown[:, 48:] - RED).max() == 0
        assert np.abs(shown[32, 32] - (np.array(RED) * 128 + np.array(fill) * 127) / 255).max() <= 1
