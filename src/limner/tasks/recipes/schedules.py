"""Learning-rate schedules: what the learning rate is multiplied with, by how far a run has come. They need no torch."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field
from pydantic.dataclasses import dataclass

_CONFIG = ConfigDict(extra="forbid")
_Share = Annotated[float, Field(ge=0, lt=1)]
_Factor = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, config=_CONFIG)
class _Schedule:
    """A linear warm-up over the first ``warmup`` of the samples, then what the subclass says."""

    warmup: _Share = 0.03

    def factor(self, progress: float) -> float:
        """Multiplier of the learning rate at ``progress`` in [0, 1]."""
        if progress < self.warmup:
            return max(0.02, progress / self.warmup)
        return self.after(min(1.0, (progress - self.warmup) / (1 - self.warmup)))

    def after(self, position: float) -> float:
        """Multiplier at ``position`` in [0, 1] of the time after the warm-up."""
        raise NotImplementedError


@dataclass(frozen=True, config=_CONFIG)
class Cosine(_Schedule):
    """Half a cosine from 1 to ``final`` (Loshchilov & Hutter 2017)."""

    kind: Literal["cosine"] = "cosine"
    final: _Factor = 0.01

    def after(self, position: float) -> float:
        return self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * position))


@dataclass(frozen=True, config=_CONFIG)
class Poly(_Schedule):
    """(1 − position)^power from 1 to ``final``, the schedule of DeepLab (Chen et al. 2018)."""

    kind: Literal["poly"] = "poly"
    power: Annotated[float, Field(gt=0)] = 0.9
    final: _Factor = 0.0

    def after(self, position: float) -> float:
        return self.final + (1 - self.final) * math.pow(1 - position, self.power)


@dataclass(frozen=True, config=_CONFIG)
class OneCycle(_Schedule):
    """One cycle (Smith & Topin 2018): from ``start`` up over the warm-up, then down to ``final``, both half cosines."""

    kind: Literal["one_cycle"] = "one_cycle"
    warmup: _Share = 0.3
    start: _Factor = 0.04
    final: _Factor = 0.0001

    def factor(self, progress: float) -> float:
        if progress < self.warmup:
            return self.start + (1 - self.start) * 0.5 * (1 - math.cos(math.pi * progress / self.warmup))
        position = min(1.0, (progress - self.warmup) / (1 - self.warmup))
        return self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * position))


@dataclass(frozen=True, config=_CONFIG)
class Plateau(_Schedule):
    """Constant, but multiplied by ``drop`` whenever ``patience`` validations in a row bring no better score."""

    kind: Literal["plateau"] = "plateau"
    drop: Annotated[float, Field(gt=0, lt=1)] = 0.3
    patience: Annotated[int, Field(ge=1)] = 3

    def after(self, position: float) -> float:
        return 1.0


@dataclass(frozen=True, config=_CONFIG)
class Constant(_Schedule):
    """1 from the warm-up on."""

    kind: Literal["constant"] = "constant"

    def after(self, position: float) -> float:
        return 1.0


def _usual_kind(raw: Any) -> Any:
    return {"kind": "cosine", **raw} if isinstance(raw, dict) else raw


Schedule = Annotated[Cosine | Poly | OneCycle | Plateau | Constant, Discriminator("kind"), BeforeValidator(_usual_kind)]
"""One of the schedules; a recipe names it with ``kind``, which is "cosine" where it is not said."""
