"""A batch of training pictures as tensors."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """uint8 images (N, 3, S, S), float32 targets and weights (N, 1, S, S).

    What the recipe's mix does not ask for is None: float32 previous masks ``priors`` (N, 1, S, S), uint8 ``twins``
    (N, 3, S, S), uint8 ``previous`` frames (N, 3, S, S) and their float32 ``previous_targets`` (N, 1, S, S).
    """

    images: Tensor
    targets: Tensor
    weights: Tensor
    priors: Tensor | None = None
    twins: Tensor | None = None
    previous: Tensor | None = None
    previous_targets: Tensor | None = None
