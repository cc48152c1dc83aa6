"""Exports the harmonizer: a checkpoint to an ONNX file of the task harmonize, with its card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from limner.datasets.manifest import PhotoFolder
from limner.datasets.pairs import held_out_pairs
from limner.evaluation.harmonization import NOTHING, REINHARD, SIZE, model_fitter, score_fitters, usual_fitters
from limner.export.card import Provenance, training_sets
from limner.models.card import (
    HARMONIZE,
    Measurement,
    ModelCard,
    Training,
)
from limner.models.files import file_sha256
from limner.tasks.card import net_card, procedure
from limner.tasks.harmonization import load_harmonizer

OUTPUT = "adjustment"
PROTOCOL = (
    f"fMSE (mean squared error over the person's pixels, scale of 255), mean over photos whose person was recoloured, "
    f"{SIZE} px, always the same pairs; median_ of the net alone; lower is better"
)
_PARITY_PICTURES = 12


class _Numbers(nn.Module):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor) -> Tensor:
        numbers: Tensor = self.net(image)
        return numbers


class HarmonizerSubject:
    """See ``limner.export.one_file.Subject``. Input: RGB of the composite and the person's matte; output: numbers.

    Raises:
        ModelError: the checkpoint cannot be used.
    """

    output, says, channels = OUTPUT, "the numbers", 4

    def __init__(self, checkpoint: Path) -> None:
        self._net, self._recipe, self._state = load_harmonizer(checkpoint)
        self.size = (self._recipe.input_size, self._recipe.input_size)
        self.module: nn.Module = _Numbers(self._net).eval()

    def pictures(self, folder: PhotoFolder | None) -> NDArray[np.float32]:
        return _pictures(self._recipe.input_size, folder)

    def card(self, model: Path, provenance: Provenance, *, file: str) -> ModelCard:
        recipe, state = self._recipe, self._state
        card = net_card(recipe.record, self._net, task=HARMONIZE)
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

    def measure(self, model: Path, card: ModelCard, data: Path) -> list[Measurement]:
        return _measured(model, card, PhotoFolder(data))


def _measured(model: Path, card: ModelCard, folder: PhotoFolder) -> list[Measurement]:
    """Figures on the held-out pairs, as the effect makes them."""
    card.save(model.with_suffix(".json"))
    fitters = {name: fit for name, fit in usual_fitters().items() if name in (NOTHING, REINHARD)}
    pairs = list(held_out_pairs(folder, size=SIZE))
    if not pairs:
        return []
    scores = score_fitters(fitters | {HARMONIZE: model_fitter(model)}, pairs)
    metrics = {name: round(score.fmse, 1) for name, score in scores.items()}
    metrics[f"median_{HARMONIZE}"] = round(scores[HARMONIZE].median_fmse, 1)
    return [Measurement(on=f"val: {len(pairs)} pairs", protocol=PROTOCOL, metrics=metrics)]


def _pictures(size: int, folder: PhotoFolder | None) -> NDArray[np.float32]:
    """float32 (N, 4, S, S) to compare the export with PyTorch on: train photos with their masks, or smooth noise."""
    rng = np.random.default_rng(0)
    coarse = rng.random((_PARITY_PICTURES, 9, 9, 4))
    pictures = [cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC).clip(0, 1) for noise in coarse]
    if folder is not None:
        photos = [photo for photo in folder.select(split="train") if photo.mask in ("hand", "auto")]
        chosen = [photos[i] for i in np.linspace(0, len(photos) - 1, _PARITY_PICTURES).astype(int)] if photos else []
        for i, photo in enumerate(chosen):
            rgb, mask = folder.load(photo)
            planes = cv2.merge([*cv2.split(rgb), mask])
            pictures[i] = cv2.resize(planes, (size, size), interpolation=cv2.INTER_AREA) / 255.0
    return np.ascontiguousarray(np.stack(pictures).astype(np.float32).transpose(0, 3, 1, 2))
