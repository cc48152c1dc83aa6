"""Folds batch norms into the convolutions before them, so that every converter and quantizer sees one operator."""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from limner.export.silence import silence

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
        fused = fuse_conv_bn_eval(conv, norm, transpose=isinstance(conv, nn.ConvTranspose2d))
        folded.set_submodule(conv_name, fused)
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


def _owner(node: torch.fx.Node, owners: dict[str, str]) -> str | None:
    """Name of the module whose weight a convolution or batch norm in the graph takes; None for other nodes."""
    if node.op != "call_function" or len(node.args) < 2:
        return None
    weight = node.args[1]
    if not isinstance(weight, torch.fx.Node) or weight.name not in owners:
        return None
    return owners[weight.name].rpartition(".")[0]
