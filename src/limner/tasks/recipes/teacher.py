"""The recipe of a teacher: which models, how they are averaged, how soft. It needs no torch."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class TeacherRecipe:
    """Who teaches.

    Attributes:
        models: each a shipped model's name ("quality"), a checkpoint (.pt), "<net>=<file>.safetensors", or a .onnx or
            .tflite file with its card. Several are an ensemble.
        weights: share of each model; none means equal shares.
        mean: whether the ensemble (and the mirrored pass) averages probabilities or logits.
        flip: also look at the mirrored picture, and average.
        size: pixels, square, that torch teachers see; none is the size each was exported or trained for, or the usual
            one of its net for bare weights. Model files that cannot be built in torch keep theirs.
        temperature: above 1 softens teacher and student alike (Hinton et al. 2015).
        confidence: in [0, 1); pixels where the teacher's |2p − 1| is below it do not count.
    """

    models: tuple[str, ...]
    weights: tuple[float, ...] | None = None
    mean: Literal["probability", "logits"] = "logits"
    flip: bool = False
    size: int | None = None
    temperature: float = 1.0
    confidence: float = 0.0

    def __post_init__(self) -> None:
        if not self.models:
            raise ValueError("models: name at least one teacher")
        if self.weights is not None and (
            len(self.weights) != len(self.models) or not all(0 < weight < math.inf for weight in self.weights)
        ):
            raise ValueError("weights: one number above 0 for each model")
        if self.size is not None and self.size <= 0:
            raise ValueError("size: must be above 0")
        if self.temperature <= 0:
            raise ValueError("temperature: must be above 0")
        if not 0 <= self.confidence < 1:
            raise ValueError("confidence: must lie in [0, 1)")
