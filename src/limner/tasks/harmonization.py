"""The task of fitting people to a background: pairs of pictures in, an adjustment of the person out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from limner.adjustment import GRID
from limner.datasets.pairs import Pairs
from limner.datasets.photo_map import PhotoMap
from limner.errors import ModelError, OptionError
from limner.models.card import HARMONIZE, SEGMENT, ModelCard
from limner.nets.harmonizer import Harmonizer, adjust
from limner.tasks.base import Task
from limner.tasks.batches import Order, only_draw
from limner.tasks.card import net_card
from limner.tasks.forward import autocast
from limner.tasks.recipes.harmonize import HarmonizeLoss, HarmonizeRecipe, harmonize_recipe, to_dict
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


class HarmonizationAtWork:
    """See ``limner.tasks.base.AtWork``."""

    terms = TERMS

    def __init__(self, recipe: HarmonizeRecipe, net: Harmonizer, device: str) -> None:
        self._recipe, self._net, self._device = recipe, net, device
        self._autocast = autocast(recipe.precision, device)

    def batches(self, photos: PhotoMap, *, first_step: int, rank: int, world: int) -> Iterator[PairBatch]:
        return pair_batches(photos, self._recipe, first_step=first_step, rank=rank, world=world)

    def ready(self, batch: PairBatch, *, step: int, rank: int, world: int) -> PairBatch:
        return PairBatch(*(getattr(batch, name).to(self._device, non_blocking=True) for name in PairBatch.__slots__))

    def parts(self, batch: PairBatch) -> list[tuple[PairBatch, float]]:
        count = len(batch.composite)
        parts = min(self._recipe.accumulate, count)
        pieces = [getattr(batch, name).tensor_split(parts) for name in PairBatch.__slots__]
        return [(PairBatch(*part), len(part[0]) / count) for part in zip(*pieces, strict=True)]

    def __call__(self, part: PairBatch) -> tuple[Tensor, dict[str, Tensor]]:
        terms = losses(self._net, part, run=self._autocast)
        return total(terms, self._recipe.loss), {name: terms[name].detach() for name in TERMS}

    def pictures(self, net: nn.Module, photos: PhotoMap) -> NDArray[np.uint8] | None:
        return None


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


def load_harmonizer(path: Path) -> tuple[Harmonizer, HarmonizeRecipe, Checkpoint]:
    """The averaged net of a checkpoint in eval mode, its recipe, and the checkpoint.

    Raises:
        ModelError: missing, damaged, of another task, or its weights are not those of its net.
    """
    state = Checkpoint.load(path)
    if state.recipe.get("task") != HARMONIZE:
        raise ModelError(f"{path}: is a checkpoint of the task {state.recipe.get('task', SEGMENT)}, not {HARMONIZE}")
    recipe = harmonize_recipe(state.recipe, source=path)
    net = make_harmonizer(recipe)
    try:
        net.load_state_dict(state.ema)
    except RuntimeError as error:
        raise ModelError(f"{path}: its weights do not fit its own net ({str(error).splitlines()[0]})") from None
    return net.eval(), recipe, state


def make_harmonizer(recipe: HarmonizeRecipe) -> Harmonizer:
    """A freshly initialised net of the recipe; OptionError where it does not take an option or a size."""
    try:
        net = Harmonizer(**recipe.net.options)
    except TypeError as error:
        raise OptionError(f"net: harmonizer does not take these options ({error})") from None
    for size in (recipe.input_size, *(phase.size for phase in recipe.phases)):
        net.check_size(size, size)
    return net


def pair_batches(
    photos: PhotoMap, recipe: HarmonizeRecipe, *, first_step: int, rank: int = 0, world: int = 1
) -> Iterator[PairBatch]:
    """This process's share of each step's pairs."""
    loader = DataLoader(
        _Drawn(Pairs(photos, recipe.data, seed=recipe.seed)),
        batch_sampler=Order(recipe, first_step, rank, world),
        num_workers=recipe.workers,
        worker_init_fn=only_draw,
        multiprocessing_context="fork" if recipe.workers else None,
    )
    for stacked in loader:
        yield PairBatch(**stacked)


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


def total(terms: dict[str, Tensor], weights: HarmonizeLoss) -> Tensor:
    """The weighted sum."""
    return torch.stack([terms[name] * getattr(weights, name) for name in TERMS]).sum()


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
