"""Folds batch norms into the convolutions before them, so that every converter and quantizer sees one operator."""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn

from limner.silence import silence

_Net = TypeVar("_Net", bound=nn.Module)
_CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


def fold_batch_norms(net: _Net, example: Tensor) -> _Net:
    """A copy of ``net`` (in eval mode) that computes the same with fewer batch norms.

    Folded is a batch norm that alone takes the output of a convolution, each of them used once; others stay.

    Args:
        example: an input, for torch.export, which finds out what is applied to what.
    """
    folded = copy.deepcopy(net)
    for conv_name, norm_name in foldable(folded, example):
        conv, norm = folded.get_submodule(conv_name), folded.get_submodule(norm_name)
        assert isinstance(conv, nn.Conv2d | nn.ConvTranspose2d)
        assert isinstance(norm, nn.BatchNorm2d)
        _fold(conv, norm)
        folded.set_submodule(norm_name, nn.Identity())
    return folded.eval()


def foldable(net: nn.Module, example: Tensor) -> list[tuple[str, str]]:
    """Names of the convolutions whose output only one batch norm takes, each with that batch norm's name."""
    with silence(), torch.no_grad():
        program = torch.export.export(net, (example,), strict=False)
    signature = program.graph_signature
    owners = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
    kinds = dict(net.named_modules())
    used: dict[str, int] = {}
    pairs = []
    for node in program.graph.nodes:
        owner = _owner(node, owners)
        if owner is None:
            continue
        used[owner] = used.get(owner, 0) + 1
        given = node.args[0]
        source = _owner(given, owners) if isinstance(given, torch.fx.Node) else None
        if (
            isinstance(kinds.get(owner), nn.BatchNorm2d)
            and source is not None
            and isinstance(kinds.get(source), _CONVOLUTIONS)
            and len(given.users) == 1
        ):
            pairs.append((source, owner))
    return [(conv, norm) for conv, norm in pairs if used[conv] == used[norm] == 1]


@torch.no_grad()
def _fold(conv: nn.Conv2d | nn.ConvTranspose2d, norm: nn.BatchNorm2d) -> None:
    """Scale and shift of ``norm`` into the weight and bias of ``conv``.

    torch.nn.utils.fusion does not: it takes no heed of the groups of transposed convolutions.
    """
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None
    assert variance is not None
    scale = torch.rsqrt(variance + norm.eps)
    scale = scale if norm.weight is None else scale * norm.weight
    shift = -mean * scale if norm.bias is None else norm.bias - mean * scale
    if isinstance(conv, nn.ConvTranspose2d):  # weights (in, out / groups, kernel…), groups one behind the other
        by_group = conv.weight.reshape(conv.groups, -1, *conv.weight.shape[1:])
        weight = (by_group * scale.reshape(conv.groups, 1, -1, 1, 1)).flatten(0, 1)
    else:
        weight = conv.weight * scale.reshape(-1, 1, 1, 1)
    conv.weight = nn.Parameter(weight)
    conv.bias = nn.Parameter(shift if conv.bias is None else shift + conv.bias * scale)


def _owner(node: torch.fx.Node, owners: dict[str, str]) -> str | None:
    """Name of the module whose weight a convolution or batch norm in the graph takes; None for other nodes."""
    if node.op != "call_function" or len(node.args) < 2:
        return None
    weight = node.args[1]
    if not isinstance(weight, torch.fx.Node) or weight.name not in owners:
        return None
    return owners[weight.name].rpartition(".")[0]
