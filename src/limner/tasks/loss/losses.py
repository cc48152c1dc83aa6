"""Losses against the target, all from logits and all with a weight for each pixel."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def edge_emphasis(target: Tensor, edge: float) -> Tensor:
    """Factor of each pixel: 1 far from the person's edge, up to 1 + ``edge`` right on it.

    Nearness is 4p(1 − p) of the target's local mean p over a window of a twelfth of the picture.
    """
    window = (target.shape[-1] // 12) | 1
    half = window // 2
    rows = F.avg_pool2d(target, (window, 1), 1, (half, 0), count_include_pad=False)  # a box in two passes
    local = F.avg_pool2d(rows, (1, window), 1, (0, half), count_include_pad=False)
    return 1 + edge * 4 * local * (1 - local)


def edge_weighted_bce(logits: Tensor, target: Tensor, weight: Tensor, *, edge: float) -> Tensor:
    """Binary cross entropy that counts pixels near the person's edge up to 1 + ``edge`` times.

    Args:
        logits, target, weight: float (N, 1, H, W); target and weight in [0, 1].
        edge: extra weight of a pixel right on the edge; 0 gives the plain loss.

    Returns:
        Scalar: the mean over all pixels.
    """
    loss = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    if edge:
        loss = loss * edge_emphasis(target, edge)
    return (loss * weight).mean()


def cross_entropy(
    logits: Tensor, target: Tensor, weight: Tensor, *, person_class: int, background: int, edge: float
) -> Tensor:
    """Softmax cross entropy of several classes, of which the target knows two: person and ``background``.

    Args:
        logits: float (N, C, H, W).
        target, weight: float (N, 1, H, W) in [0, 1]; the target is the person's share of a pixel.
        edge: extra weight of a pixel right on the person's edge.

    Returns:
        Scalar: the mean over all pixels.
    """
    log_probability = F.log_softmax(logits, dim=1)
    person = log_probability[:, person_class : person_class + 1]
    other = log_probability[:, background : background + 1]
    loss = -(target * person + (1 - target) * other)
    if edge:
        loss = loss * edge_emphasis(target, edge)
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


def presence_bce(near: Tensor, person: Tensor, target: Tensor, weight: Tensor, *, missed: float) -> Tensor:
    """Binary cross entropy of "somebody is here or next to here" on a coarse grid.

    A cell with a person on more than a sixteenth of it is one; a cell is none where neither it nor one of the eight
    around it has any. Cells between the two and undecided ones do not count. Cells with a person, and those in which
    the net sees one, count four times as much as others: there it matters what a gate says.

    Args:
        near: logits (N, 1, h, w).
        person: person logits (N, 1, H, W), with H a multiple of h.
        target, weight: float (N, 1, H, W) in [0, 1].
        missed: how much more a cell with a person counts.

    Returns:
        Scalar: the mean over the cells that count.
    """
    cell = target.shape[-1] // near.shape[-1]
    share = F.avg_pool2d((target > 0.5).float(), cell)
    there, nobody = (share > 1 / 16).float(), (F.max_pool2d(share, 3, 1, 1) <= 0).float()
    decided = (F.avg_pool2d((weight > 0).float(), cell) > 0.5).float()
    seen = F.max_pool2d(torch.sigmoid(person.detach()), cell)
    counts = (there + nobody) * decided * (1 + 3 * torch.maximum(seen, there))
    loss = F.binary_cross_entropy_with_logits(near, there, reduction="none")
    return (loss * counts * (1 + (missed - 1) * there)).sum() / counts.sum().clamp(min=1.0)


def dice_loss(probability: Tensor, target: Tensor, weight: Tensor, *, smooth: float = 20.0) -> Tensor:
    """1 − soft Dice index (Milletari et al. 2016), mean over the batch; ``smooth`` as in ``soft_iou_loss``."""
    dims = (1, 2, 3)
    shared = (probability * target * weight).sum(dims)
    sizes = ((probability + target) * weight).sum(dims)
    return (1 - (2 * shared + smooth) / (sizes + smooth)).mean()


def lovasz_hinge(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Lovász hinge (Berman et al. 2018), picture by picture, mean over the batch.

    The convex extension of 1 − Jaccard index over the hinge errors of all pixels. Pixel weights enter as measures of
    the sets, which keeps the index submodular; a pixel of weight 0 belongs to no set.

    Args:
        logits, target, weight: float (N, 1, H, W); a target above 0.5 is person.
    """
    person = (target > 0.5).float().flatten(1)
    logits, weight = logits.flatten(1), weight.flatten(1)
    errors = (1 - logits * (2 * person - 1)).masked_fill(weight == 0, -torch.inf)
    errors, order = errors.sort(dim=1, descending=True)
    person, weight = person.gather(1, order), weight.gather(1, order)
    inside = (person * weight).sum(1, keepdim=True)
    intersection = inside - (person * weight).cumsum(1)
    union = inside + ((1 - person) * weight).cumsum(1)
    jaccard = 1 - intersection / union.clamp_min(1e-6)
    gradient = torch.diff(jaccard, dim=1, prepend=jaccard.new_zeros(len(jaccard), 1))
    return (F.relu(errors) * gradient).sum(1).mean()


def coarse_bce(coarse: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Binary cross entropy of logits at a lower resolution (N, 1, h, w) with the area mean of the target."""
    size = coarse.shape[-2:]
    small = F.interpolate(target, size=size, mode="area")
    small_weight = F.interpolate(weight, size=size, mode="area")
    return edge_weighted_bce(coarse, small, small_weight, edge=0.0)
