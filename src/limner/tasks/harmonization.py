"""The task of fitting people to a background: pairs of pictures in, an adjustment of the person out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from limner.adjustment import GRID
from limner.datasets.pairs import Pairs, check_photos
from limner.datasets.photo import Photo
from limner.datasets.photo_map import PhotoMap
from limner.models.card import HARMONIZE, ModelCard
from limner.nets.harmonizer import Harmonizer, adjust
from limner.tasks.base import Task
from limner.tasks.card import net_card
from limner.tasks.recipes.harmonize import HarmonizeRecipe, harmonize_recipe, to_dict
from limner.tasks.records import RecordsAtWork, load_trained, make_own, record_batches
from limner.weights.checkpoint import Checkpoint

TERMS = ("mse", "rmse", "light")
_LEAST_AREA = 0.02


@dataclass(frozen=True, slots=True)
class PairBatch:
    """uint8 composites and truths (N, 3, S, S), masks and mattes (N, 1, S, S)."""

    composite: Tensor
    truth: Tensor
    mask: Tensor
    matte: Tensor


class HarmonizationAtWork(RecordsAtWork[PairBatch]):
    """See ``limner.tasks.base.AtWork``."""

    kind, terms = PairBatch, TERMS

    def batches(self, photos: PhotoMap, *, first_step: int, rank: int, world: int) -> Iterator[PairBatch]:
        return pair_batches(photos, self._recipe, first_step=first_step, rank=rank, world=world)

    def losses(self, part: PairBatch) -> dict[str, Tensor]:
        return losses(self._net, part, run=self._autocast)


class Harmonization(Task):
    """People fitted to another background."""

    name: ClassVar[str] = HARMONIZE
    unit: ClassVar[str] = "pairs"

    def read(self, raw: Mapping[str, Any], *, source: str) -> HarmonizeRecipe:
        return harmonize_recipe(dict(raw), source=source)

    def recorded(self, raw: Mapping[str, Any], *, source: str) -> HarmonizeRecipe:
        return self.read(raw, source=source)

    def plain(self, recipe: HarmonizeRecipe) -> dict[str, Any]:
        return to_dict(recipe)

    def at_work(self, recipe: HarmonizeRecipe, net: Harmonizer, device: str) -> HarmonizationAtWork:
        return HarmonizationAtWork(recipe, net, device)

    def card(self, recipe: HarmonizeRecipe) -> ModelCard:
        return net_card(recipe.record, make_harmonizer(recipe), task=self.name)

    def net(self, recipe: HarmonizeRecipe) -> Harmonizer:
        return make_harmonizer(recipe)

    def check_photos(self, recipe: HarmonizeRecipe, photos: Sequence[Photo]) -> None:
        check_photos(photos, recipe.data)


def load_harmonizer(path: Path) -> tuple[Harmonizer, HarmonizeRecipe, Checkpoint]:
    """The averaged net of a checkpoint in eval mode, its recipe, and the checkpoint; see ``load_trained``."""
    return load_trained(path, HARMONIZE, harmonize_recipe, make_harmonizer)


def make_harmonizer(recipe: HarmonizeRecipe) -> Harmonizer:
    """A freshly initialised net of the recipe; OptionError where it does not take an option or a size."""
    return make_own(Harmonizer, recipe)


def pair_batches(
    photos: PhotoMap, recipe: HarmonizeRecipe, *, first_step: int, rank: int = 0, world: int = 1
) -> Iterator[PairBatch]:
    """This process's share of each step's pairs."""
    drawn = _Drawn(Pairs(photos, recipe.data, seed=recipe.seed))
    return record_batches(PairBatch, drawn, recipe, first_step=first_step, rank=rank, world=world)


def losses(net: nn.Module, batch: PairBatch, *, run: Any = None) -> dict[str, Tensor]:
    """The terms of ``HarmonizeLoss`` before their weights; ``run`` is the context that the net computes in."""
    composite, truth, mask, matte = (x.float() / 255 for x in (batch.composite, batch.truth, batch.mask, batch.matte))
    with run if run is not None else contextlib.nullcontext():
        numbers = net(torch.cat([composite, matte], 1))
    numbers = numbers.float()
    said = adjust(composite, numbers)
    said = torch.where(truth >= 1, said.clamp(max=1), torch.where(truth <= 0, said.clamp(min=0), said))
    area = mask.sum((1, 2, 3)).clamp(min=_LEAST_AREA * mask[0].numel()) * 3
    squares = 255**2 * ((said - truth).square() * mask).sum((1, 2, 3)) / area
    light = numbers[:, -3 * GRID * GRID :]
    return {
        "mse": squares.mean() / 1000,
        "rmse": (squares + 1).sqrt().mean() / 50,
        "light": light.square().mean(),
    }


class _Drawn(Dataset[dict[str, Tensor]]):
    """Pair ``number`` at ``size`` as tensors by the names of ``PairBatch``; the index is the pair (number, size)."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs

    def __getitem__(self, index: tuple[int, int]) -> dict[str, Tensor]:
        pair = self.pairs.draw(*index)
        return {
            "composite": torch.from_numpy(pair.composite).permute(2, 0, 1),
            "truth": torch.from_numpy(pair.truth).permute(2, 0, 1),
            "mask": torch.from_numpy(pair.mask)[None],
            "matte": torch.from_numpy(pair.matte)[None],
        }
