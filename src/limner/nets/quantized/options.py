"""What a recipe says about quantization-aware training."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class QuantizeRecipe:
    """Train with weights and activations quantized to 8 bits, as the int8 file will have them.

    Attributes:
        weights: "channel" gives every output channel of a convolution a scale of its own, "tensor" one to all.
        calibrate: batches whose ranges are observed before the first step, without quantization.
        freeze_norms: share of the run after which batch norm statistics stay as they are.
        freeze_ranges: share of the run after which the ranges of activations stay as they are; those of weights
            always follow the weights.
    """

    weights: Literal["channel", "tensor"] = "channel"
    calibrate: Annotated[int, Field(ge=1)] = 12
    freeze_norms: Annotated[float, Field(ge=0, le=1)] = 0.5
    freeze_ranges: Annotated[float, Field(ge=0, le=1)] = 0.8
