"""A contact sheet of training samples, to look at before training for hours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limner.data.sampler import Sampler


def draw_sheet(sampler: Sampler, *, count: int, size: int, columns: int = 6) -> NDArray[np.uint8]:
    """RGB uint8: ``count`` samples, each picture beside its target, reddish where the loss weight is below 1."""
    cells = []
    for number in range(count):
        sample = sampler.draw(number, size)
        target = np.repeat((sample.target * 255).astype(np.uint8)[..., None], 3, axis=2)
        unsure = (1 - sample.weight)[..., None]
        shaded = (target * (1 - unsure) + np.array([220, 40, 40]) * unsure).astype(np.uint8)
        cells.append(np.hstack([sample.image, shaded]))
    while len(cells) % columns:
        cells.append(np.zeros_like(cells[0]))
    return np.vstack([np.hstack(cells[row : row + columns]) for row in range(0, len(cells), columns)])
