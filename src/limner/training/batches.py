"""Batches for one training process: a sampler behind torch's loader, ordered by step so that a run resumes exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torch.utils.data import Sampler as IndexSampler

from limner.data.sampler import Sampler
from limner.training.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Batch:
    """uint8 images (N, 3, S, S), float32 targets and weights (N, 1, S, S)."""

    images: Tensor
    targets: Tensor
    weights: Tensor


class _Drawn(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Sample ``number`` at ``size`` as tensors; the index is the pair (number, size)."""

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler

    def __getitem__(self, index: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
        sample = self.sampler.draw(*index)
        return (
            torch.from_numpy(sample.image).permute(2, 0, 1),
            torch.from_numpy(sample.target)[None],
            torch.from_numpy(sample.weight)[None],
        )


class _Order(IndexSampler[list[tuple[int, int]]]):
    """The (number, size) pairs of each batch of one process from ``first_step`` to the end of the run."""

    def __init__(self, recipe: Recipe, first_step: int, rank: int, world: int) -> None:
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
        batch_sampler=_Order(recipe, first_step, rank, world),
        num_workers=recipe.workers,
        worker_init_fn=_one_thread,
        multiprocessing_context="fork" if recipe.workers else None,
        pin_memory=torch.cuda.is_available(),
        persistent_workers=False,
    )
    for images, targets, weights in loader:
        yield Batch(images, targets, weights)


def _one_thread(_worker: int) -> None:
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
