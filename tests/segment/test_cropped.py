"""Two nets in a row: the second sees the part of the frame where the first finds people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limner.errors import ModelError
from limner.models.card import ModelCard
from limner.segment.cropped import people_box
from limner.segment.segmenter import Segmenter


def room(height: int = 480, width: int = 640) -> np.ndarray:
    """A red person, 60 × 40 pixels, in a blue room, and a green stripe of 4 pixels inside of it."""
    frame = np.zeros((height, width, 3), np.uint8)
    frame[..., 2] = 255
    frame[300:360, 400:440] = (255, 0, 0)
    frame[300:360, 418:422] = (0, 0, 255)
    return frame


@pytest.fixture
def make(tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path]) -> Callable[..., Path]:
    def build(crop: dict[str, Any] | None, **card: Any) -> Path:
        finder = make_onnx(tmp_path / "finder.onnx", size=(64, 64))
        make_card(finder, name="finder", file="finder.onnx", input_size=[64, 64])
        net = make_onnx(tmp_path / "net.onnx", size=(64, 64))
        make_card(net, name="net", file="net.onnx", input_size=[64, 64], **({"crop": crop} if crop else {}), **card)
        return net

    return build


def test_small_people_are_seen_larger(make: Callable[..., Path]) -> None:
    """The stripe is half a pixel of the whole frame at 64 × 64, and two of the part."""
    truth = np.zeros((480, 640), bool)
    truth[300:360, 400:440] = True
    truth[300:360, 418:422] = False
    wrong = {}
    for kind, crop in (("whole", None), ("cropped", {"model": "finder.onnx"})):
        segmenter = Segmenter(make(crop), refine=False, clean=False)
        matte = segmenter.matte(room())
        assert matte.size == (480, 640)
        assert matte.alpha[:250].max() == 0
        wrong[kind] = int(((matte.alpha > 0.5) != truth).sum())
    assert wrong["cropped"] < 0.5 * wrong["whole"]
    stripe = matte.alpha[310:350, 419:421]
    assert stripe.max() < 0.3


def test_nobody_is_nobody(make: Callable[..., Path]) -> None:
    frame = np.zeros((120, 160, 3), np.uint8)
    frame[..., 2] = 255
    segmenter = Segmenter(make({"model": "finder.onnx"}))
    assert segmenter.matte(frame).alpha.max() == 0
    assert (segmenter.size, segmenter.card.name, segmenter.runtime.name) == ((64, 64), "net", "onnxruntime")


def test_where_the_first_finds_nobody_the_second_sees_the_whole_frame(
    tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path]
) -> None:
    make_card(make_onnx(tmp_path / "green.onnx", weights=((0.0, 20.0, -20.0),)), name="green", file="green.onnx")
    path = make_onnx(tmp_path / "red.onnx")
    make_card(path, name="red", file="red.onnx", crop={"model": "green.onnx"})
    frame = np.zeros((120, 160, 3), np.uint8)
    frame[:, :80, 0], frame[:, 80:, 2] = 255, 255
    matte = Segmenter(path, refine=False).matte(frame)
    assert (matte.alpha[:, :70].min(), matte.alpha[:, 90:].max()) == (1.0, 0.0)


@pytest.mark.parametrize("batch", [1, 4])
def test_a_shipped_model_may_find_people(make: Callable[..., Path], batch: int) -> None:
    frame = np.full((120, 160, 3), (255, 0, 0), np.uint8)
    segmenter = Segmenter(make({"model": "tiny", "margin": 0}), batch=batch)
    assert segmenter.matte(frame).size == (120, 160)
    assert segmenter.batches.frames >= 0


@pytest.mark.parametrize(
    ("boxes", "margin", "part"),
    [
        ([(8, 16, 8, 24)], 0.0, (64, 128, 64, 192)),
        ([(8, 16, 8, 24)], 0.5, (0, 192, 0, 256)),
        ([(9, 15, 9, 23)], 0.0, (64, 128, 64, 192)),  # grown to the grid
        ([(0, 10, 0, 10), (22, 32, 22, 32)], 0.0, (0, 256, 0, 256)),  # two people
        ([(0, 10, 0, 10), (30, 31, 30, 31)], 0.0, (0, 80, 0, 80)),  # a speck is nobody
        ([], 0.25, None),
    ],
)
def test_boxes(boxes: list[tuple[int, int, int, int]], margin: float, part: tuple[int, ...] | None) -> None:
    probability = np.zeros((32, 32), np.float32)
    for top, bottom, left, right in boxes:
        probability[top:bottom, left:right] = 0.9
    found = people_box(probability, (256, 256), margin)
    assert part == (None if found is None else (found[0].start, found[0].stop, found[1].start, found[1].stop))


@pytest.mark.parametrize(
    ("card", "says"),
    [
        ({"crop": {"model": "nobody"}}, "card of 'net': crop.model: no model 'nobody'"),
        ({"crop": {"model": "none.onnx"}}, "none.onnx: no such model file"),
        ({"crop": {"model": "harmonize"}}, "is for the task harmonize, not segment"),
        ({"crop": {"model": "net.onnx"}}, "crop.model 'net.onnx' is cropped by 'net.onnx' itself"),
        ({"crop": {"model": ""}}, "crop.model must be a non-empty string"),
        ({"crop": {"model": "fast", "margin": 3}}, "crop.margin must be a number from 0 to 2, not 3"),
        ({"crop": {"model": "fast", "margin": -1}}, "crop.margin must be a number from 0 to 2, not -1"),
        ({"crop": "fast"}, "crop must be an object"),
        ({"crop": {"model": "fast"}, "input_channels": 4}, "crop must be left out where the net is told what came"),
    ],
)
def test_cards_that_cannot_be_used(make: Callable[..., Path], card: dict[str, Any], says: str) -> None:
    path = make(**{"crop": None, **card})
    with pytest.raises(ModelError) as caught:
        Segmenter(path)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_cards_round_trip(card_json: Callable[..., Any]) -> None:
    card = ModelCard.from_dict(card_json(crop={"model": "fast"}))
    assert card.to_dict()["crop"] == {"model": "fast", "margin": 0.25}
    assert ModelCard.from_dict(card.to_dict()) == card
