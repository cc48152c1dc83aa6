"""Batches for one training process: a sampler behind torch's loader, ordered by step so that a run resumes exactly."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator

import cv2
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, default_collate
from torch.utils.data import Sampler as IndexSampler

from limner.augment.batch import Batch
from limner.datasets.sampler import Sampler
from limner.tasks.recipes.recipe import Recipe
from limner.tasks.recipes.run import Course


class _Drawn(Dataset[dict[str, Tensor]]):
    """Sample ``number`` at ``size`` as tensors by the names of ``Batch``; the index is the pair (number, size)."""

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler

    def __getitem__(self, index: tuple[int, int]) -> dict[str, Tensor]:
        sample = self.sampler.draw(*index)
        arrays = {
            "images": sample.image,
            "targets": sample.target,
            "weights": sample.weight,
            "priors": sample.prior,
            "twins": sample.twin,
            "previous": sample.previous,
            "previous_targets": sample.previous_target,
        }
        return {name: torch.from_numpy(array) for name, array in arrays.items() if array is not None}


class Order(IndexSampler[list[tuple[int, int]]]):
    """The (number, size) pairs of each batch of one process from ``first_step`` to the end of the run."""

    def __init__(self, recipe: Course, first_step: int, rank: int, world: int) -> None:
        self.recipe, self.first_step, self.rank, self.world = recipe, first_step, rank, world

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        for step in range(self.first_step, self.recipe.steps):
            size = self.recipe.size_at(step)
            first = step * self.recipe.batch
            yield [(number, size) for number in range(first + self.rank, first + self.recipe.batch, self.world)]


def batches(sampler: Sampler, recipe: Recipe, *, first_step: int, rank: int, world: int) -> Iterator[Batch]:
    """The batches of process ``rank`` of ``world``: every world-th sample of each step's batch."""
    loader = DataLoader(
        _Drawn(sampler),
        batch_sampler=Order(recipe, first_step, rank, world),
        num_workers=recipe.workers,
        worker_init_fn=only_draw,
        multiprocessing_context="fork" if recipe.workers else None,
        pin_memory=torch.cuda.is_available(),
        persistent_workers=False,
    )
    for stacked in loader:
        yield _batch(stacked)


def drawn(sampler: Sampler, numbers: Iterable[int], size: int) -> Batch:
    """The samples of these numbers as one batch."""
    samples = _Drawn(sampler)
    return _batch(default_collate([samples[number, size] for number in numbers]))


def _batch(stacked: dict[str, Tensor]) -> Batch:
    return Batch(**{name: _channels_second(tensor) for name, tensor in stacked.items()})


def _channels_second(stacked: Tensor) -> Tensor:
    """(N, S, S, 3) as (N, 3, S, S), in memory still channels last as nets want it; (N, S, S) as (N, 1, S, S)."""
    return stacked.permute(0, 3, 1, 2) if stacked.ndim == 4 else stacked[:, None]


def only_draw(_worker: int) -> None:
    """A process that draws stops when its parent does, and takes one core."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
