"""The mix: a recipe's options of how training pictures are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from limner.augment.photometric import Look
from limner.augment.priors import Priors
from limner.errors import DataError

_CHANCES = (
    "whole",
    "replace_hand",
    "replace_auto",
    "second_person",
    "crowd",
    "distractor",
    "occluder",
    "match_light",
    "light_wrap",
    "strands",
    "backlight",
    "defocus",
    "auto_edge_weight",
)


@dataclass(frozen=True)
class Mix:
    """How training pictures are made. Chances are in [0, 1].

    Attributes:
        sets: set name -> share of the samples; "no_people" stands for all sets without people together,
            beside their own names.
        whole: chance that a photo that keeps its background is shown whole, squeezed, as the net sees it in use;
            the rest are views inside it. A run that ends with more of them settles on what it will meet.
        replace_hand: chance that a hand-masked person is put before another background.
        replace_auto: the same for masks another net made.
        second_person: chance that a composite shows a second person behind the first.
        distractor: chance that a composite shows a thing cut from a photo without people before its background,
            so that "something stands out" does not come to mean "person".
        auto_edge_weight: loss weight at the edges of masks another net made, whose edges are blurred.
        trust_auto: masks another net made are as good at the edge as drawn ones: such people may stand in composites of
            others, and what needs a good mask is done to their photos, too.
        crowd: chance that a composite shows two to four people, side by side and behind each other.
        occluder: chance that a thing stands before whatever a picture shows, and hides part of the person.
        match_light: chance that a pasted person takes on the light of the background.
        light_wrap: chance that the background's light bleeds onto the rim of a pasted person.
        strands: chance that loose hair is drawn on a pasted person.
        backlight: chance that a person is dark before a bright background.
        defocus: chance that the background is out of focus.
            These last two need a mask drawn by people or a renderer (or ``trust_auto``), and leave photos with other
            masks alone.
        look: chances of what light and camera do to a picture.
        priors: also make previous masks, for nets with four channels; ``{}`` in a recipe takes the defaults.
        twins: also make a twin of each picture in other light, from another camera, for the consistency loss.
        previous: also make the frame before and its target, for the temporal loss. A previous mask is then one of
            that frame.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # a misspelt field of a recipe is an error

    sets: Mapping[str, float]
    whole: float = 0.25
    replace_hand: float = 0.5
    replace_auto: float = 0.3
    second_person: float = 0.12
    distractor: float = 0.15
    auto_edge_weight: float = 0.5
    trust_auto: bool = False
    crowd: float = 0.0
    occluder: float = 0.0
    match_light: float = 0.0
    light_wrap: float = 0.0
    strands: float = 0.0
    backlight: float = 0.0
    defocus: float = 0.0
    look: Look = field(default_factory=Look)
    priors: Priors | None = None
    twins: bool = False
    previous: bool = False

    def __post_init__(self) -> None:
        check_shares(self.sets, {name: getattr(self, name) for name in _CHANCES})


def check_shares(sets: Mapping[str, float], chances: Mapping[str, float]) -> None:
    """
    Raises:
        DataError: a chance lies outside [0, 1], or the shares of sets are no shares.
    """
    for name, chance in chances.items():
        if not 0 <= chance <= 1:
            raise DataError(f"recipe: data.{name} must lie in [0, 1], not {chance}")
    if not sets or min(sets.values()) < 0 or sum(sets.values()) <= 0:
        raise DataError("recipe: data.sets must give at least one set a positive share and none a negative one")
