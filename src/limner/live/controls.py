"""What the keys and sliders of the live picture change: which effects, how strong, before which background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from limner.effects import EFFECTS, Chain, Effect, make_effect
from limner.errors import LimnerError

BASES = {"b": "blur", "r": "replace", "g": "color"}
"""Key -> what lies behind the person."""

EXTRAS = {"c": "color_transfer", "s": "seamless_clone", "m": "smoothstep", "h": "harmonize"}
"""Key -> what is done besides, on or off."""

NEEDS_BACKGROUND = frozenset({"color_transfer", "seamless_clone", "harmonize"})
STEP = 0.05

HELP = (
    "b blur   r replace   g magenta   c colour transfer   s seamless clone   m smooth step   h harmonize",
    "left/right background   up/down threshold   p pause   space snapshot   v record   o overlay   q quit",
)


@dataclass(frozen=True, slots=True)
class Look:
    """What is switched on. `base` None is the effect that the command line asked for, as it is."""

    base: str | None = None
    extras: frozenset[str] = frozenset()
    strength: float = 0.5
    background: int = 0


class Controls:
    """Keeps the look and makes the effects for it, each once: going back to one is instant.

    Args:
        effect: what the command line asked for; shown until a key changes it.
        backgrounds: photos, videos or colours to choose from, at least one.
        threshold: where the edge lies, between 0 and 1; None where the segmenter has no such thing.
        set_threshold: called with every new threshold.

    Attributes:
        message: what the last key did, or why it could not.
    """

    def __init__(
        self,
        effect: Effect,
        *,
        backgrounds: Sequence[str],
        strength: float = 0.5,
        threshold: float | None = None,
        set_threshold: Callable[[float], None] | None = None,
    ) -> None:
        self._asked = effect
        self.backgrounds = tuple(backgrounds)
        self.look = Look(strength=strength)
        self.threshold = threshold
        self._set_threshold = set_threshold
        self._opened: dict[str, Any] = {}
        self._made: dict[Look, Effect] = {}
        self.message = ""

    @property
    def base(self) -> str:
        """The effect behind the person, by name."""
        return self.look.base or self._asked.name

    @property
    def title(self) -> str:
        """What is on, in words."""
        return " + ".join([self.base, *sorted(self.look.extras)])

    def effect(self) -> Effect:
        """The effect of the present look."""
        if self.look.base is None and not self.look.extras:
            return self._asked
        key = replace(self.look, background=self.look.background if self.base == "replace" else 0)
        if self.base != "blur":
            key = replace(key, strength=0.0)
        if key not in self._made:
            self._made[key] = self._make(self.look)
            while len(self._made) > 16:  # a slider makes many
                del self._made[next(iter(self._made))]
        return self._made[key]

    def press(self, key: str) -> bool:
        """Handles a key; whether it was one of these. An effect that cannot be made leaves everything as it was."""
        if key in BASES:
            again = key == "r" and self.base == "replace" and self.look.base is not None
            step = (self.look.background + 1) % len(self.backgrounds) if again else self.look.background
            self._try(replace(self.look, base=BASES[key], background=step))
        elif key in EXTRAS:
            self._toggle(EXTRAS[key])
        elif key in ("left", "right"):
            self._slide(1 if key == "right" else -1)
        elif key in ("up", "down"):
            if self.threshold is not None:
                self.set_threshold(self.threshold + (STEP if key == "up" else -STEP))
        else:
            return False
        return True

    @property
    def background_slider(self) -> tuple[str, float] | None:
        """(words, position in [0, 1]): the strength of a blur or the choice of a background; None where neither is."""
        if self.base == "blur":
            return f"blur {self.look.strength:.0%}", self.look.strength
        if self.base == "replace" and (self.look.base or self.look.extras):
            last = max(1, len(self.backgrounds) - 1)
            return f"background {self.look.background + 1} of {len(self.backgrounds)}", self.look.background / last
        return None

    def set_background(self, position: float) -> None:
        """The background slider was put to a position in [0, 1]."""
        if self.base == "blur":
            self._try(replace(self.look, base="blur", strength=round(min(1.0, max(0.0, position)), 2)))
        elif self.base == "replace":
            choice = round(min(1.0, max(0.0, position)) * (len(self.backgrounds) - 1))
            self._try(replace(self.look, base="replace", background=choice))

    def set_threshold(self, value: float) -> None:
        """Moves the edge: lower keeps more, higher less."""
        if self.threshold is None or self._set_threshold is None:
            return
        self.threshold = round(min(0.95, max(0.05, value)), 2)
        self._set_threshold(self.threshold)
        self.message = f"threshold {self.threshold:.2f}"

    def _slide(self, direction: int) -> None:
        if self.base == "blur":
            self.set_background(self.look.strength + direction * STEP)
        elif self.base == "replace":
            choice = (self.look.background + direction) % len(self.backgrounds)
            self._try(replace(self.look, base="replace", background=choice))

    def _toggle(self, name: str) -> None:
        if name not in EFFECTS:
            self.message = f"{name} is not installed"
            return
        extras = self.look.extras ^ {name}
        base = self.look.base or (self._asked.name if self._asked.name in BASES.values() else "blur")
        if name in extras and name in NEEDS_BACKGROUND and base == "blur":
            base = "replace"
        self._try(replace(self.look, base=base, extras=extras))

    def _try(self, look: Look) -> None:
        before, self.look = self.look, look
        try:
            self.effect()
        except LimnerError as error:
            self.look, self.message = before, str(error)
        else:
            self.message = self.title

    def _make(self, look: Look) -> Effect:
        base: Effect
        if look.base == "blur":
            base = make_effect("blur", strength=look.strength)
        elif look.base == "replace":
            base = make_effect("replace", background=self._open(self.backgrounds[look.background]))
        elif look.base is not None:
            base = make_effect(look.base)
        else:
            base = self._asked
        if not look.extras:
            return base
        return Chain([base, *(make_effect(name) for name in sorted(look.extras))])

    def _open(self, spec: str) -> Any:
        """The background, opened once: a photo is decoded and fitted only the first time."""
        if spec not in self._opened:
            from limner.media.backgrounds import open_background

            self._opened[spec] = open_background(spec)
        return self._opened[spec]
