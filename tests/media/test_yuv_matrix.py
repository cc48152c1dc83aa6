"""YUV to RGB by one matrix, against the formulas in floating point and on the way back."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from limner.media.video_color import LIMITED, ColorTags, FromRgb
from limner.media.yuv_matrix import YuvMatrix, can_convert

SHARES = {1: (0.2126, 0.0722), 4: (0.3, 0.11), 6: (0.299, 0.114), 7: (0.212, 0.087), 9: (0.2627, 0.0593)}
FORMATS = {"yuv420p": (2, 2), "yuvj420p": (2, 2), "yuva420p": (2, 2), "yuv422p": (2, 1), "yuvj422p": (2, 1),
           "yuv444p": (1, 1), "yuvj444p": (1, 1)}  # fmt: skip


def planes_of(frame: av.VideoFrame) -> list[NDArray[np.uint8]]:
    planes: Any = frame.planes
    return [np.frombuffer(p, np.uint8).reshape(p.height, -1)[:, : p.width] for p in planes]


def frame_of(pixel_format: str, size: tuple[int, int], *, full: bool) -> av.VideoFrame:
    """Every sample is any that the range has."""
    rng = np.random.default_rng(0)
    frame = av.VideoFrame(size[1], size[0], pixel_format)
    for index, plane in enumerate(planes_of(frame)):
        plane.flags.writeable = True
        low, high = (0, 255) if full else (16, 240 if index in (1, 2) else 235)
        plane[:] = rng.integers(low, high + 1, plane.shape, dtype=np.uint8)
    return frame


def formula(frame: av.VideoFrame, matrix: int, *, full: bool) -> NDArray[np.float64]:
    """RGB (H, W, 3), not cut off."""
    red_share, blue_share = SHARES[matrix]
    across, down = FORMATS[frame.format.name]
    luma, *chroma = (plane.astype(float) for plane in planes_of(frame)[:3])
    height, width = luma.shape
    steps, black = ((255, 255), 0) if full else ((219, 224), 16)
    luma = (luma - black) / steps[0]
    blue_less, red_less = ((c.repeat(down, 0).repeat(across, 1)[:height, :width] - 128) / steps[1] for c in chroma)
    red, blue = luma + (2 - 2 * red_share) * red_less, luma + (2 - 2 * blue_share) * blue_less
    green = (luma - red_share * red - blue_share * blue) / (1 - red_share - blue_share)
    return 255 * np.dstack([red, green, blue])


@pytest.mark.parametrize("matrix", SHARES)
@pytest.mark.parametrize("full", [False, True])
def test_every_colour_is_right(matrix: int, full: bool) -> None:
    frame = frame_of("yuv444p", (1024, 1024), full=full)
    off = YuvMatrix(matrix, full=full)(frame) - np.clip(formula(frame, matrix, full=full), 0, 255)
    assert np.abs(off).max() < 0.65
    assert np.abs(off.mean((0, 1))).max() < 0.01


@pytest.mark.parametrize("pixel_format", FORMATS)
@pytest.mark.parametrize("size", [(64, 96), (33, 47), (1, 1), (2, 5), (513, 6), (600, 7)])
def test_every_pixel_has_its_own_samples(pixel_format: str, size: tuple[int, int]) -> None:
    assert can_convert(pixel_format)
    frame = frame_of(pixel_format, size, full=False)
    pixels = YuvMatrix(6, full=False)(frame)
    assert pixels.shape == (*size, 3)
    assert pixels.flags.c_contiguous
    assert np.abs(pixels - np.clip(formula(frame, 6, full=False), 0, 255)).max() < 0.65


@pytest.mark.parametrize("matrix", [1, 6, 9])
def test_what_rgb_can_hold_comes_back_as_it_was(matrix: int) -> None:
    frame = frame_of("yuv420p", (1024, 1024), full=False)
    exact = formula(frame, matrix, full=False)
    held = ((exact >= 0) & (exact <= 255)).all(2)
    whole = held.reshape(512, 2, 512, 2).all((1, 3))  # of all that share their chroma
    pixels = YuvMatrix(matrix, full=False)(frame)
    back = planes_of(FromRgb("yuv420p", ColorTags(matrix, LIMITED, 1, 1), matrix=matrix)(pixels))
    for before, after, where in zip(planes_of(frame), back, (held, whole, whole), strict=True):
        assert where.sum() > 1000
        assert np.array_equal(before[where], after[where])


@pytest.mark.parametrize("pixel_format", ["yuv420p10le", "nv12", "rgb24", "gray"])
def test_other_formats_are_left_to_the_scaler(pixel_format: str) -> None:
    assert not can_convert(pixel_format)


def test_the_range_counts_whatever_the_name_of_the_format_says() -> None:
    frame = frame_of("yuvj420p", (64, 64), full=True)
    for full in (False, True):
        off = YuvMatrix(1, full=full)(frame) - np.clip(formula(frame, 1, full=full), 0, 255)
        assert np.abs(off).max() < 0.7
