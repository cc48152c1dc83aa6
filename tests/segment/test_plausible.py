"""Numbers that cannot be what a card says, on the two sides of each limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from limner.errors import ModelError
from limner.models.card import ModelCard
from limner.segment.plausible import check_values


def output(*values: float, dtype: Any = np.float32) -> np.ndarray:
    """A map of these numbers, each as often as the others."""
    return np.resize(np.array(values, dtype), (1, 1, 10, 10))


@pytest.fixture
def check(card_json: Callable[..., Any]) -> Callable[..., None]:
    def run(kind: str, values: np.ndarray, *, classes: bool = False, **changes: Any) -> None:
        check_values(values, ModelCard.from_dict(card_json(output_kind=kind, **changes)), classes=classes)

    return run


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("sigmoid", (0.0, 1.0)),
        ("sigmoid", (-0.5, 1.5)),  # quantized and enlarged maps overshoot
        ("softmax", (0.2, 0.8)),
        ("logits", (-3.0, 5.0)),
        ("logits", (-0.01, 200.0)),
        ("logits", (2.0, 30.0)),  # somebody everywhere
        ("logits", (0.3, 0.7)),
        ("argmax", (0.0, 1.0)),
        ("argmax", (0.0, 14.999)),
        ("sigmoid", (float("nan"), 9.0)),
        ("sigmoid", (float("inf"), 0.0)),
    ],
)
def test_what_may_be(check: Callable[..., None], kind: str, values: tuple[float, ...]) -> None:
    check(kind, output(*values))


@pytest.mark.parametrize(
    ("kind", "values", "told"),
    [
        (
            "sigmoid",
            (-0.51, 1.0),
            "sigmoid means probabilities, from 0 to 1; say logits if that is what the model gives",
        ),
        ("sigmoid", (0.0, 1.51), "say logits"),
        ("softmax", (-4.0, 3.0), "softmax means probabilities"),
        ("sigmoid", (0.0, 255.0), "divide by 255 in the model and say sigmoid"),
        ("logits", (0.0, 1.0), "before a sigmoid the background is negative; say sigmoid if that"),
        ("logits", (0.4, 0.95), "say sigmoid"),
        ("logits", (0.0, 255.0), "if it is a mask of 0 to 255, divide by 255"),
        ("argmax", (0.2, 0.7), "argmax means whole class numbers; say sigmoid if that is what the model gives"),
        ("argmax", (-0.4, 0.7), "argmax means whole class numbers; say logits"),
        ("argmax", (0.0, 5.5), "argmax means whole class numbers; say logits"),
        ("argmax", (0.0, 255.0), "a mask of 0 and 255 has no such class; say person_class 255"),
    ],
)
def test_what_cannot_be(check: Callable[..., None], kind: str, values: tuple[float, ...], told: str) -> None:
    with pytest.raises(ModelError) as caught:
        check(kind, output(*values))
    assert told in str(caught.value)
    assert str(caught.value).startswith(f"card of 'own': output.kind is {kind}, but output 'alpha' has numbers from ")


def test_the_range_is_told(check: Callable[..., None]) -> None:
    with pytest.raises(ModelError, match=r"numbers from -7 to 123: "):
        check("sigmoid", output(-7, 123))


@pytest.mark.parametrize("kind", ["sigmoid", "softmax"])
def test_integers_are_a_share_of_their_largest(check: Callable[..., None], kind: str) -> None:
    check(kind, output(0, 255, dtype=np.uint8))
    with pytest.raises(ModelError):
        check("logits", output(0, 255, dtype=np.uint8))


def test_one_number_and_none_at_all(check: Callable[..., None]) -> None:
    check("sigmoid", np.zeros((1, 1, 0, 5), np.float32))
    with pytest.raises(ModelError):
        check("sigmoid", np.full((1, 1, 1, 1), 7, np.float32))


def test_logits_of_several_classes_may_be_anything(check: Callable[..., None]) -> None:
    check("logits", output(0.0, 1.0), classes=True)


def test_a_class_of_255_is_one_where_the_card_says_so(check: Callable[..., None]) -> None:
    check("argmax", output(0, 255), output_person_class=255)
    check("argmax", output(0, 128, 255))
