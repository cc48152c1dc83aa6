"""Effects by name. Adding one is adding a file and a line here."""

from __future__ import annotations

from typing import Any

from limner.effects.base import Effect
from limner.effects.blur import Blur
from limner.effects.color import SolidColor
from limner.effects.cutout import Cutout
from limner.effects.mask import Mask
from limner.effects.overlay import Overlay
from limner.effects.replace import Replace
from limner.errors import OptionError

__all__ = ["EFFECTS", "Effect", "make_effect"]

EFFECTS: dict[str, type[Effect]] = {kind.name: kind for kind in (Blur, Replace, SolidColor, Cutout, Mask, Overlay)}


def make_effect(name: str, **options: Any) -> Effect:
    """The effect called `name`, with its own keyword options: ``make_effect("blur", strength=0.8)``.

    Raises:
        OptionError: no effect has that name, or an option has a value that cannot be used.
        TypeError: the effect has no such option.
    """
    if name not in EFFECTS:
        raise OptionError(f"effect {name!r} is unknown: say {', '.join(EFFECTS)}")
    return EFFECTS[name](**options)
