"""Builds what the keys of a live window change, from what the session begins with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from limner import samples
from limner.assembly.effect import EffectOptions
from limner.colors import is_color
from limner.effects import EFFECTS, Effect
from limner.effects.spec import parse_spec
from limner.errors import OptionError
from limner.live.window.controls import Controls
from limner.segment.steady.temporal import TemporalSegmenter


def build_controls(effect: Effect, asked: EffectOptions, backgrounds: list[str], steady: TemporalSegmenter) -> Controls:
    """The controls of a session that begins with ``effect``, which was built from ``asked``.

    Args:
        backgrounds: more to choose from: files, folders or colours.
        steady: the stream whose edge the keys move.

    Raises:
        OptionError: one of the backgrounds is neither a file, a folder nor a colour.
    """

    def set_threshold(value: float) -> None:
        if steady.edge is not None:
            steady.edge = replace(steady.edge, threshold=value)

    background, strength = begin_with(asked)
    edge = steady.edge
    return Controls(
        effect,
        backgrounds=find_backgrounds([*([background] if background else []), *backgrounds]),
        strength=strength,
        threshold=None if edge is None else 0.5 if edge.threshold is None else edge.threshold,
        set_threshold=set_threshold,
    )


def find_backgrounds(named: list[str]) -> list[str]:
    """What the keys can choose from: folders become the files in them; by default the lake that comes with Limner.

    Raises:
        OptionError: one of them is neither a file, a folder nor a colour.
    """
    found: list[str] = []
    for name in named:
        path = Path(name)
        if path.is_dir():
            inside = sorted(str(item) for item in path.iterdir() if item.is_file() and not item.name.startswith("."))
            if not inside:
                raise OptionError(f"‹backgrounds› {name}: the folder is empty")
            found += inside
        elif path.exists() or is_color(name):
            found.append(name)
        else:
            raise OptionError(f"‹backgrounds› {name}: neither a file, a folder nor a colour")
    return list(dict.fromkeys(found)) or [str(samples.BACKGROUND)]


def begin_with(options: EffectOptions) -> tuple[str | None, float]:
    """Background and strength of the blur that the options ask for, as settings or within ``effect``."""
    told: dict[str, Any] = {}
    for link in parse_spec(options.effect):
        if link.name in ("blur", "replace") and link.text is not None:
            told |= EFFECTS[link.name].from_text(link.text)
    strength = told.get("strength", options.settings.get("blur_strength"))
    return told.get("background", options.settings.get("background")), 0.5 if strength is None else strength
