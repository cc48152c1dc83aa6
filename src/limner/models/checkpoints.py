"""The cards of checkpoints: each carries its own, and one that was made before they did says enough to draft one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from limner.errors import MissingExtraError
from limner.models.card import HARMONIZE, REFINE, SEGMENT, InputSpec, ModelCard, NetSpec, OutputSpec
from limner.weights.record import NetRecord

IMAGE, ALPHA, ADJUSTMENT = "image", "alpha", "adjustment"
"""What nets of Limner call their input and their outputs."""


def checkpoint_card(path: Path) -> ModelCard:
    """The card of a checkpoint of `limner train`, named after the file.

    Raises:
        ModelError: the file is missing, damaged or no checkpoint.
        MissingExtraError: what reads it is not installed.
    """
    try:
        from limner.weights.checkpoint import Checkpoint
    except ImportError as error:
        raise MissingExtraError(f"the checkpoint {path}", str(error.name), "train") from None
    state = Checkpoint.load(path)
    if state.card is None:
        return recipe_card(state.recipe, name=path.stem, file=path.name, source=str(path))
    return replace(ModelCard.from_dict(state.card, source=f"card in {path}"), name=path.stem, file=path.name)


def recipe_card(recipe: Mapping[str, Any], *, name: str, file: str, source: str) -> ModelCard:
    """What a recipe, given as plain data, says of the net that it trains.

    Raises:
        ModelError: it names no net or no size.
    """
    record = NetRecord.of(recipe, source=source)
    task = recipe.get("task", SEGMENT)
    channels = 4 if task in (HARMONIZE, REFINE) else record.options.get("in_channels", 3)
    return trained_card(record, name=name, file=file, task=task, channels=channels)


def trained_card(record: NetRecord, *, name: str, file: str, task: str, channels: int) -> ModelCard:
    """The card of a net of Limner's: fed NCHW floats in [0, 1], squeezed into its square."""
    kind = {HARMONIZE: ADJUSTMENT, REFINE: ALPHA}.get(task, "sigmoid")
    return ModelCard(
        name=name,
        file=file,
        task=task,
        origin="trained with limner train",
        input=InputSpec(
            name=IMAGE,
            size=(record.size, record.size),
            layout="NCHW",
            channels=channels,
            color_order="RGB",
            scale=1 / 255,
            mean=(0.0, 0.0, 0.0),
            std=(1.0, 1.0, 1.0),
            resize="stretch",
        ),
        output=OutputSpec(
            name=ADJUSTMENT if task == HARMONIZE else ALPHA, kind=kind, person_class=1 if task == SEGMENT else 0
        ),
        net=NetSpec(name=record.name, options=dict(record.options)),
    )
