"""Colours between video and RGB, against the formulas of ITU-R BT.601, 709 and 2020 in floating point."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from limner.assembly import VideoSaving
from limner.media.video_color import FULL, LIMITED, ColorTags, FromRgb, ToRgb
from limner.media.video_info import probe_video
from limner.processing.video import process_video

_LUMA = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}
"""Shares of red and blue in luma, by matrix."""
SIZE = (96, 128)


def smooth_picture(seed: int = 0) -> NDArray[np.uint8]:
    """RGB uint8 with all levels between 40 and 210 in it, every pixel four times so that chroma loses nothing."""
    noise = np.random.default_rng(seed).random((SIZE[0] // 2, SIZE[1] // 2, 3), dtype=np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 3)
    picture = 40 + 170 * (soft - soft.min()) / (soft.max() - soft.min())
    return picture.astype(np.uint8).repeat(2, 0).repeat(2, 1)


def to_yuv(rgb: NDArray[Any], matrix: int, span: int) -> list[NDArray[np.float64]]:
    red_share, blue_share = _LUMA[matrix]
    red, green, blue = (rgb[..., i].astype(float) / 255 for i in range(3))
    luma = red_share * red + (1 - red_share - blue_share) * green + blue_share * blue
    chroma = (blue - luma) / (2 - 2 * blue_share), (red - luma) / (2 - 2 * red_share)
    steps, black = ((255, 255), 0) if span == FULL else ((219, 224), 16)
    return [luma * steps[0] + black, *(c[::2, ::2] * steps[1] + 128 for c in chroma)]


def to_rgb(planes: list[NDArray[Any]], matrix: int, span: int) -> NDArray[np.float64]:
    red_share, blue_share = _LUMA[matrix]
    steps, black = ((255, 255), 0) if span == FULL else ((219, 224), 16)
    luma = (planes[0] - float(black)) / steps[0]
    blue_less, red_less = ((p.repeat(2, 0).repeat(2, 1) - 128.0) / steps[1] for p in planes[1:])
    red, blue = luma + (2 - 2 * red_share) * red_less, luma + (2 - 2 * blue_share) * blue_less
    green = (luma - red_share * red - blue_share * blue) / (1 - red_share - blue_share)
    return np.clip(255 * np.dstack([red, green, blue]), 0, 255)


def planes_of(frame: av.VideoFrame) -> list[NDArray[np.uint8]]:
    planes: Any = frame.planes
    return [np.frombuffer(p, np.uint8).reshape(p.height, -1)[:, : p.width] for p in planes]


def frame_of(planes: list[NDArray[np.float64]]) -> av.VideoFrame:
    frame = av.VideoFrame(SIZE[1], SIZE[0], "yuv420p")
    for plane, values in zip(planes_of(frame), planes, strict=True):
        plane.flags.writeable = True
        plane[:] = np.rint(values)
    return frame


COLOURS = [(matrix, span) for matrix in _LUMA for span in (LIMITED, FULL)]


@pytest.mark.parametrize(("matrix", "span"), COLOURS)
def test_every_pixel_is_right_in_rgb(matrix: int, span: int) -> None:
    frame = frame_of(to_yuv(smooth_picture(), matrix, span))
    found = ToRgb(ColorTags(matrix, span, 1, 1), width=SIZE[1], height=SIZE[0])(frame)
    off = found - to_rgb(planes_of(frame), matrix, span)
    assert np.abs(off).max() < 0.6
    assert np.abs(off.mean((0, 1))).max() < 0.03


@pytest.mark.parametrize(("matrix", "span"), COLOURS)
@pytest.mark.parametrize("alpha", [False, True])
def test_every_sample_is_right_in_video(matrix: int, span: int, alpha: bool) -> None:
    picture, cover = smooth_picture(1), smooth_picture(2)[..., :1]
    convert = FromRgb("yuva420p" if alpha else "yuv420p", ColorTags(matrix, span, 1, 1), matrix=matrix)
    planes = planes_of(convert(np.dstack([picture, cover]) if alpha else picture))
    for found, wanted, limit in zip(planes, to_yuv(picture, matrix, span), (0.02, 0.1, 0.1), strict=False):
        off = found - wanted
        assert np.abs(off).max() < 0.75
        assert abs(off.mean()) < limit
    assert not alpha or np.array_equal(planes[3], cover[..., 0])


@pytest.mark.parametrize(("matrix", "span"), COLOURS)
def test_a_frame_comes_back_as_it_was(matrix: int, span: int) -> None:
    frame = frame_of(to_yuv(smooth_picture(), matrix, span))
    tags = ColorTags(matrix, span, 1, 1)
    back = FromRgb("yuv420p", tags, matrix=matrix)(ToRgb(tags, width=SIZE[1], height=SIZE[0])(frame))
    for before, after in zip(planes_of(frame), planes_of(back), strict=True):
        assert np.mean(before == after) > 0.97
        assert np.abs(before.astype(int) - after).max() <= 1


@pytest.mark.parametrize(("pixel_format", "kind", "most"), [("yuva420p", np.uint8, 255), ("yuva444p10le", "<u2", 1023)])
def test_every_alpha_is_right_in_video(pixel_format: str, kind: Any, most: int) -> None:
    picture = np.full((4, 256, 4), 128, np.uint8)
    picture[..., 3] = np.arange(256)
    plane: Any = FromRgb(pixel_format, ColorTags(1, LIMITED, 1, 1), matrix=1)(picture).planes[3]
    found = np.frombuffer(plane, kind).reshape(4, -1)[:, :256]
    assert np.array_equal(found[0], np.rint(np.arange(256) * most / 255))


@pytest.mark.parametrize("span", [LIMITED, FULL])
def test_h264_neither_darkens_nor_tints(tmp_path: Path, span: int) -> None:
    with av.open(str(tmp_path / "in.mp4"), "w") as output:
        stream: Any = output.add_stream("libx264", rate=25, width=SIZE[1], height=SIZE[0], options={"crf": "4"})
        stream.codec_context.color_range, stream.codec_context.colorspace = span, 1
        for index in range(8):
            frame = frame_of(to_yuv(smooth_picture(index // 4), 1, span))
            frame.pts, frame.color_range, frame.colorspace = index, span, 1
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    assert probe_video(tmp_path / "in.mp4").colors.range == span
    process_video(tmp_path / "in.mp4", tmp_path / "out.mp4", segment=None, effect=None, saving=VideoSaving(crf=4))
    means = []
    for name in ("in.mp4", "out.mp4"):
        with av.open(str(tmp_path / name)) as container:
            frames = [planes_of(frame) for frame in container.decode(video=0)]
        means.append([float(np.mean([planes[i] for planes in frames])) for i in range(3)])
    assert np.abs(np.subtract(*means)).max() < 0.06
