"""The running average of a net's weights: what is validated, exported and shipped."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class AveragedWeights:
    """Exponential moving average of a net's tensors, batch norm statistics too (Polyak & Juditsky 1992).

    Args:
        weights: the average so far, by tensor name.
        decay: share of the old average that a step keeps; early steps keep less.
    """

    def __init__(self, weights: dict[str, Tensor], *, decay: float, device: str) -> None:
        self.weights = {name: value.to(device).clone() for name, value in weights.items()}
        self.decay = decay

    @torch.no_grad()
    def update(self, net: nn.Module, step: int) -> None:
        """Take in the net after ``step`` steps."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in net.state_dict().items():
            if value.dtype.is_floating_point:
                self.weights[name].lerp_(value, 1 - decay)
            else:
                self.weights[name].copy_(value)

    def on_cpu(self) -> dict[str, Tensor]:
        """The average, on the CPU."""
        return {name: value.cpu() for name, value in self.weights.items()}
