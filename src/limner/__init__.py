"""Limner finds the person in every pixel of a photo or a video.

>>> import limner
>>> segmenter = limner.Segmenter("default")
>>> matte = segmenter.matte(frame)  # RGB uint8 (H, W, 3) in, limner.Matte out  # doctest: +SKIP
"""

from __future__ import annotations

import importlib

from limner.moved import install
from limner.no_telemetry import switch_off
from limner.version import __version__

TYPE_CHECKING = False  # as type checkers know it from typing, whose import takes longer than all that is here

switch_off()
install()

# Public name -> module, loaded on first use: `import limner` costs nothing and pulls in no codec and no runtime.
_EXPORTS = {
    "Matte": "limner.matte",
    "ModelCard": "limner.models.card",
    "Segmenter": "limner.segment.segmenter",
    "TemporalSegmenter": "limner.segment.steady.temporal",
    "Effect": "limner.effects",
    "make_effect": "limner.effects",
    "read_image": "limner.media.images",
    "write_image": "limner.media.images",
    "LimnerError": "limner.errors",
}

if TYPE_CHECKING:
    from limner.effects import Effect, make_effect
    from limner.errors import LimnerError
    from limner.matte import Matte
    from limner.media.images import read_image, write_image
    from limner.models.card import ModelCard
    from limner.segment.segmenter import Segmenter
    from limner.segment.steady.temporal import TemporalSegmenter

__all__ = [
    "Effect",
    "LimnerError",
    "Matte",
    "ModelCard",
    "Segmenter",
    "TemporalSegmenter",
    "__version__",
    "make_effect",
    "read_image",
    "write_image",
]


def __getattr__(name: str) -> object:
    if name in _EXPORTS:
        value = getattr(importlib.import_module(_EXPORTS[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'limner' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
