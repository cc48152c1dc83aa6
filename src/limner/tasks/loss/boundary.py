"""The boundary loss: outlines made from the target on the fly, and the focal loss of a head that draws them."""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def outline(target: Tensor, *, method: str, width: int) -> Tensor:
    """The person's outline, float (N, 1, H, W) of 0 and 1.

    Args:
        target: float (N, 1, H, W) in [0, 1]; above 0.5 is person.
        method: "morphological" (dilation minus erosion) runs where the target lies; "canny" (Canny 1986, as
            PortraitNet has it) runs on the CPU.
        width: pixels of the outline; "canny" rounds it up to an odd number.
    """
    person = (target > 0.5).float()
    if method == "canny":
        return _dilate(_canny(person), width | 1)
    outside = width // 2
    return _dilate(person, 2 * outside + 1) - _erode(person, 2 * (width - outside) + 1)


def boundary_loss(
    logits: Tensor, target: Tensor, weight: Tensor, *, edges: str, width: int, gamma: float, balance: float
) -> Tensor:
    """Focal loss (Lin et al. 2017) of a boundary head, as PortraitNet (Zhang et al. 2019) trains one.

    Args:
        logits, target, weight: float (N, 1, H, W); the target is the person, not its outline.
        edges, width: how the outline is made, see ``outline``.
        gamma: a pixel that is right with probability p counts (1 − p)^gamma times.
        balance: weight of outline pixels; the others weigh 1 − balance.

    Returns:
        Scalar: the mean over all pixels. Around pixels of weight 0 the outline is unknown and does not count.
    """
    truth = outline(target, method=edges, width=width)
    loss = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    wrong = 1 - torch.exp(-loss)
    share = balance * truth + (1 - balance) * (1 - truth)
    return (share * wrong.pow(gamma) * loss * _erode(weight, 2 * width + 1)).mean()


def _canny(person: Tensor) -> Tensor:
    masks = (person * 255).to("cpu", torch.uint8).numpy()
    found = np.stack([[cv2.Canny(mask[0], 100, 200)] for mask in masks]) > 0
    return torch.from_numpy(found).to(person.device, torch.float32)


def _dilate(mask: Tensor, width: int) -> Tensor:
    """Dilation by a square of odd ``width``."""
    return F.max_pool2d(mask, width, 1, width // 2)


def _erode(mask: Tensor, width: int) -> Tensor:
    """Erosion by a square of odd ``width``; what lies outside the picture does not erode."""
    return -_dilate(-mask, width)
