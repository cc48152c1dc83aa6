"""Panoramas and tall pictures: everybody is found, no seam shows, and usual video is left as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from limner import samples
from limner.media.images import read_image
from limner.segment.pyramid import build_pyramid
from limner.segment.segmenter import Segmenter
from limner.segment.tiles import MOST, blend, cut

Frame = NDArray[np.uint8]


@pytest.mark.parametrize("size", [(720, 1280), (1280, 720), (100, 100), (1, 1), (1000, 1990), (1080, 1920)])
def test_usual_pictures_are_one_tile(size: tuple[int, int]) -> None:
    assert cut(size) == [(slice(0, size[0]), slice(0, size[1]))]


@pytest.mark.parametrize("size", [(100, 200), (225, 7500), (900, 210), (1, 3000), (2, 7), (300, 60_000), (3, 100_000)])
def test_tiles_cover_everything_and_overlap(size: tuple[int, int]) -> None:
    tiles = cut(size)
    assert 2 <= len(tiles) <= MOST
    axis = 1 if size[1] > size[0] else 0
    assert all(tile[1 - axis] == slice(0, min(size)) for tile in tiles)
    starts, stops = [tile[axis].start for tile in tiles], [tile[axis].stop for tile in tiles]
    assert (starts[0], stops[-1]) == (0, max(size))
    lengths = {stop - start for start, stop in zip(starts, stops, strict=True)}
    assert len(lengths) == 1
    shared = [stop - start for start, stop in zip(starts[1:], stops, strict=False)]
    assert min(shared) >= int(0.3 * lengths.pop()) - 1


@pytest.mark.parametrize("size", [(300, 2000), (2000, 300), (225, 7501)])
def test_blended_maps_lie_where_the_picture_does(size: tuple[int, int]) -> None:
    """A slow wave along the picture, seen in tiles, is the wave again: nothing is shifted and no seam shows."""
    along = np.arange(max(size))
    wave = (0.5 + 0.5 * np.sin(along / 40)).astype(np.float32)
    whole = np.broadcast_to(wave if size[1] > size[0] else wave[:, None], size)
    tiles = cut(size)
    maps = [cv2.resize(np.ascontiguousarray(whole[tile]), (96, 96), interpolation=cv2.INTER_AREA) for tile in tiles]
    result = blend([part.astype(np.float32) for part in maps], tiles, size)
    assert result.flags.c_contiguous
    expected = cv2.resize(np.ascontiguousarray(whole), result.shape[::-1], interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(result, expected, atol=0.05)


@pytest.mark.parametrize("side", [33, 64, 96, 224])
def test_every_pixel_is_covered_whatever_the_size(side: int) -> None:
    for longer in range(130, 900, 7):
        tiles = cut((64, longer))
        result = blend([np.ones((side, side), np.float32)] * len(tiles), tiles, (64, longer))
        np.testing.assert_allclose(result, 1, atol=1e-5)


def test_tiles_that_disagree_pass_into_each_other_slowly() -> None:
    size = (100, 1000)
    tiles = cut(size)
    maps = [np.full((64, 64), index % 2, np.float32) for index in range(len(tiles))]
    result = blend(maps, tiles, size)
    assert (result.min(), result.max()) == (0, 1)
    assert np.abs(np.diff(result, axis=1)).max() < 0.12


def panorama(ratio: float, height: int, places: list[float], *, tall: bool = False) -> tuple[Frame, list[slice]]:
    """The lake, mirrored over and over, with the sample portrait in it as often as there are places."""
    lake, portrait = read_image(samples.BACKGROUND).pixels, read_image(samples.PORTRAIT).pixels
    scale = height / lake.shape[0]
    lake = cv2.resize(lake, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    scale = height / portrait.shape[0]
    portrait = cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    strip = np.concatenate([lake, lake[:, ::-1]], axis=1)
    count = int(height * ratio / strip.shape[1]) + 1
    wide = np.concatenate([strip] * count, axis=1)[:, : int(height * ratio)].copy()
    spans = []
    for place in places:
        left = int(place * (wide.shape[1] - portrait.shape[1]))
        wide[:, left : left + portrait.shape[1]] = portrait
        spans.append(slice(left, left + portrait.shape[1]))
    return wide, spans


def test_three_people_in_a_panorama() -> None:
    frame, spans = panorama(20, 300, [0.1, 0.47, 0.9])
    truth = Segmenter("default", threads=1).matte(np.ascontiguousarray(frame[:, spans[0]])).alpha > 0.5
    tiled = Segmenter("default", threads=1).matte(frame).alpha > 0.5
    squeezed = Segmenter("default", threads=1, tiles=False).matte(frame).alpha > 0.5
    for span in spans:
        assert iou(tiled[:, span], truth) > 0.85
        assert iou(squeezed[:, span], truth) < 0.5


def iou(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return float((a & b).sum() / max(1, (a | b).sum()))


def test_a_usual_frame_is_the_same_with_and_without() -> None:
    frame = np.ascontiguousarray(read_image(samples.PORTRAIT).pixels)
    with_, without = (Segmenter("default", threads=1, tiles=tiles).matte(frame) for tiles in (True, False))
    np.testing.assert_array_equal(with_.alpha, without.alpha)


@pytest.mark.parametrize("size", [(64, 400), (400, 64)])
@pytest.mark.parametrize("resize", ["stretch", "letterbox"])
def test_no_seam(
    tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path], size: tuple[int, int], resize: str
) -> None:
    """A net that reads every pixel by itself gives in tiles what the picture says, whatever the letterbox."""
    path = make_onnx(tmp_path / "own.onnx", size=(64, 64))
    make_card(path, input_size=[64, 64], input_resize=resize)
    ramp = np.linspace(0.35, 0.65, max(size)) * 255
    line = np.stack([ramp, np.full_like(ramp, 40), 255 - ramp], axis=-1).astype(np.uint8)
    frame = np.ascontiguousarray(np.broadcast_to(line if size[1] > size[0] else line[:, None], (*size, 3)))
    probability = Segmenter(path).probability(frame)
    along = probability[probability.shape[0] // 2] if size[1] > size[0] else probability[:, probability.shape[1] // 2]
    expected = np.interp(
        (np.arange(along.size) + 0.5) * max(size) / along.size - 0.5, np.arange(max(size)), 2 * ramp / 255 - 1
    )
    np.testing.assert_allclose(along, 1 / (1 + np.exp(-20 * expected)), atol=0.06)


def test_nets_that_are_told_the_matte_before_see_the_whole_frame() -> None:
    frame, _ = panorama(4, 120, [0.5])
    segmenter = Segmenter("video", threads=1)
    assert segmenter.probability(frame).shape == (192, 336)  # the longest of its sizes, and no tiles


@pytest.mark.parametrize(
    ("size", "small"),
    [((900, 30_000), 225), ((1080, 1920), 270), ((823, 1920), 205), ((30_000, 900), 225), ((300, 99_000), 75)],
)
def test_the_small_frame_of_a_panorama_stays_fine_and_bounded(size: tuple[int, int], small: int) -> None:
    frame = np.broadcast_to(np.zeros(3, np.uint8), (*size, 3))
    shape = build_pyramid(np.ascontiguousarray(frame)).small.shape
    assert abs(min(shape[:2]) - small) <= 4
    assert shape[0] * shape[1] <= 8_000_000
