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
"""What fits the person to another background, and so rests while their own is only blurred."""
STEP = 0.05

HELP = (
    "b blur   r replace   g magenta   c colour transfer   s seamless clone   m smooth step   h harmonize",
    "left/right background   up/down threshold   click one person   a all   p pause   space snapshot   v record   "
    "o overlay   q quit",
)


@dataclass(frozen=True, slots=True)
class Look:
    """What is switched on. `base` None is what the command line asked for besides the extras, as it is."""

    base: str | None = None
    extras: frozenset[str] = frozenset()
    strength: float = 0.5
    background: int = 0


class Controls:
    """Keeps the look and makes the effects for it, each once: going back to one is instant.

    Args:
        effect: what the command line asked for; shown until a key changes it.
        backgrounds: photos, videos or colours to choose from, at least one; where `effect` has a background, it is the
            first.
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
        self._links = effect.effects if isinstance(effect, Chain) else (effect,)
        self.backgrounds = tuple(backgrounds)
        self._first = self.look = Look(extras=self._names & set(EXTRAS.values()), strength=strength)
        self.threshold = threshold
        self._set_threshold = set_threshold
        self._opened: dict[str, Any] = {}
        self._made: dict[Look, Effect] = {}
        self.message = ""

    @property
    def base(self) -> str:
        """What lies behind the person: blur, replace, color, or the names of what the command line asked for."""
        if self.look.base is not None:
            return self.look.base
        known = [name for name in BASES.values() if name in self._names]
        return known[0] if known else self._asked.name

    @property
    def title(self) -> str:
        """What is on, in words."""
        return " + ".join(effect.name for effect in self._chosen(self.look, lambda name: EFFECTS[name]))

    def effect(self) -> Effect:
        """The effect of the present look."""
        key = replace(self.look, background=self.look.background if self.look.base == "replace" else 0)
        if self.look.base != "blur":
            key = replace(key, strength=self._first.strength)
        if key == self._first:
            return self._asked
        if key not in self._made:
            effects = self._chosen(self.look, self._make)
            self._made[key] = effects[0] if len(effects) == 1 else Chain(effects)
            while len(self._made) > 16:  # a slider makes many
                del self._made[next(iter(self._made))]
        return self._made[key]

    def press(self, key: str) -> bool:
        """Handles a key; whether it was one of these. An effect that cannot be made leaves everything as it was."""
        if key in BASES:
            again = key == "r" and self.base == "replace"
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
        if self.base == "replace":
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
        base, extras = self.look.base, self.look.extras ^ {name}
        if name in NEEDS_BACKGROUND and self.base not in ("replace", "color", "frame_in_frame"):
            base, extras = "replace", self.look.extras | {name}
        self._try(replace(self.look, base=base, extras=extras))

    def _try(self, look: Look) -> None:
        before, self.look = self.look, look
        try:
            self.effect()
        except LimnerError as error:
            self.look, self.message = before, str(error)
        else:
            self.message = self.title

    @property
    def _names(self) -> frozenset[str]:
        return frozenset(link.name for link in self._links)

    def _chosen(self, look: Look, make: Callable[[str], Any]) -> list[Any]:
        """What is on, the extras last: what was asked for as it is, the others as `make` makes them of their names."""
        on = sorted(look.extras - NEEDS_BACKGROUND if look.base == "blur" else look.extras)
        asked = {link.name: link for link in self._links if link.name in EXTRAS.values()}
        behind = (
            [link for link in self._links if link not in asked.values()] if look.base is None else [make(look.base)]
        )
        return [*behind, *(asked[name] if name in asked else make(name) for name in on)]

    def _make(self, name: str) -> Effect:
        if name == "blur":
            return make_effect("blur", strength=self.look.strength)
        if name == "replace":
            return make_effect("replace", background=self._open(self.backgrounds[self.look.background]))
        return make_effect(name)

    def _open(self, spec: str) -> Any:
        """The background, opened once: a photo is decoded and fitted only the first time."""
        if spec not in self._opened:
            from limner.media.backgrounds import open_background

            self._opened[spec] = open_background(spec)
        return self._opened[spec]
