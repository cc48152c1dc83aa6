"""The task of fine edges: pictures and rough mattes in, mattes whose edges hold hair out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from limner.datasets.edges import Edges, is_held_out
from limner.datasets.photo import Photo
from limner.datasets.photo_map import PhotoMap
from limner.datasets.sampler import check_photos
from limner.models.card import REFINE, ModelCard
from limner.nets.edge_refiner import EdgeRefiner
from limner.segment.fine import REACH, UNSURE
from limner.tasks.base import Task
from limner.tasks.card import net_card
from limner.tasks.recipes.refine import RefineRecipe, refine_recipe, to_dict
from limner.tasks.records import RecordsAtWork, load_trained, make_own, record_batches
from limner.weights.checkpoint import Checkpoint

TERMS = ("absolute", "gradient", "pyramid")
_EDGE_REACH = 8
_AWAY = 0.15
"""Weight of pixels further than that from the truth's edge: there the net that found the person erred, not its edge."""
_LEVELS = 3


@dataclass(frozen=True, slots=True)
class EdgeBatch:
    """Pictures uint8 (N, 3, S, S), rough mattes and truths float32 (N, 1, S, S) in [0, 1]."""

    image: Tensor
    rough: Tensor
    alpha: Tensor


class RefinementAtWork(RecordsAtWork[EdgeBatch]):
    """See ``limner.tasks.base.AtWork``."""

    kind, terms = EdgeBatch, TERMS

    def __init__(self, recipe: RefineRecipe, net: EdgeRefiner, device: str) -> None:
        super().__init__(recipe, net.to(memory_format=torch.channels_last), device)  # type: ignore[call-overload]

    def batches(self, photos: PhotoMap, *, first_step: int, rank: int, world: int) -> Iterator[EdgeBatch]:
        return edge_batches(photos, self._recipe, first_step=first_step, rank=rank, world=world)

    def losses(self, part: EdgeBatch) -> dict[str, Tensor]:
        return losses(self._net, part, run=self._autocast)


class Refinement(Task):
    """Fine edges."""

    name: ClassVar[str] = REFINE
    unit: ClassVar[str] = "patches"

    def read(self, raw: Mapping[str, Any], *, source: str) -> RefineRecipe:
        return refine_recipe(dict(raw), source=source)

    def recorded(self, raw: Mapping[str, Any], *, source: str) -> RefineRecipe:
        return self.read(raw, source=source)

    def plain(self, recipe: RefineRecipe) -> dict[str, Any]:
        return to_dict(recipe)

    def at_work(self, recipe: RefineRecipe, net: EdgeRefiner, device: str) -> RefinementAtWork:
        return RefinementAtWork(recipe, net, device)

    def card(self, recipe: RefineRecipe) -> ModelCard:
        return net_card(recipe.record, make_refiner(recipe), task=self.name)

    def net(self, recipe: RefineRecipe) -> EdgeRefiner:
        return make_refiner(recipe)

    def check_photos(self, recipe: RefineRecipe, photos: Sequence[Photo]) -> None:
        check_photos([photo for photo in photos if not is_held_out(photo)], recipe.data.mix)


def load_refiner(path: Path) -> tuple[EdgeRefiner, RefineRecipe, Checkpoint]:
    """The averaged net of a checkpoint in eval mode, its recipe, and the checkpoint; see ``load_trained``."""
    return load_trained(path, REFINE, refine_recipe, make_refiner)


def make_refiner(recipe: RefineRecipe) -> EdgeRefiner:
    """A freshly initialised net of the recipe; OptionError where it does not take an option or a size."""
    return make_own(EdgeRefiner, recipe)


def edge_batches(
    photos: PhotoMap, recipe: RefineRecipe, *, first_step: int, rank: int = 0, world: int = 1
) -> Iterator[EdgeBatch]:
    """This process's share of each step's patches."""
    drawn = _Drawn(Edges(photos, recipe.data, seed=recipe.seed))
    return record_batches(EdgeBatch, drawn, recipe, first_step=first_step, rank=rank, world=world)


def losses(net: nn.Module, batch: EdgeBatch, *, run: Any = None) -> dict[str, Tensor]:
    """The terms of ``RefineLoss`` before their weights; ``run`` is the context that the net computes in."""
    truth = batch.alpha
    seen = torch.cat([batch.image.float() / 255, batch.rough], 1).contiguous(memory_format=torch.channels_last)
    with run if run is not None else contextlib.nullcontext():
        said = net(seen)
    said = said.float()
    # Beyond 0 and 1 alpha is cut: there is nothing to learn from how far beyond.
    said = torch.where(truth >= 1, said.clamp(max=1), torch.where(truth <= 0, said.clamp(min=0), said))
    near = _grown(_unsure(batch.rough), REACH)
    near = near * (_AWAY + (1 - _AWAY) * _grown(_edge(truth), _EDGE_REACH))
    return {
        "absolute": _mean((said - truth).abs(), near),
        "gradient": _slopes(said - truth, near),
        "pyramid": _pyramid(said - truth, near),
    }


def _unsure(alpha: Tensor) -> Tensor:
    return ((alpha > UNSURE) & (alpha < 1 - UNSURE)).float()


def _edge(truth: Tensor) -> Tensor:
    """Where the truth is soft or changes."""
    hard = (truth > 0.5).float()
    return torch.maximum(_unsure(truth), _grown(hard, 1) - (1 - _grown(1 - hard, 1)))


def _grown(mask: Tensor, reach: int) -> Tensor:
    return F.max_pool2d(mask, 2 * reach + 1, 1, reach)


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    return (values * weights).sum() / weights.sum().clamp(min=1)


def _slopes(error: Tensor, near: Tensor) -> Tensor:
    """The pyramid and the slopes of two mattes differ as those of their difference: both are linear."""
    across = (error[..., :, 1:] - error[..., :, :-1]).abs()
    down = (error[..., 1:, :] - error[..., :-1, :]).abs()
    return _mean(across, near[..., :, 1:]) + _mean(down, near[..., 1:, :])


def _pyramid(error: Tensor, near: Tensor) -> Tensor:
    loss = error.new_zeros(())
    for _ in range(_LEVELS):
        small = F.avg_pool2d(error, 2)
        back = F.interpolate(small, scale_factor=2.0, mode="bilinear", align_corners=False)
        loss = loss + _mean((error - back).abs(), near)
        error, near = small, F.max_pool2d(near, 2)
    return loss


class _Drawn(Dataset[dict[str, Tensor]]):
    """Patch ``number`` at ``size`` as tensors by the names of ``EdgeBatch``; the index is the pair (number, size)."""

    def __init__(self, edges: Edges) -> None:
        self.edges = edges

    def __getitem__(self, index: tuple[int, int]) -> dict[str, Tensor]:
        patch = self.edges.draw(*index)
        return {
            "image": torch.from_numpy(patch.image).permute(2, 0, 1),
            "rough": torch.from_numpy(patch.rough)[None],
            "alpha": torch.from_numpy(patch.alpha)[None],
        }
