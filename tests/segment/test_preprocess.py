"""What a net sees of a frame and where its map lies on it: no part of a pixel is lost, across or down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from limner.models.card import ModelCard
from limner.runtimes.base import TensorInfo
from limner.segment.preprocess import Preprocessor, place, unplace

SIDE = 513
FRAMES = [(256, 512), (512, 256), (300, 301), (97, 501), (501, 97), (400, 400)]


def letterbox(card_json: Callable[..., Any], side: int = SIDE) -> ModelCard:
    return ModelCard.from_dict(card_json(input_size=[side, side], input_resize="letterbox"))


def middles(count: int) -> np.ndarray:
    """Where the middle of each of some pixels lies, in shares of the whole."""
    return (np.arange(count, dtype=np.float32) + 0.5) / count


@pytest.mark.parametrize("axis", [0, 1], ids=["down", "across"])
@pytest.mark.parametrize("size", FRAMES)
@pytest.mark.parametrize("map_side", [65, 128, 513, 1026])
def test_a_map_keeps_its_place(card_json: Callable[..., Any], size: tuple[int, int], map_side: int, axis: int) -> None:
    """The net's map is a ramp over its input; of the frame it must show exactly the frame's part of the ramp."""
    card = letterbox(card_json)
    ramp = np.repeat(middles(map_side)[:, None], map_side, axis=1)
    inner = unplace(np.ascontiguousarray(ramp if axis == 0 else ramp.T), size, card.input)
    line = inner.mean(axis=1 - axis)
    box = place(size, card.input)
    first, length = ((box.top, box.height), (box.left, box.width))[axis]
    expected = (first + middles(len(line)) * length) / SIDE
    pixel = 1 / map_side
    assert np.abs(line - expected)[1:-1].max() < 0.05 * pixel
    assert abs(float((line - expected)[1:-1].mean())) < 0.02 * pixel


@pytest.mark.parametrize("axis", [0, 1], ids=["down", "across"])
@pytest.mark.parametrize("size", FRAMES)
def test_what_goes_in_comes_back_where_it_was(card_json: Callable[..., Any], size: tuple[int, int], axis: int) -> None:
    """A net that gives back the red of its input: the map over the frame is the frame's red."""
    card = letterbox(card_json, 128)
    feed = Preprocessor(card, TensorInfo("image", (1, 3, 128, 128), np.dtype(np.float32)))
    lines = []
    for ramp in (middles(size[axis]), 1 - middles(size[axis])):  # both ways: 8 bits round up, places do not
        red = np.repeat(np.rint(255 * ramp)[:, None], size[1 - axis], axis=1)
        frame = np.zeros((*size, 3), np.uint8)
        frame[..., 0] = red if axis == 0 else red.T
        seen = unplace(np.ascontiguousarray(feed(frame)[0, 0]), size, card.input)
        lines.append(cv2.resize(seen, size[::-1], interpolation=cv2.INTER_LINEAR).mean(axis=1 - axis))
    edge = max(2, size[axis] // 50)
    off = ((lines[0] - lines[1] + 1) / 2 - middles(size[axis]))[edge:-edge]
    assert abs(float(off.mean())) < 0.05 / max(seen.shape)
    assert np.abs(off).max() < 0.4 / max(seen.shape)


def test_the_frame_lies_in_the_middle(card_json: Callable[..., Any]) -> None:
    for size in FRAMES:
        box = place(size, letterbox(card_json).input)
        assert 0 <= SIDE - box.height - 2 * box.top <= 1
        assert 0 <= SIDE - box.width - 2 * box.left <= 1
        assert max(box.height, box.width) == SIDE
        assert box.height / box.width == pytest.approx(size[0] / size[1], rel=0.01)
