"""A model file as the layers that a runtime runs: constants folded, norms and activations fused into convolutions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from numpy.typing import NDArray

Shape = tuple[int | None, ...]

CONVOLUTIONS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "GROUPED_CONV_2D", "TRANSPOSE_CONV"})
_FUSED = frozenset({"BATCH_NORM", "RELU", "RELU6", "RELU_N1_TO_1", "CLIP"})
_PASSED = frozenset({"QUANTIZE", "DEQUANTIZE", "IDENTITY"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One operator.

    Attributes:
        name: in the file, or that of its output.
        operator: its type as the file has it.
        kind: its type in LiteRT's words, whichever the format (see ``limner.inspect.advice.delegates``).
        inputs: names of the tensors it computes from, without weights and other constants.
        output: name of its first output.
        weights: names of its constants.
        window: (height, width) of a convolution's kernel; None for other kinds.
        dilation: the larger one of a convolution.
        channels: (in, out) of a convolution.
        odd_pads: whether a convolution's zeros around the picture are neither none nor those of LiteRT's SAME.
        macs: multiply-accumulates for one image; None where shapes are open.
    """

    name: str
    operator: str
    kind: str
    inputs: tuple[str, ...]
    output: str
    weights: tuple[str, ...] = ()
    window: tuple[int, int] | None = None
    dilation: int = 1
    channels: tuple[int, int] | None = None
    odd_pads: bool = False
    macs: int | None = 0

    @property
    def is_convolution(self) -> bool:
        return self.kind in CONVOLUTIONS


@dataclass(frozen=True, kw_only=True)
class LayerGraph:
    """A model file's layers in the order they run.

    Attributes:
        format: "ONNX" or "TFLite".
        layers: without what runtimes fold or fuse away.
        shapes: tensor name -> shape, with None where a size is open.
        inputs, outputs: names.
        weights: name -> array of the constants that are floating-point numbers.
        floats: whether the layers compute in floating point (not all of them in integers).
        channel_axis: of tensors with four axes.
    """

    format: str
    layers: tuple[Layer, ...]
    shapes: Mapping[str, Shape]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    weights: Mapping[str, NDArray[Any]]
    floats: bool
    channel_axis: int

    @cached_property
    def makers(self) -> dict[str, Layer]:
        """Tensor name -> the layer whose output it is."""
        return {layer.output: layer for layer in self.layers}

    @cached_property
    def readers(self) -> dict[str, list[Layer]]:
        """Tensor name -> the layers that compute from it."""
        found: dict[str, list[Layer]] = {}
        for layer in self.layers:
            for name in layer.inputs:
                found.setdefault(name, []).append(layer)
        return found

    @cached_property
    def macs(self) -> int | None:
        """Multiply-accumulates of all layers; None where shapes are open."""
        counts = [layer.macs for layer in self.layers]
        return None if None in counts else sum(count for count in counts if count is not None)

    @cached_property
    def traffic(self) -> int:
        """Numbers that all layers read and write."""
        return sum(self.moved(layer) for layer in self.layers)

    def elements(self, name: str) -> int:
        """Numbers in a tensor; 0 where its shape is open."""
        shape = self.shapes.get(name, (None,))
        return 0 if None in shape else math.prod(size for size in shape if size is not None)

    def moved(self, layer: Layer) -> int:
        """Numbers that a layer reads and writes, weights left out."""
        return sum(map(self.elements, (*layer.inputs, layer.output)))

    def traffic_share(self, layers: Iterable[Layer]) -> float:
        """Their part of all that is read and written, 0 to 1."""
        return sum(map(self.moved, layers)) / self.traffic if self.traffic else 0.0

    def mac_share(self, layers: Iterable[Layer]) -> float:
        """Their part of all multiply-accumulates, 0 to 1; 0 where shapes are open."""
        return sum(layer.macs or 0 for layer in layers) / self.macs if self.macs else 0.0

    def channels(self, name: str) -> int | None:
        """Channels of a tensor of four axes; None for others."""
        shape = self.shapes.get(name, ())
        return shape[self.channel_axis] if len(shape) == 4 else None


def fuse(layers: Sequence[Layer], outputs: Sequence[str]) -> tuple[Layer, ...]:
    """Without norms and activations that follow a convolution alone, and without conversions from and to integers."""
    readers = Counter(name for layer in layers for name in layer.inputs) + Counter(outputs)
    kept: dict[str, Layer] = {}  # by output
    renamed: dict[str, str] = {}
    for given in layers:
        layer = replace(given, inputs=tuple(renamed.get(name, name) for name in given.inputs))
        before = kept.get(layer.inputs[0]) if len(layer.inputs) == 1 else None
        alone = before is not None and readers[given.inputs[0]] == 1
        if before is not None and alone and layer.kind in _FUSED and before.is_convolution:
            del kept[before.output]
            kept[layer.output] = replace(before, output=layer.output)
        elif layer.kind in _PASSED and layer.inputs and layer.output not in outputs:
            renamed[layer.output] = layer.inputs[0]
        else:
            kept[layer.output] = layer
    return tuple(kept.values())
