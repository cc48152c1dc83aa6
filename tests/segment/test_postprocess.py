"""Output shapes and kinds, confidence, threshold and the largest region, on numbers small enough to do by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from limner.errors import ModelError
from limner.models.card import ModelCard
from limner.segment.people.subject import largest_region
from limner.segment.postprocess import confidence, person_probability, read_shape, recentre
from limner.segment.preprocess import unplace


@pytest.mark.parametrize(
    ("shape", "kind", "maps", "axis"),
    [
        ((1, 1, 32, 48), "sigmoid", (32, 48), None),
        ((1, 32, 48, 1), "sigmoid", (32, 48), None),
        ((1, 32, 48), "argmax", (32, 48), None),
        ((32, 48), "sigmoid", (32, 48), None),
        ((1, 2, 32, 48), "softmax", (2, 32, 48), 0),
        ((1, 32, 48, 2), "softmax", (32, 48, 2), 2),
        ((1, 21, 8, 12), "logits", (21, 8, 12), 0),
        ((1, 8, 12, 21), "logits", (8, 12, 21), 2),
        ((1, 21, 14, 21), "logits", (21, 14, 21), 0),
        ((1, 32 * 48, 2), "softmax", (32, 48, 2), 2),
        ((1, 32 * 48, 1), "sigmoid", (32, 48), None),
        ((1, 32 * 48), "sigmoid", (32, 48), None),
    ],
)
def test_read_shape(
    card_json: Callable[..., Any], shape: tuple[int, ...], kind: str, maps: tuple[int, ...], axis: int | None
) -> None:
    card = ModelCard.from_dict(card_json(input_size=[32, 48], output_kind=kind))
    assert read_shape(shape, card) == (maps, axis)


@pytest.mark.parametrize(
    "shape",
    [
        *[(), (0,), (1,), (2, 3, 4, 5), (1, 2, 3, 4, 5), (1, 0, 64), (256, 0), (1, 1, 0, 64), (1, 3, 64, 0)],
        *[(1, 2), (1, 3), (3, 1), (1, 1000), (1, 1000, 1, 1), (1, 1, 1, 1000), (1, 7, 7 * 256), (1, 2, 2), (1, 30, 60)],
    ],
)
def test_shapes_that_are_no_map(card_json: Callable[..., Any], shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="which is no map of a 256×256 input"):
        read_shape(shape, ModelCard.from_dict(card_json(input_size=[256, 256])))


@pytest.mark.parametrize(
    ("seen", "size"),
    [
        ((513, 513), (65, 65)),
        ((256, 256), (4, 4)),
        ((250, 250), (32, 31)),
        ((90, 160), (5, 10)),
        ((144, 256), (576, 1024)),
    ],
)
def test_maps_may_be_coarse_fine_and_rounded(
    card_json: Callable[..., Any], seen: tuple[int, int], size: tuple[int, int]
) -> None:
    assert read_shape((1, 1, *size), ModelCard.from_dict(card_json(input_size=list(seen)))).shape == size


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("softmax", np.array([[[0.75, np.nan]], [[0.25, 1]], [[0, 0]]], np.float32), [[0.25, 0]]),
        ("softmax", np.array([[[51, 255]], [[204, 0]], [[0, 0]]], np.uint8), [[0.8, 0]]),
        ("logits", np.array([[[0, 9e4]], [[0, 0]], [[0, 0]]], np.float32), [[2 / 3, 0]]),
        ("sigmoid", np.array([[[0.75, 0]], [[0.5, 1]], [[0.5, 1]]], np.float32), [[0.25, 1]]),
        ("argmax", np.array([[0, 2]], np.int64), [[0, 1]]),
        ("argmax", np.array([[1, np.nan]], np.float32), [[1, 0]]),
    ],
)
def test_everything_but_the_background(card_json: Callable[..., Any], kind: str, values: Any, expected: Any) -> None:
    card = ModelCard.from_dict(background_card(card_json, [1, 2], kind))
    np.testing.assert_allclose(person_probability(values[None], card), expected, atol=1e-6)


def test_a_background_class_needs_classes(card_json: Callable[..., Any]) -> None:
    card = ModelCard.from_dict(background_card(card_json, [32, 48], "logits"))
    with pytest.raises(ModelError, match="background_class needs two classes or more, but output 'alpha'"):
        read_shape((1, 1, 32, 48), card)
    card = ModelCard.from_dict(background_card(card_json, [32, 48], "softmax", number=6))
    with pytest.raises(ModelError, match=r"background_class is 6, but output 'alpha' has only the classes 0 to 5"):
        read_shape((1, 6, 32, 48), card)


def background_card(card_json: Callable[..., Any], size: list[int], kind: str, number: int = 0) -> Any:
    data = card_json(input_size=size, output_kind=kind, output_background_class=number)
    del data["output"]["person_class"]
    return data


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("sigmoid", np.array([[0.25, np.nan], [1.1, -0.1]], np.float32), [[0.25, 0], [1, 0]]),
        ("sigmoid", np.array([[0, 51], [255, 102]], np.uint8), [[0, 0.2], [1, 0.4]]),
        ("logits", np.array([[0, 1000], [-1000, np.log(3)]], np.float64), [[0.5, 1], [0, 0.75]]),
        ("logits", np.array([[[0, 0], [9e4, 0]], [[0, 9e4], [0, np.log(3)]]], np.float32), [[0.5, 1], [0, 0.75]]),
        ("argmax", np.array([[0, 1], [2, 1]], np.int64), [[0, 1], [0, 1]]),
        ("argmax", np.array([[0, 0.9999], [2, 1.0001]], np.float32), [[0, 1], [0, 1]]),
    ],
)
def test_kinds(card_json: Callable[..., Any], kind: str, values: Any, expected: Any) -> None:
    card = ModelCard.from_dict(card_json(input_size=[2, 2], output_kind=kind))
    result = person_probability(values[None], card)
    assert result.dtype == np.float32
    assert result.flags.c_contiguous
    np.testing.assert_allclose(result, expected, atol=1e-6)


def test_confidence_is_one_minus_the_entropy() -> None:
    half = np.zeros((100, 100), np.float32)
    half[:10] = 0.9
    entropy = -(0.9 * np.log2(0.9) + 0.1 * np.log2(0.1))
    assert confidence(half) == pytest.approx(1 - entropy, abs=0.02)
    half[:, :] = 0.0
    half[0, 0] = 0.5
    assert confidence(half) == pytest.approx(0.95, abs=1e-3)


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.8])
def test_recentre(threshold: float) -> None:
    line = np.array([[0.0, threshold / 2, threshold, (1 + threshold) / 2, 1.0]], np.float32)
    np.testing.assert_allclose(recentre(line, threshold), [[0, 0.25, 0.5, 0.75, 1]], atol=1e-6)


def test_largest_region_tells_apart_people_who_touch_softly() -> None:
    line = np.array([0.02, 0.3, 0.9, 0.9, 0.9, 0.4, 0.4, 0.9, 0.9, 0.3, 0.0, 0.2], np.float32)
    field = np.repeat(line[None], 3, axis=0)
    expected = np.array([0, 0.3, 0.9, 0.9, 0.9, 0.4, 0, 0, 0, 0, 0, 0], np.float32)
    np.testing.assert_array_equal(largest_region(field)[1], expected)


def test_largest_region_of_nothing() -> None:
    field = np.full((4, 4), 0.3, np.float32)
    np.testing.assert_array_equal(largest_region(field), field)


def test_unplace_cuts_a_coarse_letterbox_exactly(card_json: Callable[..., Any]) -> None:
    card = ModelCard.from_dict(card_json(input_size=[513, 513], input_resize="letterbox"))
    rows = np.repeat(np.arange(65, dtype=np.float32)[:, None], 65, axis=1)
    inner = unplace(rows, (256, 512), card.input)
    # A 2:1 frame fills 256 of 513 rows from row 128: its middle is the middle of the map.
    assert inner.shape == (32, 65)
    assert inner.mean() == pytest.approx(32, abs=0.1)
    assert inner[0, 0] + 0.5 == pytest.approx(128 / 513 * 65 + inner[1, 0] / 2 - inner[0, 0] / 2, abs=0.05)
