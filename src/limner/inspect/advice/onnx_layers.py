"""The layers of a .onnx file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from limner.inspect.advice.delegates import litert_kind
from limner.inspect.advice.layers import Layer, LayerGraph, Shape, fuse
from limner.inspect.inspect_onnx import node_macs, parse_onnx, value_shapes

_MODES = {"linear": "RESIZE_BILINEAR", "nearest": "RESIZE_NEAREST_NEIGHBOR", "cubic": "RESIZE_BICUBIC"}


def read_onnx_layers(path: Path, data: bytes, size: tuple[int, int] | None) -> LayerGraph:
    """See ``limner.inspect.advice.layers.read_layers``."""
    onnx, model = parse_onnx(path, data)
    if size is not None:
        _close(model, size)
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            weights.update((node.output[0], entry.t) for entry in node.attribute if entry.name == "value")
    shapes = value_shapes(onnx, model) | {name: tuple(tensor.dims) for name, tensor in weights.items()}
    constants = set(weights) | {name for node in graph.node if node.op_type == "Constant" for name in node.output}
    layers = []
    origins = {name: name for name in constants}
    for node in graph.node:
        given = [name for name in node.input if name]
        if node.op_type == "Constant":
            continue
        if all(name in constants for name in given) and given:
            constants.update(node.output)
            origins |= {name: origins.get(given[0], given[0]) for name in node.output}
            continue
        layers.append(_layer(onnx, node, shapes, constants, origins))
    outputs = tuple(value.name for value in graph.output)
    floats = {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE}
    return LayerGraph(
        format="ONNX",
        layers=fuse(layers, outputs),
        shapes=shapes,
        inputs=tuple(value.name for value in graph.input if value.name not in weights),
        outputs=outputs,
        weights={
            name: np.asarray(onnx.numpy_helper.to_array(tensor))
            for name, tensor in weights.items()
            if tensor.data_type in floats
        },
        floats=not any(node.op_type.startswith(("QuantizeLinear", "QLinear")) for node in graph.node),
        channel_axis=1,
    )


def _close(model: Any, size: tuple[int, int]) -> None:
    """Give open axes of images (N, C, H, W), or (N, H, W, C), the sizes 1, height and width."""
    for value in model.graph.input:
        dims = value.type.tensor_type.shape.dim
        if len(dims) != 4:
            continue
        sizes = (1, *size, None) if dims[3].dim_value in (1, 3, 4) else (1, None, *size)
        for dim, wanted in zip(dims, sizes, strict=True):
            if not dim.dim_value and wanted is not None:
                dim.dim_value = wanted  # clears the name of the open axis


def _layer(onnx: Any, node: Any, shapes: dict[str, Shape], constants: set[str], origins: dict[str, str]) -> Layer:
    attributes = {entry.name: onnx.helper.get_attribute_value(entry) for entry in node.attribute}
    given = [name for name in node.input if name]
    weight = shapes.get(origins.get(given[1], given[1]), ()) if len(given) > 1 else ()
    kind, channels, window = litert_kind(node.op_type), None, None
    if node.op_type in ("Conv", "ConvTranspose") and len(weight) == 4 and None not in weight:
        groups = attributes.get("group", 1)
        first, second, *kernel = (int(side) for side in weight if side is not None)
        channels = (second * groups, first) if node.op_type == "Conv" else (first, second * groups)
        window = (kernel[0], kernel[1])
        if node.op_type == "Conv":
            kind = convolution_kind(groups, channels[0])
    elif node.op_type == "Resize":
        kind = _MODES.get(attributes.get("mode", b"nearest").decode(), "RESIZE")
    elif node.op_type == "DepthToSpace" and attributes.get("mode") == b"CRD":
        # With one channel left the two orders of channels are the same.
        kind = "DEPTH_TO_SPACE" if (shapes.get(node.output[0]) or (0, 0))[1] == 1 else "PIXEL_SHUFFLE"
    elif node.op_type == "MatMul":
        kind = "FULLY_CONNECTED" if given[1] in constants else "BATCH_MATMUL"
    return Layer(
        name=node.name or node.output[0],
        operator=node.op_type,
        kind=kind,
        inputs=tuple(name for name in given if name not in constants),
        output=node.output[0],
        weights=tuple(origins[name] for name in given if name in constants),
        window=window,
        dilation=max(attributes.get("dilations", [1])) if channels else 1,
        channels=channels,
        odd_pads=node.op_type == "Conv"
        and window is not None
        and _odd_pads(attributes, window, shapes.get(given[0], ())),
        macs=node_macs(node, shapes),
    )


def _odd_pads(attributes: dict[str, Any], window: tuple[int, int], shape: Shape) -> bool:
    pads = attributes.get("pads", [0] * 4)
    if not any(pads) or len(shape) != 4:
        return False
    for axis in (0, 1):
        size, step = shape[2 + axis], attributes.get("strides", [1, 1])[axis]
        if size is None:
            return False
        reach = (window[axis] - 1) * attributes.get("dilations", [1, 1])[axis] + 1
        same = max(0, (-(-size // step) - 1) * step + reach - size)
        if (pads[axis], pads[axis + 2]) != (same // 2, same - same // 2):
            return True
    return False


def convolution_kind(groups: int, channels: int) -> str:
    """LiteRT's word for a convolution of this many groups and input channels; it has none for groups of several."""
    if groups == 1:
        return "CONV_2D"
    return "DEPTHWISE_CONV_2D" if groups == channels else "GROUPED_CONV_2D"
