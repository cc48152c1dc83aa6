"""What a task is to the trainer: how its recipe is read, what its net is given, and what a step costs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from limner.datasets.photo import Photo
from limner.datasets.photo_map import PhotoMap
from limner.models.card import ModelCard
from limner.nets.initial_weights import WeightReport, start_net
from limner.nets.rebuild import recorded_net
from limner.tasks.recipes.run import RunRecipe


class AtWork(Protocol):
    """A task at work in one process of a run: batches in, losses out."""

    @property
    def terms(self) -> Sequence[str]:
        """Names of the loss terms, in the order in which calls give them."""

    def batches(self, photos: PhotoMap, *, first_step: int, rank: int, world: int) -> Iterator[Any]:
        """This process's share of each step's batch, from ``first_step`` to the end of the run."""

    def ready(self, batch: Any, *, step: int, rank: int, world: int) -> Any:
        """The batch on the net's device, with all that is to become of it there."""

    def parts(self, batch: Any) -> list[tuple[Any, float]]:
        """The batch in the parts that the recipe computes one after the other, each with its share of the whole."""

    def __call__(self, part: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a part, a scalar, and each term's value before its weight, detached."""

    def pictures(self, net: nn.Module, photos: PhotoMap) -> NDArray[np.uint8] | None:
        """A sheet of what the net makes of unseen pictures, uint8 (3, H, W); None where the task draws none."""


class Task(ABC):
    """What nets are trained for. It holds nothing: what belongs to a run is in the recipe.

    Attributes:
        name: in recipes, checkpoints and cards.
        unit: what a sample is, in the plural.
    """

    name: ClassVar[str]
    unit: ClassVar[str] = "images"

    @abstractmethod
    def read(self, raw: Mapping[str, Any], *, source: str) -> RunRecipe:
        """The recipe given as plain data; OptionError where it is wrong, naming ``source`` and the field."""

    @abstractmethod
    def recorded(self, raw: Mapping[str, Any], *, source: str) -> RunRecipe:
        """The recipe of a checkpoint, read for what became of it: what only training needs may be left aside."""

    @abstractmethod
    def plain(self, recipe: Any) -> dict[str, Any]:
        """Plain data that ``read`` reads back."""

    @abstractmethod
    def at_work(self, recipe: Any, net: Any, device: str) -> AtWork:
        """What computes the losses of ``net``, which is on ``device`` already."""

    @abstractmethod
    def card(self, recipe: Any) -> ModelCard:
        """The card of the recipe's net, without a file and without training."""

    def net(self, recipe: Any) -> nn.Module:
        """The recipe's net as it is trained and loaded, with random weights."""
        return recorded_net(recipe.record)

    def check(self, recipe: Any) -> None:
        """What the recipe's own fields cannot tell each by itself: its net can be made, and takes its sizes.

        Raises:
            OptionError: it cannot, or does not.
        """
        net = self.net(recipe)
        for size in sorted({recipe.input_size, *(phase.size for phase in recipe.phases)}):
            net.check_size(size, size)  # type: ignore[operator]

    @abstractmethod
    def check_photos(self, recipe: Any, photos: Sequence[Photo]) -> None:
        """Whether there is among the photos of a manifest what the recipe wants to draw; DataError where not."""

    def begun(
        self, recipe: Any, init: str | None, photos: Callable[[], PhotoMap]
    ) -> tuple[nn.Module, list[WeightReport]]:
        """The net of a run that begins, and what became of the weights that it started from.

        Args:
            init: instead of the recipe's.
            photos: gives the run's photos, for nets that look at some before the first step.
        """
        net = self.net(recipe)
        source = init if init is not None else recipe.init
        return net, [] if source is None else [start_net(net, source)]
