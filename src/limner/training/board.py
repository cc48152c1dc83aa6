"""TensorBoard: curves of a run, and photo, target and prediction side by side at every validation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.errors import MissingExtraError
from limner.training.job import Progress


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

    def pictures(self, sheet: NDArray[np.uint8], *, step: int) -> None:
        """A sheet of pictures, uint8 (3, H, W): rows of photo, target and prediction, the same few each time."""
        self._writer.add_image("photo, target, prediction", sheet, step)
        self._writer.flush()

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()
