"""Packed masks: the format bit by bit, and the exact round trip at any width, number and layout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from limner.errors import ModelError
from limner.models.card import ModelCard
from limner.segment.packed import pack_mask, unpack_mask
from limner.segment.postprocess import person_probability, read_shape


def test_the_leftmost_pixel_is_the_most_significant_bit() -> None:
    mask = np.zeros((2, 19), bool)
    mask[0, [0, 7, 8]] = mask[1, 18] = True
    assert pack_mask(mask, bits=8).tolist() == [[0b10000001, 0b10000000, 0], [0, 0, 0b00100000]]
    assert pack_mask(mask, bits=16).tolist() == [[0b1000000110000000, 0], [0, 0b0010000000000000]]


@pytest.mark.parametrize("number", ["exact", "int32", "float32", "float64"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("width", [1, 7, 8, 9, 16, 17, 31, 33, 255, 256])
def test_round_trip(width: int, bits: int, number: str) -> None:
    mask = np.random.default_rng(width).random((5, width)) < 0.5
    packed = pack_mask(mask, bits=bits)
    assert packed.dtype == (np.uint8 if bits == 8 else np.uint16)
    found = unpack_mask(packed if number == "exact" else packed.astype(number), width=width, bits=bits)
    assert found.dtype == np.bool_
    np.testing.assert_array_equal(found, mask)


def packed_card(card_json: Callable[..., Any], **changes: Any) -> ModelCard:
    given = {"output_kind": "packed", "output_width": 33, "output_bits": 8, "input_size": [6, 33]} | changes
    return ModelCard.from_dict(card_json(**given))


@pytest.mark.parametrize("axes", [(1, 1, 6, 5), (1, 6, 5, 1), (1, 6, 5), (6, 5)])
def test_the_segmenter_reads_any_layout(card_json: Callable[..., Any], axes: tuple[int, ...]) -> None:
    mask = np.random.default_rng(0).random((6, 33)) < 0.5
    probability = person_probability(pack_mask(mask).reshape(axes), packed_card(card_json))
    assert probability.dtype == np.float32
    np.testing.assert_array_equal(probability, mask)


def test_floats_that_are_no_numbers_are_nobody(card_json: Callable[..., Any]) -> None:
    values = np.array([[[[np.nan, np.inf, 255.0]]]], np.float32)
    card = packed_card(card_json, input_size=[1, 24], output_width=24)
    np.testing.assert_array_equal(person_probability(values, card), [[0] * 16 + [1] * 8])


@pytest.mark.parametrize("shape", [(1, 1, 6, 33), (1, 1, 5, 6), (1, 2, 6, 5), (2, 6, 5)])
def test_other_shapes_are_refused(card_json: Callable[..., Any], shape: tuple[int, ...]) -> None:
    with pytest.raises(
        ModelError, match=r"output.width 33 and output.bits 8 make rows of 5 numbers, but output 'alpha'"
    ):
        read_shape(shape, packed_card(card_json))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"output_bits": 12}, "output.bits must be 8 or 16, not 12"),
        ({"output_width": 0}, "output.width must be a whole number, at least 1, not 0"),
        ({"output_kind": "sigmoid"}, "output.width is not a field of a model card"),
    ],
)
def test_the_card_says_what_is_wrong(card_json: Callable[..., Any], changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ModelError, match=says):
        packed_card(card_json, **changes)


def test_the_card_comes_back_from_json(card_json: Callable[..., Any]) -> None:
    card = packed_card(card_json)
    assert card.to_dict()["output"] == {"name": "alpha", "kind": "packed", "person_class": 1, "width": 33, "bits": 8}
    assert ModelCard.from_dict(card.to_dict()) == card
