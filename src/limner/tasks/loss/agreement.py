"""Losses between two predictions of one net: of a photo and its twin, and of a frame and the one before."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_UNCHANGED = 0.05  # the target may differ this much between frames and still count as the same


def consistency_loss(photo: Tensor, twin: Tensor, weight: Tensor, *, temperature: float) -> Tensor:
    """KL divergence of the twin's prediction from the photo's: the consistency constraint of Zhang et al. (2019).

    The photo's prediction is a soft label: no gradient flows into it, so that the harder twin follows the photo.
    Scaled by temperature², so that its gradient does not fade as the temperature rises.

    Args:
        photo, twin, weight: person logits and weights, float (N, 1, H, W).
        temperature: above 0; both are softened by it.

    Returns:
        Scalar: the mean over all pixels.
    """
    soft = torch.sigmoid(photo.detach() / temperature)
    own = F.binary_cross_entropy_with_logits(photo.detach() / temperature, soft, reduction="none")
    loss = F.binary_cross_entropy_with_logits(twin / temperature, soft, reduction="none") - own
    return (loss * weight).mean() * temperature**2


def temporal_loss(logits: Tensor, previous: Tensor, target: Tensor, previous_target: Tensor, weight: Tensor) -> Tensor:
    """Squared change of the probability from frame to frame where the target does not change: flicker, as a loss.

    Args:
        logits, previous: person logits of the frame and of the one before, float (N, 1, H, W).
        target, previous_target, weight: float (N, 1, H, W) in [0, 1].

    Returns:
        Scalar: the mean over all pixels.
    """
    still = ((target - previous_target).abs() < _UNCHANGED).float()
    change = torch.sigmoid(logits) - torch.sigmoid(previous)
    return (change.square() * still * weight).mean()
