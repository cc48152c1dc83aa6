"""Convolutions joined with their batch norms in a captured graph, so that quantized weights are the file's."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Node

JOINED = "limner_joined"
"""Key in the meta of nodes between a convolution and whatever follows its batch norm."""
_aten = torch.ops.aten
_SMALLEST = 1e-8


def norm_factor(gamma: Tensor, variance: Tensor, eps: float) -> Tensor:
    """What a batch norm multiplies channels with, (C,); never quite 0, so that it can be divided by."""
    factor = gamma * torch.rsqrt(variance + eps)
    return torch.copysign(factor.abs().clamp(min=_SMALLEST), factor)


def scaled_weight(weight: Tensor, factor: Tensor, axis: int) -> Tensor:
    """A convolution's weight with each output channel, which ``axis`` counts, times its factor."""
    return weight * factor.reshape([-1 if i == axis else 1 for i in range(weight.ndim)])


def unscaled(y: Tensor, factor: Tensor, bias: Tensor | None) -> Tensor:
    """What the convolution with the unscaled weight and the bias would have given, (N, C, H, W)."""
    y = y / factor.reshape(1, -1, 1, 1)
    return y if bias is None else y + bias.reshape(1, -1, 1, 1)


def join_norms(graph_module: GraphModule) -> None:
    """Make every batch norm a module again, and give the convolution before it its scale (Krishnamoorthi 2018, 3.2.2).

    A convolution that only its batch norm reads gets the weight times the norm's running factor, which is what is
    rounded, and its result is divided by that factor before the norm sees it: in training the norm normalises by the
    batch as ever. Names of weights and norms stay what they were in the net. Any epsilon and transposed convolutions
    are fine.
    """
    graph = graph_module.graph
    for node in list(graph.nodes):
        if node.target is not _aten.batch_norm.default:
            continue
        x, gamma, beta, mean, variance, _, momentum, eps, _ = node.args
        name = variance.target.rpartition(".")[0]
        graph_module.set_submodule(name, _norm(graph_module, gamma, beta, mean, variance, momentum, eps))
        axis = channel_axis(x)
        joined = axis is not None and len(x.users) == 1
        if axis is not None and joined:
            x = _join(graph_module, x, gamma, variance, eps, axis)
        with graph.inserting_before(node):
            norm = graph.call_module(name, (x,))
        norm.meta = {"val": node.meta["val"], JOINED: joined}
        node.replace_all_uses_with(norm)
        graph.erase_node(node)
    graph.eliminate_dead_code()
    graph_module.recompile()


def fold_norms(graph_module: GraphModule) -> None:
    """Put joined batch norms, with their running statistics, into the weight and bias of their convolutions."""
    graph = graph_module.graph
    for node in list(graph.nodes):
        if node.target is not unscaled:
            continue
        conv, factor, bias = node.args
        norm = next(iter(node.users))
        module = graph_module.get_submodule(norm.target)
        assert isinstance(module, nn.BatchNorm2d)
        rounded = conv.args[1]
        scaled = rounded.args[0] if rounded.op == "call_module" else rounded
        weight = scaled.args[0]
        with torch.no_grad():
            assert module.running_mean is not None
            assert module.running_var is not None
            scale = norm_factor(module.weight, module.running_var, module.eps)
            shift = -module.running_mean if bias is None else _attribute(graph_module, bias) - module.running_mean
            folded = scaled_weight(_attribute(graph_module, weight), scale, scaled.args[2])
            constant = module.bias + shift * scale
        stem = weight.target.replace(".", "_")
        graph_module.register_parameter(f"{stem}_folded", nn.Parameter(folded, requires_grad=False))
        graph_module.register_parameter(f"{stem}_constant", nn.Parameter(constant, requires_grad=False))
        with graph.inserting_before(scaled):
            whole = graph.get_attr(f"{stem}_folded")
            offset = graph.get_attr(f"{stem}_constant")
        scaled.replace_all_uses_with(whole)
        conv.args = (*conv.args[:2], offset, *conv.args[3:])
        norm.replace_all_uses_with(conv)
        for gone in (norm, node, scaled, factor):
            graph.erase_node(gone)
    graph.eliminate_dead_code()
    graph_module.recompile()


def channel_axis(node: Node) -> int | None:
    """Which axis of the weight counts output channels; None for what is no convolution, or a grouped transposed one."""
    if node.target is _aten.conv2d.default:
        return 0
    if node.target is _aten.conv_transpose2d.input:
        return 1 if len(node.args) < 7 or node.args[6] == 1 else None
    return None


def _norm(
    graph_module: GraphModule, gamma: Node, beta: Node, mean: Node, variance: Node, momentum: float, eps: float
) -> nn.BatchNorm2d:
    """A batch norm module of these tensors."""
    weight, bias = _attribute(graph_module, gamma), _attribute(graph_module, beta)
    norm = nn.BatchNorm2d(len(weight), eps=eps, momentum=momentum)
    norm.weight, norm.bias = nn.Parameter(weight.detach()), nn.Parameter(bias.detach())
    norm.running_mean, norm.running_var = _attribute(graph_module, mean), _attribute(graph_module, variance)
    return norm


def _join(graph_module: GraphModule, conv: Node, gamma: Node, variance: Node, eps: float, axis: int) -> Node:
    """Scale the convolution's weight; gives the node that undoes it."""
    graph = graph_module.graph
    weight = conv.args[1]
    bias = conv.args[2] if len(conv.args) > 2 else None
    assert isinstance(weight, Node)
    with graph.inserting_before(conv):
        scale, spread = graph.get_attr(gamma.target), graph.get_attr(variance.target)  # type: ignore[arg-type]
        factor = graph.call_function(norm_factor, (scale, spread, eps))
        scaled = graph.call_function(scaled_weight, (weight, factor, axis))
    scaled.meta["val"] = weight.meta["val"]
    conv.args = (conv.args[0], scaled, None, *conv.args[3:])
    with graph.inserting_after(conv):
        undone = graph.call_function(unscaled, (conv, factor, bias))
    undone.meta = {"val": conv.meta["val"], JOINED: True}
    return undone


def _attribute(graph_module: GraphModule, node: Node) -> Any:
    """The tensor that a get_attr node reads."""
    path, _, name = str(node.target).rpartition(".")
    return getattr(graph_module.get_submodule(path), name)
