"""Losses of a binary segmentation net, all from logits and all with a weight for each pixel."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def edge_weighted_bce(logits: Tensor, target: Tensor, weight: Tensor, *, edge: float) -> Tensor:
    """Binary cross entropy that counts pixels near the person's edge up to 1 + ``edge`` times.

    Nearness is 4p(1 − p) of the target's local mean p over a window of a twelfth of the picture.

    Args:
        logits, target, weight: float (N, 1, H, W); target and weight in [0, 1].
        edge: extra weight of a pixel right on the edge; 0 gives the plain loss.

    Returns:
        Scalar: the mean over all pixels.
    """
    loss = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    if edge:
        window = (target.shape[-1] // 12) | 1
        local = F.avg_pool2d(target, window, 1, window // 2, count_include_pad=False)
        loss = loss * (1 + edge * 4 * local * (1 - local))
    return (loss * weight).mean()


def soft_iou_loss(probability: Tensor, target: Tensor, weight: Tensor, *, smooth: float = 20.0) -> Tensor:
    """1 − soft Jaccard index (Rahman & Wang 2016), mean over the batch.

    ``smooth`` pixels are added above and below, so that a picture without the class neither divides by zero nor
    punishes a handful of pixels with the full loss.
    """
    dims = (1, 2, 3)
    probability, target = probability * weight, target * weight
    intersection = (probability * target).sum(dims)
    union = (probability + target - probability * target).sum(dims)
    return (1 - (intersection + smooth) / (union + smooth)).mean()


def portrait_loss(
    logits: Tensor,
    coarse: Tensor,
    target: Tensor,
    weight: Tensor,
    *,
    edge: float,
    person_iou: float,
    background_iou: float,
    coarse_share: float,
) -> Tensor:
    """What ``FastNet`` trains on: edge-weighted BCE, soft IoU of person and background, BCE of the coarse head.

    Args:
        logits, target, weight: (N, 1, H, W).
        coarse: logits (N, 1, h, w) of the training head, compared with the area mean of the target.
    """
    loss = edge_weighted_bce(logits, target, weight, edge=edge)
    probability = torch.sigmoid(logits)
    if person_iou:
        loss = loss + person_iou * soft_iou_loss(probability, target, weight)
    if background_iou:
        loss = loss + background_iou * soft_iou_loss(1 - probability, 1 - target, weight)
    if coarse_share:
        size = coarse.shape[-2:]
        small = F.interpolate(target, size=size, mode="area")
        small_weight = F.interpolate(weight, size=size, mode="area")
        loss = loss + coarse_share * edge_weighted_bce(coarse, small, small_weight, edge=0.0)
    return loss
