"""TensorBoard: curves of a run, and photo, target and prediction side by side at every validation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from limner.datasets.sampler import Sampler
from limner.errors import MissingExtraError
from limner.nets.base import SegmentationNet, person_logits
from limner.training.batches import drawn
from limner.training.job import Progress

_PICTURES = 6


class Board:
    """Writes event files into a folder.

    Args:
        folder: where; `tensorboard --logdir` reads it.
        step: the run's first step; what an earlier stretch wrote from there on is purged.

    Raises:
        MissingExtraError: the package tensorboard is not installed.
    """

    def __init__(self, folder: Path, *, step: int) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise MissingExtraError("limner train --board", "tensorboard", "board") from None
        self._writer: Any = SummaryWriter(str(folder), purge_step=step + 1)

    def curves(self, progress: Progress) -> None:
        """Loss, its terms, learning rate, speed and validation."""
        values = {"loss/sum": progress.loss, "lr": progress.lr, "images per second": progress.images_per_second}
        values |= {f"loss/{name}": value for name, value in progress.terms.items()}
        if progress.validation is not None:
            values |= {f"val/{name}": value for name, value in progress.validation.values.items()}
            values["score"] = progress.validation.score
        for name, value in values.items():
            self._writer.add_scalar(name, value, progress.step)
        self._writer.flush()

    def pictures(self, net: SegmentationNet, sampler: Sampler, *, size: int, step: int) -> None:
        """Rows of photo, target and prediction, for the same few samples each time."""
        self._writer.add_image("photo, target, prediction", sheet(net, sampler, size=size), step)
        self._writer.flush()

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


@torch.no_grad()
def sheet(net: SegmentationNet, sampler: Sampler, *, size: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """uint8 (3, rows × size, 3 × size): a row a sample, with photo, target and prediction beside each other."""
    batch = drawn(sampler, range(_PICTURES), size)
    x = batch.images.float() / 255
    if net.in_channels == 4:
        assert batch.priors is not None
        x = torch.cat([x, batch.priors], dim=1)
    said = torch.sigmoid(person_logits(net(x.contiguous(memory_format=torch.channels_last)), net.person_class))
    columns = [batch.images, _grey(batch.targets), _grey(said)]
    rows = torch.cat(columns, dim=3)  # (N, 3, S, 3 S)
    return torch.cat(list(rows), dim=1).contiguous().numpy()


def _grey(mask: Tensor) -> Tensor:
    return mask.mul(255).round().to(torch.uint8).expand(-1, 3, -1, -1)
