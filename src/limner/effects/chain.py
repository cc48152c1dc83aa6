"""Chain: several effects as one, each in its place, whatever order they were named in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

from limner.checking import checked, wrong
from limner.effects.base import Effect, Stage
from limner.effects.layers import Layers
from limner.errors import OptionError
from limner.frame import Frame
from limner.matte import Matte
from limner.media.primaries import CodePoints

_FITTING = (Stage.FIT, Stage.LIGHT)
"""What looks at the background even where it is not shown."""


class Chain(Effect):
    """Several effects on one frame, in the order of their stages (`limner.effects.base.Stage`).

    The part of the frame is chosen first and the matte reshaped, then the background made and recoloured, then the
    person fitted to it and recoloured, then both composed, and the picture laid out or cut out. Within a stage the
    order given holds.

    Args:
        effects: in any order. At most one makes the background, and at most one lays out or shows something else.

    Raises:
        OptionError: two of the effects exclude each other.
    """

    stage = Stage.PICTURE

    @checked
    def __init__(self, effects: Iterable[Effect]) -> None:
        effects = tuple(effects)
        if not all(isinstance(effect, Effect) for effect in effects):
            raise wrong("effects", effects, Iterable[Effect])
        self.effects: tuple[Effect, ...] = tuple(sorted(effects, key=lambda effect: effect.stage))
        parts = [part for effect in self.effects for part in effect.parts()]
        self._parts = sorted(parts, key=lambda effect: effect.stage)
        _refuse_conflicts(self._parts)
        self.name = ",".join(effect.name for effect in self.effects)
        self.has_alpha = any(effect.has_alpha for effect in self.effects)
        self.is_matte = any(effect.is_matte for effect in self.effects)
        self.moves_pixels = any(effect.moves_pixels for effect in self.effects)
        self.keeps_background = all(effect.keeps_background for effect in self.effects)
        self.wants_alone = any(effect.wants_alone for effect in self.effects)
        self.shows_alone = any(effect.shows_alone for effect in self.effects)

    def __call__(self, frame: Frame, matte: Matte) -> Frame:
        layers = Layers(frame, matte, alone=self.wants_alone)
        for effect in self._parts:
            effect.apply(layers)
        return layers.picture

    def at(self, time: Fraction) -> None:
        for effect in self.effects:
            effect.at(time)

    def match_colors(self, colors: CodePoints) -> None:
        for effect in self.effects:
            effect.match_colors(colors)

    def notices(self) -> Sequence[str]:
        return [notice for effect in self.effects for notice in effect.notices()]

    def files(self) -> Sequence[Path]:
        return [path for effect in self.effects for path in effect.files()]

    def reset(self) -> None:
        for effect in self.effects:
            effect.reset()


def _refuse_conflicts(effects: Sequence[Effect]) -> None:
    """
    Raises:
        OptionError: two of `effects` exclude each other.
    """
    by_stage: dict[Stage, list[str]] = {}
    for effect in effects:
        by_stage.setdefault(effect.stage, []).append(effect.name)
    backgrounds = by_stage.get(Stage.BACKGROUND, [])
    if len(backgrounds) > 1:
        raise OptionError(f"{_both(backgrounds)} each make the background: a chain has room for one of them")
    ends = by_stage.get(Stage.LAYOUT, []) + by_stage.get(Stage.RESULT, [])
    if len(ends) > 1:
        raise OptionError(f"{_both(ends)} each say what the result is: a chain has room for one of them")
    if any(effect.is_matte for effect in effects):
        idle = [effect.name for effect in effects if effect.stage not in (Stage.FRAMING, Stage.EDGE, Stage.RESULT)]
        if idle:
            raise OptionError(f"{ends[0]} shows the matte, to which {_both(idle)} does nothing: leave one out")
    if by_stage.get(Stage.RESULT) and backgrounds and not any(effect.stage in _FITTING for effect in effects):
        raise OptionError(f"{ends[0]} shows nothing of the background that {backgrounds[0]} makes: leave one out")


def _both(names: Sequence[str]) -> str:
    return " and ".join(names)
