"""Exports the harmonizer: a checkpoint to an ONNX file of the task harmonize, with its card."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from limner.datasets.manifest import Photo, PhotoFolder
from limner.datasets.pairs import held_out_pairs
from limner.evaluation.harmonization import NOTHING, REINHARD, SIZE, model_fitter, score_fitters, usual_fitters
from limner.export.card import parity_row, training_sets
from limner.export.onnx_file import Storage, write_onnx
from limner.models.card import (
    HARMONIZE,
    Measurement,
    ModelCard,
    Training,
)
from limner.models.files import file_sha256
from limner.models.pair import publish
from limner.training.card import net_card, procedure
from limner.training.harmonize import load_harmonizer
from limner.training.harmonize_recipe import HarmonizeRecipe
from limner.weights.checkpoint import Checkpoint

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


def export_harmonizer(
    checkpoint: Path,
    out: Path,
    *,
    storage: Storage = "fp16",
    data: Path | None = None,
    licence: str = "unknown",
    origin: str = "trained with limner train",
    notes: tuple[str, ...] = (),
) -> ModelCard:
    """Write the averaged net of ``checkpoint`` to ``out`` and its card beside it; both appear together or not at all.

    Input "image" (1, 4, S, S): RGB of the composite and the person's matte, in [0, 1]. Output "adjustment" (1, COUNT).

    Args:
        data: data folder whose photos the export is compared on and whose held-out pairs are measured; None compares on
            noise and measures nothing.

    Raises:
        ModelError: the checkpoint cannot be used.
        LimnerError: the exported file does not compute what PyTorch computes; nothing is written then.
    """
    net, recipe, state = load_harmonizer(checkpoint)
    folder = PhotoFolder(data) if data is not None else None
    aside = out.with_name(f".{out.stem}.{os.getpid()}.onnx")
    try:
        pictures = _pictures(recipe.input_size, folder)
        size = (recipe.input_size, recipe.input_size)
        parity = write_onnx(
            _Numbers(net).eval(), aside, size=size, pictures=pictures, channels=4, storage=storage, output=OUTPUT
        )
        card = _card(net, recipe, state, aside, out.name, folder.photos if folder is not None else [])
        card = replace(card, licence=licence, origin=origin, notes=notes)
        rows = [parity_row(parity, storage, photos=folder is not None, of="the numbers")]
        if folder is not None:
            rows += _measured(aside, card, folder)
        card = replace(card, measured=tuple(rows))
        publish(aside, out, card)
    finally:
        aside.unlink(missing_ok=True)
        aside.with_suffix(".json").unlink(missing_ok=True)
    return card


def _card(
    net: nn.Module, recipe: HarmonizeRecipe, state: Checkpoint, model: Path, file: str, photos: list[Photo]
) -> ModelCard:
    sets = [name for name in recipe.data.sets if recipe.data.sets[name] > 0]
    return replace(
        net_card(recipe.record, net, task=HARMONIZE),
        name=Path(file).stem,
        file=file,
        sha256=file_sha256(model),
        training=Training(data=training_sets(sets, photos), procedure=procedure(recipe, state.step, state.sessions)),
    )


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


def is_harmonizer(checkpoint: str) -> bool:
    """Whether this is a checkpoint of a recipe of the task harmonize."""
    return checkpoint.endswith(".pt") and Checkpoint.load(Path(checkpoint)).recipe.get("task") == HARMONIZE
