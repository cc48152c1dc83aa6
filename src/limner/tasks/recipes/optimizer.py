"""The `optimizer` of a recipe. It needs no torch; ``limner.training.optimizers`` makes the optimiser."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field
from pydantic.dataclasses import dataclass

_CONFIG = ConfigDict(extra="forbid")
_Positive = Annotated[float, Field(ge=0)]
_Momentum = Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True, config=_CONFIG)
class AdamW:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019), which spares biases and norms.

    Attributes:
        lr: peak learning rate.
        clip: bound of the gradient norm; 0 sets none.
        encoder_lr: the encoder's learning rate as a multiple of ``lr``.
        betas: decay of the running means of gradient and squared gradient.
    """

    lr: _Positive
    weight_decay: _Positive = 0.02
    clip: _Positive = 2.0
    encoder_lr: _Positive = 1.0
    betas: tuple[_Momentum, _Momentum] = (0.9, 0.99)
    kind: Literal["adamw"] = "adamw"


@dataclass(frozen=True, config=_CONFIG)
class Sgd:
    """Stochastic gradient descent with momentum (Sutskever et al. 2013); fields as of ``AdamW``."""

    lr: _Positive
    weight_decay: _Positive = 0.0001
    clip: _Positive = 2.0
    encoder_lr: _Positive = 1.0
    momentum: _Momentum = 0.9
    nesterov: bool = True
    kind: Literal["sgd"] = "sgd"

    def __post_init__(self) -> None:
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov: needs a momentum above 0")


def _usual_kind(raw: Any) -> Any:
    return {"kind": "adamw", **raw} if isinstance(raw, dict) else raw


OptimizerRecipe = Annotated[AdamW | Sgd, Discriminator("kind"), BeforeValidator(_usual_kind)]
"""One of the optimisers; a recipe names it with ``kind``, which is "adamw" where it is not said."""
