"""Exports of nets whose tasks have recipes of their own: all but what such a file scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from limner.datasets.manifest import PhotoFolder
from limner.export.card import Provenance, training_sets
from limner.export.matted_pictures import matted_pictures
from limner.models.card import Measurement, ModelCard, Training
from limner.models.files import file_sha256
from limner.tasks.card import net_card, procedure
from limner.tasks.recipes.run import RunRecipe
from limner.weights.checkpoint import Checkpoint


class _Named(nn.Module):
    """The net, with its input called ``image``."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor) -> Tensor:
        said: Tensor = self.net(image)
        return said


class TrainedSubject(ABC):
    """See ``limner.export.one_file.Subject``. Input: RGB and a matte.

    Args:
        trained: the net in eval mode, its recipe and the checkpoint.

    Attributes:
        task: of the net.
    """

    task: ClassVar[str]
    output: str
    says: str
    other_sizes: tuple[tuple[int, int], ...] = ()
    channels = 4

    def __init__(self, trained: tuple[nn.Module, RunRecipe, Checkpoint]) -> None:
        self._net, recipe, self._state = trained
        self._recipe: Any = recipe
        self.size = (recipe.input_size, recipe.input_size)
        self.module: nn.Module = _Named(self._net).eval()

    def pictures(self, folder: PhotoFolder | None, size: tuple[int, int]) -> NDArray[np.float32]:
        return matted_pictures(size[0], folder)

    def card(self, model: Path, provenance: Provenance, *, file: str) -> ModelCard:
        recipe, state = self._recipe, self._state
        card = net_card(recipe.record, self._net, task=self.task)
        sets = [name for name in recipe.data.sets if recipe.data.sets[name] > 0]
        told = procedure(recipe, state.step, state.sessions)
        return replace(
            card,
            name=Path(file).stem,
            file=file,
            sha256=file_sha256(model),
            licence=provenance.licence or card.licence,
            origin=provenance.origin or card.origin,
            training=Training(data=training_sets(sets, provenance.photos), procedure=told),
            notes=provenance.notes,
        )

    @abstractmethod
    def measure(self, model: Path, card: ModelCard, data: Path) -> list[Measurement]:
        """What the file scores on photos that it has not seen."""
