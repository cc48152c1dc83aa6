"""A contact sheet of training samples, to look at before training for hours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limner.datasets.sampler import Sample, Sampler

Rgb = NDArray[np.uint8]


def draw_sheet(sampler: Sampler, *, count: int, size: int, columns: int = 6) -> Rgb:
    """RGB uint8: ``count`` samples, each picture beside its target, reddish where the loss weight is below 1.

    What else the mix asks for stands beside: the previous mask in blue, the twin, the frame before and its target.
    """
    cells = [_cell(sampler.draw(number, size)) for number in range(count)]
    columns = max(1, columns * 2 * size // cells[0].shape[1])
    while len(cells) % columns:
        cells.append(np.zeros_like(cells[0]))
    return np.vstack([np.hstack(cells[row : row + columns]) for row in range(0, len(cells), columns)])


def _cell(sample: Sample) -> Rgb:
    unsure = (1 - sample.weight)[..., None]
    shaded = (_grey(sample.target) * (1 - unsure) + np.array([220, 40, 40]) * unsure).astype(np.uint8)
    parts = [sample.image, shaded]
    if sample.prior is not None:
        parts.append((_grey(sample.prior) * np.array([0.45, 0.7, 1.0])).astype(np.uint8))
    if sample.twin is not None:
        parts.append(sample.twin)
    if sample.previous is not None and sample.previous_target is not None:
        parts += [sample.previous, _grey(sample.previous_target)]
    return np.hstack(parts)


def _grey(plane: NDArray[np.float32]) -> Rgb:
    return np.repeat((plane * 255).astype(np.uint8)[..., None], 3, axis=2)
