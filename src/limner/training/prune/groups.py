"""Groups of channels that pruning must take out together, each proven on the net before it is touched."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
import torch_pruning as tp
from torch import nn

from limner.nets.base import SegmentationNet

Layer = nn.Conv2d | nn.ConvTranspose2d | nn.Linear
LAYERS = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)


def dependency_graph(net: SegmentationNet) -> Any:
    """Which channels of which layers are bound together (Fang et al. 2023), traced with a small picture."""
    return tp.DependencyGraph().build_dependency(
        net, torch.rand(_example_shape(net)), forward_fn=lambda model, x: model(x, heads=True), verbose=False
    )


def _example_shape(net: SegmentationNet) -> tuple[int, int, int, int]:
    """A small picture that the net takes."""
    side = net.size_divisor * max(1, -(-64 // net.size_divisor))
    return 1, net.in_channels, side, side


def sound_roots(net: SegmentationNet, graph: Any, *, lot: int) -> list[nn.Module]:
    """One layer for each group that may be pruned; its output channels stand for the group's.

    Left out are the net's outputs, grouped convolutions, loose parameters, and every group that fails the trial: taking
    out ``lot`` channels that no layer reads must leave the net's outputs as they are.
    """
    roots = [group[0].dep.target.module for group in graph.get_all_groups() if _is_plain(group)]
    net.double()
    try:
        return [root for root in roots if _is_sound(net, graph, root, lot)]
    finally:
        net.float()


def _is_plain(group: Any) -> bool:
    if any(dep.target.type in (tp.ops.OPTYPE.OUTPUT, tp.ops.OPTYPE.PARAMETER) for dep, _ in group):
        return False
    layers = [dep.target.module for dep, _ in group if isinstance(dep.target.module, nn.Conv2d | nn.ConvTranspose2d)]
    return all(layer.groups == 1 or layer.groups == layer.in_channels == layer.out_channels for layer in layers)


def group_of(graph: Any, root: nn.Module, channels: list[int]) -> Any:
    """The given channels of a group: pairs of a dependency and the channels it means in its own layer."""
    return graph.get_pruning_group(root, graph.get_pruner_of_module(root).prune_out_channels, channels)


@torch.no_grad()
def _is_sound(net: SegmentationNet, graph: Any, root: nn.Module, lot: int) -> bool:
    """Whether taking out channels that no layer reads leaves the outputs of ``net`` (in float64) as they are."""
    count = graph.get_out_channels(root)
    lot = min(lot, count - 1)
    if lot < 1:
        return False
    group = [(dep, channels) for dep, channels in group_of(graph, root, list(range(lot))) if _has_weights(dep)]
    picture = torch.rand(_example_shape(net), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    with _restored({dep.target.module for dep, _ in group}):
        for dep, channels in group:
            layer = dep.target.module
            if reads(dep) and not is_depthwise(layer):
                layer.weight = nn.Parameter(layer.weight.clone())
                layer.weight[(channels,) if getattr(layer, "transposed", False) else (slice(None), channels)] = 0
        before = net(picture, heads=True)
        try:
            for dep, channels in group:
                dep(channels)
            after = net(picture, heads=True)
        except (RuntimeError, ValueError, IndexError):  # its forward counts on the channels it was made with
            return False
    pairs = [(before[0], after[0]), *((before[1][name], after[1][name]) for name in net.head_names)]
    return all(a.shape == b.shape and float((a - b).abs().max()) <= 1e-6 * float(1 + a.abs().max()) for a, b in pairs)


@contextlib.contextmanager
def _restored(layers: set[nn.Module]) -> Iterator[None]:
    """Puts the layers' weights and channel counts back when the block ends."""
    saved = [(layer, {**layer.__dict__, "_parameters": dict(layer._parameters)}) for layer in layers]
    buffers = [dict(layer._buffers) for layer in layers]
    try:
        yield
    finally:
        for (layer, state), kept in zip(saved, buffers, strict=True):
            layer.__dict__.update({**state, "_buffers": kept})


def _has_weights(dep: Any) -> bool:
    layer = dep.target.module
    return isinstance(layer, nn.Module) and any(True for _ in layer.parameters(recurse=False))


def reads(dep: Any) -> bool:
    """Whether the channels of this dependency are a layer's inputs."""
    return str(dep.handler.__name__) == "prune_in_channels"


def is_depthwise(layer: nn.Module) -> bool:
    """Whether each output channel sees its own input channel only."""
    return isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and layer.groups == layer.out_channels > 1
