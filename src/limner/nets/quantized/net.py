"""Quantization-aware training: a net whose weights and activations are quantized to 8 bits while it learns.

Rounding passes gradients through (Jacob et al. 2018); torchao puts it in (its PT2E flow), at the places that
``limner.nets.quantized.quantizer`` names.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import ClassVar, Self

import torch
from torch import Tensor, nn
from torch.fx import GraphModule

from limner.errors import MissingExtraError, OptionError
from limner.nets.base import SegmentationNet
from limner.nets.quantized.options import QuantizeRecipe
from limner.silence import silence

try:
    with silence():
        from torchao.quantization.pt2e.fake_quantize import FakeQuantize
        from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_qat_pt2e

        from limner.nets.quantized.joined_norms import fold_norms, join_norms
        from limner.nets.quantized.quantizer import NetQuantizer
except ImportError as error:
    raise MissingExtraError("quantization-aware training", str(error.name), "quantize") from None

_aten = torch.ops.aten
_GRAPH = "graph."
_IN_PLACE = {
    _aten.relu_.default: _aten.relu.default,
    _aten.hardtanh_.default: _aten.hardtanh.default,
    _aten.hardswish_.default: _aten.hardswish.default,
    _aten.hardsigmoid_.default: _aten.hardsigmoid.default,
    _aten.add_.Tensor: _aten.add.Tensor,
    _aten.mul_.Tensor: _aten.mul.Tensor,
}


class QuantizedNet(SegmentationNet):
    """A net that computes as its int8 file will: float numbers, but only those that 8 bits can say.

    Takes pictures of one size, any number at once, and has no training heads. Its tensors have the names that they had
    in the net, so that weights go from one to the other.

    Args:
        net: what is quantized; it is not changed.
        size: side of its pictures in pixels.
        recipe: how weights are quantized, and when statistics and ranges freeze.

    Raises:
        OptionError: the net does not take this size.
        MissingExtraError: torchao is not installed.
    """

    rounded: ClassVar[bool] = True

    def __init__(self, net: SegmentationNet, size: int, recipe: QuantizeRecipe) -> None:
        super().__init__()
        net.check_size(size, size)
        self.in_channels, self.classes, self.person_class = net.in_channels, net.classes, net.person_class
        self.size, self.recipe = size, recipe
        self.norms_frozen, self.ranges_frozen = False, False
        self.graph = _prepared(net.for_inference(), size, per_channel=recipe.weights == "channel")
        self.register_state_dict_post_hook(_bare_names)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_full_names)  # type: ignore[no-untyped-call]
        self.train(net.training)

    def check_size(self, height: int, width: int) -> None:
        if (height, width) != (self.size, self.size):
            raise OptionError(f"this quantized net takes {self.size} × {self.size} pictures, not {height} × {width}")

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        logits: Tensor = self.graph(x)
        return logits, {}

    def for_inference(self) -> Self:
        with silence():  # copying a captured graph warns
            return super().for_inference()

    def train(self, mode: bool = True) -> Self:
        """Training: batch norms and ranges learn unless frozen. Otherwise: both stay, ranges as last averaged."""
        self.training = mode
        for module in self.graph.modules():
            module.training = mode and not (self.norms_frozen and isinstance(module, nn.BatchNorm2d))
        for rounding in self._activations():
            rounding.enable_observer(mode and not self.ranges_frozen)
            if not mode or self.ranges_frozen:
                _settle(rounding)
        return self

    def at(self, progress: float) -> None:
        """Freeze what the recipe freezes at this share of the run, in [0, 1]."""
        frozen = progress >= self.recipe.freeze_norms, progress >= self.recipe.freeze_ranges
        if frozen != (self.norms_frozen, self.ranges_frozen):
            self.norms_frozen, self.ranges_frozen = frozen
            self.train(self.training)

    @torch.no_grad()
    def calibrate(self, pictures: Iterable[Tensor]) -> None:
        """Observe the ranges of activations on batches (N, in_channels, size, size) in [0, 1], without quantization."""
        training = self.training
        self.eval()
        for rounding in self._activations():
            rounding.enable_observer(True)
        self._round(False)
        for batch in pictures:
            self.graph(batch)
        self._round(True)
        self.train(training)

    @torch.no_grad()
    def converted(self, *, fold: bool = True) -> SegmentationNet:
        """A net with quantize and dequantize nodes in the place of rounding, batch norms folded; for exporters.

        Args:
            fold: weights as int8 tensors; otherwise as float ones with both nodes behind them.
        """
        with silence():
            net = copy.deepcopy(self).eval()
            fold_norms(net.graph)
            net.graph(torch.zeros(1, self.in_channels, self.size, self.size))  # scales follow the folded weights
            return _ConvertedNet(self, convert_pt2e(net.graph, fold_quantize=fold)).eval()

    def _roundings(self) -> list[FakeQuantize]:
        return [module for module in self.graph.modules() if isinstance(module, FakeQuantize)]

    def _activations(self) -> list[FakeQuantize]:
        return [rounding for rounding in self._roundings() if rounding.qscheme == torch.per_tensor_affine]

    def _round(self, on: bool) -> None:
        for rounding in self._roundings():
            rounding.enable_fake_quant(on)


class _ConvertedNet(SegmentationNet):
    """A captured graph as a net, for one size of pictures."""

    def __init__(self, net: QuantizedNet, graph: GraphModule) -> None:
        super().__init__()
        self.in_channels, self.classes, self.person_class = net.in_channels, net.classes, net.person_class
        self.graph = _modeless(graph)

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        logits: Tensor = self.graph(x)
        return logits, {}


def _modeless(graph_module: GraphModule) -> GraphModule:
    """Let train() and eval() be called on it again, which torchao forbids because they change no captured operator."""
    for name in ("train", "eval"):
        vars(graph_module).pop(name, None)
    return graph_module


def _bare_names(net: nn.Module, state: dict[str, Tensor], prefix: str, _metadata: object) -> None:
    """Call the tensors what the net calls them, without the graph before."""
    for name in [name for name in state if name.startswith(f"{prefix}{_GRAPH}")]:
        state[prefix + name.removeprefix(f"{prefix}{_GRAPH}")] = state.pop(name)


def _full_names(net: nn.Module, state: dict[str, Tensor], prefix: str, *_rest: object) -> None:
    """The other way round."""
    for name in [name for name in state if name.startswith(prefix)]:
        state[f"{prefix}{_GRAPH}{name.removeprefix(prefix)}"] = state.pop(name)


def _settle(rounding: FakeQuantize) -> None:
    """Scale and zero point from the observed range, which may just have been loaded or averaged."""
    observer = rounding.activation_post_process
    if torch.isfinite(observer.min_val).all() and observer.min_val.numel():
        scale, zero_point = rounding.calculate_qparams()
        rounding.scale.copy_(scale)
        rounding.zero_point.copy_(zero_point)


def _prepared(net: SegmentationNet, size: int, *, per_channel: bool) -> GraphModule:
    """The net's graph with batch norms joined to their convolutions, and rounding where the quantizer says."""
    with silence():
        batch = torch.export.Dim("batch", min=1, max=4096)
        example = torch.zeros(2, net.in_channels, size, size)
        program = torch.export.export(net, (example,), dynamic_shapes=({0: batch},), strict=False)
        graph_module = program.module(check_guards=False)
        for node in list(graph_module.graph.nodes):
            node.target = _IN_PLACE.get(node.target, node.target)
            if node.target is _aten.dropout.default:  # captured in eval mode, it does nothing
                node.replace_all_uses_with(node.args[0])
                graph_module.graph.erase_node(node)
        join_norms(graph_module)
        return _modeless(prepare_qat_pt2e(graph_module, NetQuantizer(per_channel=per_channel)))
