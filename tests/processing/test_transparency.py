"""A clip's own transparency: it counts with what is found, stays where it can, and is never lost without a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limner.assembly import VideoSaving
from limner.effects import make_effect
from limner.effects.base import Effect
from limner.effects.fail_closed import FailClosed
from limner.errors import OptionError
from limner.frame import Frame, over
from limner.matte import Matte, hidden_matte
from limner.media.images import write_image
from limner.media.video_info import probe_video
from limner.media.video_reader import VideoReader
from limner.processing.transparency import apply_effect
from limner.processing.video import process_video
from limner.processing.video_preview import preview_sheet
from transparent_clips import CODECS, RED, SIZE, alpha_at, make_transparent

GREEN = (0, 128, 0)


def everybody(frame: Frame) -> Matte:
    return Matte(np.ones(frame.shape[:2], np.float32))


def lower_half(frame: Frame) -> Matte:
    alpha = np.zeros(frame.shape[:2], np.float32)
    alpha[frame.shape[0] // 2 :] = 1
    return Matte(alpha)


def run(
    folder: Path, source: str, target: str, effect: Effect | None, *, matte: Any = everybody, **options: Any
) -> Any:
    segment = None if effect is None else matte
    return process_video(
        folder / source, folder / target, segment=segment, effect=effect, saving=VideoSaving(**options)
    )


def first(path: Path) -> tuple[Frame, Frame | None]:
    frame = next(iter(VideoReader(path, alpha=True)))
    return frame.pixels.astype(int), None if frame.alpha is None else frame.alpha.astype(int)


@pytest.mark.parametrize("kind", [*CODECS, "moving.avif"])
def test_what_is_transparent_is_nobody(tmp_path: Path, kind: str) -> None:
    make_transparent(tmp_path / kind, kind)
    result = run(tmp_path, kind, "out.mp4", FailClosed(make_effect("color", color="green")), crf=4)
    pixels, _ = first(tmp_path / "out.mp4")
    assert np.abs(pixels[:, :20] - GREEN).max() <= 16
    assert np.abs(pixels[:, 48:] - RED).max() <= 16
    assert np.abs(pixels[32, 28:36].mean(0) - (np.array(RED) + GREEN) / 2).max() <= 16  # and no fringe of black
    assert not any("transparency" in notice for notice in result.notices)


def test_ignored_if_asked(tmp_path: Path) -> None:
    make_transparent(tmp_path / "in.webm", "vp9.webm")
    run(tmp_path, "in.webm", "out.mp4", make_effect("color", color="green"), alpha="ignore")
    assert np.abs(first(tmp_path / "out.mp4")[0] - RED).max() <= 16
    with pytest.raises(OptionError, match="alpha 'often'"):
        run(tmp_path, "in.webm", "out.mp4", make_effect("blur"), alpha="often")


@pytest.mark.parametrize("target", ["out.webm", "out.mov", "out.mkv", "out_%03d.png"])
def test_a_cut_out_has_both_alphas_multiplied(tmp_path: Path, target: str) -> None:
    make_transparent(tmp_path / "in.webm", "vp9.webm")
    run(tmp_path, "in.webm", target, make_effect("cutout"), matte=lower_half)
    alpha = first(tmp_path / target)[1] if "%" not in target else cut_png(tmp_path / "out_001.png")
    assert alpha is not None
    assert alpha[:28].max() <= 2
    assert np.abs(alpha[36:] - alpha_at(0)[36:]).mean() < 4


def cut_png(path: Path) -> Frame:
    from limner.media.images import read_image

    found = read_image(path).alpha
    assert found is not None
    return found.astype(int)


@pytest.mark.parametrize("effect", ["blur", "overlay", None])
@pytest.mark.parametrize("target", ["out.webm", "out.mov", "out.mkv"])
def test_where_the_background_stays_its_transparency_stays(tmp_path: Path, effect: str | None, target: str) -> None:
    make_transparent(tmp_path / "in.webm", "vp9.webm")
    result = run(tmp_path, "in.webm", target, effect and make_effect(effect), matte=lower_half)
    assert result.alpha
    alpha = first(tmp_path / target)[1]
    assert alpha is not None
    assert np.abs(alpha - alpha_at(0)).mean() < 4
    assert not any("transparency" in notice for notice in result.notices)


@pytest.mark.parametrize("effect", ["blur", None])
def test_a_format_without_transparency_is_told(tmp_path: Path, effect: str | None) -> None:
    make_transparent(tmp_path / "in.mov", "prores.mov")
    result = run(tmp_path, "in.mov", "out.mp4", effect and make_effect(effect))
    pixels, _ = first(tmp_path / "out.mp4")
    assert pixels[:, :16].max() <= 16
    assert np.abs(pixels[:, 60:] - RED).max() <= 16
    assert next(n for n in result.notices if "transparency" in n).startswith("Its transparency became black, as h264")


def test_an_option_of_an_opaque_codec_keeps_that_codec(tmp_path: Path) -> None:
    make_transparent(tmp_path / "in.mov", "prores.mov")
    assert run(tmp_path, "in.mov", "out.mov", make_effect("blur"), crf=20).codec == "h264"


def test_a_presentation_may_be_transparent_and_so_may_the_clip(tmp_path: Path) -> None:
    make_transparent(tmp_path / "in.webm", "vp9.webm")
    make_transparent(tmp_path / "slides.webm", "vp9.webm")
    effect = make_effect("frame_in_frame", presentation=tmp_path / "slides.webm", fill="green", size=0.5, fit="cover",
                         position="top-left", shape="person", margin=0)  # fmt: skip
    run(tmp_path, "in.webm", "out.mp4", effect, crf=4)
    pixels, _ = first(tmp_path / "out.mp4")
    assert np.abs(pixels[4:12, 2:8] - GREEN).max() <= 20  # the clip's transparent part, and there the presentation's
    assert np.abs(pixels[8:24, 28:44] - RED).max() <= 24  # the person, small
    assert np.abs(pixels[44:, :20] - GREEN).max() <= 16
    effect = make_effect(
        "frame_in_frame", presentation="white", size=0.5, position="top-left", shape="rectangle", margin=0
    )
    run(tmp_path, "in.webm", "out.mp4", effect, crf=4)
    pixels, _ = first(tmp_path / "out.mp4")
    assert pixels[4:28, 2:8].max() <= 24  # the small picture shows black, not what lies under its transparency


def test_a_hidden_frame_hides_the_outline_too() -> None:
    frame, alpha = np.full((*SIZE, 3), RED, np.uint8), alpha_at(0)
    shown = apply_effect(FailClosed(make_effect("blur")), frame, hidden_matte(SIZE), alpha)
    assert shown.shape == (*SIZE, 4)
    assert shown[..., 3].min() == 255
    cut = apply_effect(FailClosed(make_effect("cutout")), frame, hidden_matte(SIZE), alpha)
    assert cut[..., 3].max() == 0


@pytest.mark.parametrize("under", [0, 255, None])
def test_what_lies_under_transparency_is_not_in_the_edges(under: int | None) -> None:
    y, x = np.mgrid[:120, :160]
    alpha = np.rint(np.clip((45 - np.hypot(y - 60, x - 80)) / 8 + 0.5, 0, 1) * 255).astype(np.uint8)
    colours = np.dstack([180 + 20 * np.sin(x / 9), 90 + 20 * np.cos(y / 7), np.full(x.shape, 80.0)]).astype(np.uint8)
    frame = colours.copy()
    if under is not None:
        frame[alpha == 0] = under
    shown = apply_effect(make_effect("color", color="green"), frame, everybody(frame), alpha)
    part = alpha[..., None] / 255
    off = np.abs(shown - (part * colours + (1 - part) * GREEN))
    assert off.max() < 8  # 47 without


def test_previews_show_it(tmp_path: Path) -> None:
    make_transparent(tmp_path / "in.mov", "prores.mov")
    sheet = preview_sheet(
        probe_video(tmp_path / "in.mov"), segment=everybody, effect=make_effect("color", color="blue")
    )
    cells = sheet.reshape(-1, 3).astype(int)
    for colour in ((255, 255, 255), (204, 204, 204), (0, 0, 255), RED):
        assert (np.abs(cells - colour).max(1) <= 6).mean() > 0.03


def test_photos_and_clips_agree(tmp_path: Path) -> None:
    frame, alpha = np.full((*SIZE, 3), RED, np.uint8), alpha_at(0)
    write_image(tmp_path / "in.png", np.dstack([frame, alpha]))
    assert np.array_equal(over(frame, alpha)[:, 48:], frame[:, 48:])
    assert np.array_equal(over(frame, alpha, (255, 255, 255))[0, 0], (255, 255, 255))
    half = (np.array(RED) * 128 + 255 * 127) / 255
    assert np.abs(over(frame, alpha, (255, 255, 255))[0, 30] - half).max() <= 1
