"""Builds a torch net again: of a checkpoint, or of a model whose card names the net and whose file has the weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from limner.errors import ModelError
from limner.models.card import SEGMENT, ModelCard
from limner.models.catalogue import find_model
from limner.nets import make_net
from limner.nets.base import SegmentationNet
from limner.weights.checkpoint import Checkpoint, load_weights
from limner.weights.record import NetRecord


class Trained(NamedTuple):
    """What a checkpoint holds: the averaged net in eval mode without training heads, its record and all the rest."""

    net: SegmentationNet
    record: NetRecord
    state: Checkpoint


def checkpoint_net(path: Path) -> Trained:
    """The net, record and state of a checkpoint.

    Raises:
        ModelError: missing, damaged, not a checkpoint of Limner, or its weights are not its own net's.
    """
    state = Checkpoint.load(path)
    record = NetRecord.of(state.recipe, source=str(path))
    return Trained(averaged_net(record, state, source=str(path)).for_inference(), record, state)


def recorded_net(record: NetRecord) -> SegmentationNet:
    """The net of a record, with random weights; quantization-aware where the record says so.

    Raises:
        OptionError: an option of the net cannot be, or it does not take its size.
        MissingExtraError: rounding needs torchao.
    """
    net = make_net(record.name, **record.options)
    if record.quantize is None:
        return net
    from limner.nets.quantized.net import QuantizedNet
    from limner.nets.quantized.options import QuantizeRecipe

    return QuantizedNet(net, record.size, QuantizeRecipe(**record.quantize))


def averaged_net(record: NetRecord, state: Checkpoint, *, source: str) -> SegmentationNet:
    """The net that a checkpoint's averaged weights fill whole, training heads and all.

    Raises:
        ModelError: the weights are not those of the recorded net.
    """
    net = recorded_net(record)
    try:
        net.load_state_dict(state.ema)
    except RuntimeError as error:
        raise ModelError(f"{source}: its weights do not fit its own net ({str(error).splitlines()[0]})") from None
    return net


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
