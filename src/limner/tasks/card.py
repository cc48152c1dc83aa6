"""The card of a net in training: what it is, and how it came to be so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import nn

from limner.models.card import HARMONIZE, REFINE, SEGMENT, ModelCard, Training
from limner.models.checkpoints import trained_card
from limner.nets import make_net
from limner.nets.base import SegmentationNet
from limner.nets.blocks import count_macs, count_parameters
from limner.tasks.recipes.recipe import Recipe
from limner.tasks.recipes.run import RunRecipe
from limner.weights.record import NetRecord

_SAYS = {HARMONIZE: "fits a person's light and colour to a background", REFINE: "draws fine edges along a rough matte"}


def net_card(record: NetRecord, net: nn.Module, *, task: str, size: tuple[int, int] | None = None) -> ModelCard:
    """The card of a net of Limner's, without a file.

    Args:
        net: of the record.
        size: (height, width) of its input; the record's square by default.
    """
    size = size or (record.size, record.size)
    if isinstance(net, SegmentationNet):
        channels, says = net.in_channels, f"{record.name}: "
        net = (make_net(record.name, **record.options) if net.rounded else net).for_inference()
    else:
        channels, says = 4, f"{_SAYS[task]}: "
    parameters, macs = count_parameters(net), count_macs(net, size, channels=channels)
    says += f"{parameters / 1e6:.2f} M parameters, {macs / 1e6:.0f} M MACs at {size[0]}×{size[1]}"
    if task == SEGMENT and channels == 4:
        says += ", takes the previous mask"
    card = trained_card(record, name=record.name, file=f"{record.name}.pt", task=task, channels=channels)
    return replace(card, summary=says, input=replace(card.input, size=size))


def run_card(card: ModelCard, recipe: RunRecipe, step: int, sessions: Sequence[Mapping[str, Any]]) -> Any:
    """``card`` as JSON values, with what a run has done by ``step``: what its checkpoint carries."""
    return replace(card, training=Training(data=(), procedure=procedure(recipe, step, sessions))).to_dict()


def procedure(recipe: RunRecipe, step: int, sessions: Sequence[Mapping[str, Any]]) -> str:
    """In words: samples, sizes, optimiser, and each session with its time and machine."""
    phases = ", ".join(f"{phase.size} px for {phase.share:.0%}" for phase in recipe.phases)
    optimizer = {"adamw": "AdamW", "sgd": "SGD"}[recipe.optimizer.kind]
    schedule = recipe.schedule.kind.replace("_", " ")
    text = (
        f"{step * recipe.batch:,} samples in batches of {recipe.batch} ({phases}); {optimizer}, learning rate "
        f"{recipe.optimizer.lr:g} with warm-up and {schedule}, weight decay {recipe.optimizer.weight_decay:g}; "
        f"averaged weights (decay {recipe.ema:g}); seed {recipe.seed}."
    )
    if isinstance(recipe, Recipe) and recipe.quantize is not None:
        text += " Weights and activations quantized to 8 bits all along."
    by_device: Counter[str] = Counter()
    for session in sessions:
        if "init" in session:
            text += f" Started from the weights {session['init']}."
        elif "averaged" in session:
            text += f" The weights are the mean of {len(session['averaged'])} such runs'."
        elif session.get("seconds"):
            by_device[str(session["device"])] += round(session["seconds"])
    for device, seconds in by_device.items():
        text += f" {seconds / 60:.0f} minutes on {device}."
    return text
