"""Builds the torch net of a model again, from the net that its card names and the weights in its file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from limner.errors import ModelError
from limner.model_card import SEGMENT, ModelCard
from limner.models.catalogue import find_model
from limner.nets import make_net
from limner.nets.base import SegmentationNet
from limner.training.checkpoint import load_weights


def model_net(model: str | Path) -> tuple[SegmentationNet, ModelCard]:
    """The net that `limner export` made a model of, in eval mode without training heads, and the model's card.

    Args:
        model: a shipped model's name or the path of a .onnx file with its card.

    Raises:
        ModelError: the model cannot be used, its card names no net, or its weights are not that net's.
    """
    found = find_model(model, task=SEGMENT)
    if found.card.net is None:
        raise ModelError(f"card of {found.card.name!r}: net is missing, so the net cannot be built again in torch")
    net = make_net(found.card.net.name, **found.card.net.options)
    return filled(net, load_weights(found.path), source=str(found.path)), found.card


def filled(net: SegmentationNet, weights: Mapping[str, Tensor], *, source: str) -> SegmentationNet:
    """A copy of ``net`` in eval mode without training heads, with these weights; those of the heads may be missing.

    Raises:
        ModelError: one of the net's tensors is not among the weights, or has another shape there.
    """
    bare = net.for_inference()
    own = bare.state_dict()
    for name, value in own.items():
        if name not in weights:
            raise ModelError(f"{source}: the tensor {name} of {type(net).__name__} is not in it; is it another net's?")
        if weights[name].shape != value.shape:
            shapes = f"{tuple(weights[name].shape)}, not {tuple(value.shape)}"
            raise ModelError(f"{source}: the tensor {name} of {type(net).__name__} is {shapes}; is it another net's?")
    bare.load_state_dict({name: weights[name] for name in own})
    return bare
