"""What a net makes of a few training pictures, side by side."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from limner.datasets.sampler import Sampler
from limner.nets.base import SegmentationNet, person_logits
from limner.tasks.batches import drawn

_PICTURES = 6


@torch.no_grad()
def prediction_sheet(net: SegmentationNet, sampler: Sampler, *, size: int) -> NDArray[np.uint8]:
    """uint8 (3, rows × size, 3 × size): a row a sample, with photo, target and prediction beside each other."""
    batch = drawn(sampler, range(_PICTURES), size)
    x = batch.images.float() / 255
    if net.in_channels == 4:
        assert batch.priors is not None
        x = torch.cat([x, batch.priors], dim=1)
    said = torch.sigmoid(person_logits(net(x.contiguous(memory_format=torch.channels_last)), net.person_class))
    columns = [batch.images, _grey(batch.targets), _grey(said)]
    rows = torch.cat(columns, dim=3)  # (N, 3, S, 3 S)
    stacked: NDArray[np.uint8] = torch.cat(list(rows), dim=1).contiguous().numpy()
    return stacked


def _grey(mask: Tensor) -> Tensor:
    return mask.mul(255).round().to(torch.uint8).expand(-1, 3, -1, -1)
