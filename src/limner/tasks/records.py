"""Tasks whose batches are records of tensors and whose loss is a weighted sum of terms: all that they share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from limner.checking import check_arguments
from limner.datasets.photo_map import PhotoMap
from limner.errors import ModelError
from limner.models.card import SEGMENT
from limner.tasks.batches import Order, only_draw
from limner.tasks.forward import autocast
from limner.tasks.recipes.run import RunRecipe
from limner.weights.checkpoint import Checkpoint

B = TypeVar("B")
N = TypeVar("N", bound=nn.Module)
R = TypeVar("R", bound=RunRecipe)


class RecordsAtWork(ABC, Generic[B]):
    """See ``limner.tasks.base.AtWork``.

    Attributes:
        kind: of the batches: a class with slots, all of them tensors (N, …).
        terms: of the loss; the recipe's ``loss`` has a weight of each name.
    """

    kind: ClassVar[type]
    terms: ClassVar[Sequence[str]]

    def __init__(self, recipe: Any, net: nn.Module, device: str) -> None:
        self._recipe, self._net, self._device = recipe, net, device
        self._autocast = autocast(recipe.precision, device)

    @abstractmethod
    def batches(self, photos: PhotoMap, *, first_step: int, rank: int, world: int) -> Iterator[B]:
        """This process's share of each step's records, from ``first_step`` to the end of the run."""

    @abstractmethod
    def losses(self, part: B) -> dict[str, Tensor]:
        """The terms of the loss, before their weights."""

    def ready(self, batch: B, *, step: int, rank: int, world: int) -> B:
        moved: B = self.kind(*(tensor.to(self._device, non_blocking=True) for tensor in _tensors(batch)))
        return moved

    def parts(self, batch: B) -> list[tuple[B, float]]:
        tensors = _tensors(batch)
        count = len(tensors[0])
        pieces = [tensor.tensor_split(min(self._recipe.accumulate, count)) for tensor in tensors]
        return [(self.kind(*part), len(part[0]) / count) for part in zip(*pieces, strict=True)]

    def __call__(self, part: B) -> tuple[Tensor, dict[str, Tensor]]:
        terms = self.losses(part)
        return total(terms, self._recipe.loss), {name: terms[name].detach() for name in self.terms}

    def pictures(self, net: nn.Module, photos: PhotoMap) -> NDArray[np.uint8] | None:
        return None


def total(terms: Mapping[str, Tensor], weights: Any) -> Tensor:
    """The sum of the terms, each times the weight that ``weights`` has under its name."""
    return torch.stack([value * getattr(weights, name) for name, value in terms.items()]).sum()


def record_batches(
    kind: Callable[..., B],
    draw: Dataset[dict[str, Tensor]],
    recipe: RunRecipe,
    *,
    first_step: int,
    rank: int,
    world: int,
) -> Iterator[B]:
    """Process ``rank``'s share of each step's records.

    Args:
        draw: one record's tensors by their names, at the index (number, size).
    """
    loader = DataLoader(
        draw,
        batch_sampler=Order(recipe, first_step, rank, world),
        num_workers=recipe.workers,
        worker_init_fn=only_draw,
        multiprocessing_context="fork" if recipe.workers else None,
    )
    for stacked in loader:
        yield kind(**stacked)


def load_trained(path: Path, task: str, read: Callable[..., R], make: Callable[[R], N]) -> tuple[N, R, Checkpoint]:
    """The averaged net of a checkpoint in eval mode, its recipe, and the checkpoint.

    Args:
        read: a recipe from plain data and its ``source``.
        make: the recipe's net.

    Raises:
        ModelError: missing, damaged, of another task, or its weights are not those of its net.
    """
    state = Checkpoint.load(path)
    if state.recipe.get("task") != task:
        raise ModelError(f"{path}: is a checkpoint of the task {state.recipe.get('task', SEGMENT)}, not {task}")
    recipe = read(state.recipe, source=path)
    net = make(recipe)
    try:
        net.load_state_dict(state.ema)
    except RuntimeError as error:
        raise ModelError(f"{path}: its weights do not fit its own net ({str(error).splitlines()[0]})") from None
    return net.eval(), recipe, state


def make_own(net: type[N], recipe: RunRecipe) -> N:
    """A freshly initialised ``net``; OptionError where it does not take one of the recipe's options or sizes."""
    check_arguments(net.__init__, recipe.net.options, of=f"net {recipe.net.name}")
    made = net(**recipe.net.options)
    for size in (recipe.input_size, *(phase.size for phase in recipe.phases)):
        made.check_size(size, size)  # type: ignore[operator]
    return made


def _tensors(batch: Any) -> list[Tensor]:
    return [getattr(batch, name) for name in batch.__slots__]
