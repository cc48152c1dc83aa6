"""Effects: by name, and made from descriptions. ``registry.py`` has the line of each."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from limner.effects.registry import EFFECTS

if TYPE_CHECKING:
    from limner.effects.base import Effect
    from limner.effects.chain import Chain
    from limner.effects.making import make_chain, make_effect

__all__ = ["EFFECTS", "Chain", "Effect", "make_chain", "make_effect"]

# Loaded on first use: the names of effects and of their options cost no library.
_LATER = {"Chain": "chain", "Effect": "base", "make_chain": "making", "make_effect": "making"}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module 'limner.effects' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"limner.effects.{_LATER[name]}"), name)
    globals()[name] = value
    return value
