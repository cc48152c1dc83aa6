"""Parts of people by name: labels, words of labels, and what a wrong name is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from limner.errors import OptionError
from limner.models.card import ModelCard
from limner.models.catalogue import FETCHED_CARDS
from limner.models.parts import keeping, parse_keep

SIX = ModelCard.load(FETCHED_CARDS / "multiclass.json")
"""The card of MediaPipe's net: background, hair, body-skin, face-skin, clothes, others."""


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["hair"], (1,)),
        (["hair", "face-skin"], (1, 3)),
        (["Face Skin", "HAIR"], (3, 1)),
        (["face"], (3,)),
        (["skin"], (2, 3)),
        (["skin", "face"], (2, 3)),
        (["background"], (0,)),
    ],
)
def test_names(names: list[str], classes: tuple[int, ...]) -> None:
    output = keeping(SIX, names).output
    assert (output.person_classes, output.person_class, output.background_class) == (classes, None, None)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("hiar", "keep 'hiar' is no part that 'multiclass' knows; did you mean 'hair'? its parts: background, hair"),
        ("cloths", "did you mean 'clothes'?"),
        ("tail", "keep 'tail' is no part that 'multiclass' knows; its parts: background, hair, body-skin, face-skin"),
        ("-", "keep '-' is no part"),
    ],
)
def test_unknown_names_are_told_the_parts(name: str, says: str) -> None:
    with pytest.raises(OptionError) as caught:
        keeping(SIX, [name])
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_card_without_labels_is_told(card_json: Callable[..., Any]) -> None:
    with pytest.raises(OptionError, match=r"keep: the card of 'own' names no parts; give it output\.labels"):
        keeping(ModelCard.from_dict(card_json()), ["hair"])


@pytest.mark.parametrize(
    ("text", "names"), [(None, ()), ("hair", ("hair",)), (" hair , face skin", ("hair", "face skin"))]
)
def test_lists(text: str | None, names: tuple[str, ...]) -> None:
    assert parse_keep(text) == names


@pytest.mark.parametrize("text", ["", "hair,", ",", " "])
def test_gaps_in_lists(text: str) -> None:
    with pytest.raises(OptionError, match="say names of parts with commas between them, such as hair,face"):
        parse_keep(text)


def test_the_six_class_net_gets_the_pixels_that_its_metadata_asks_for() -> None:
    """(pixel - 127.5) / 127.5; with [0, 1] it loses five points of Boundary IoU on hand-drawn masks."""
    spec = SIX.input
    assert [(255 * spec.scale - m) / s for m, s in zip(spec.mean, spec.std, strict=True)] == pytest.approx([1, 1, 1])
    assert [-m / s for m, s in zip(spec.mean, spec.std, strict=True)] == pytest.approx([-1, -1, -1])
