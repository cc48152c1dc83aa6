"""The layers of a .tflite file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from limner.inspect.advice.layers import Layer, LayerGraph, Shape, fuse
from limner.inspect.advice.onnx_layers import convolution_kind
from limner.inspect.inspect_tflite import TfliteFile, text

_CUSTOM = {"Convolution2DTransposeBias": "TRANSPOSE_CONV"}


def read_tflite_layers(path: Path, data: bytes) -> LayerGraph:
    """See ``limner.inspect.advice.layers.read_layers``."""
    file = TfliteFile(path, data)
    return file.guarded(lambda: _read(file))


def tensor_names(tensors: Sequence[Any]) -> list[str]:
    """A name for each tensor of a subgraph; those that share one, or have none, get their number."""
    names = [text(tensor.name) for tensor in tensors]
    return [name if name and names.count(name) == 1 else f"{name}#{index}" for index, name in enumerate(names)]


def _read(file: TfliteFile) -> LayerGraph:
    names = tensor_names(file.graph.tensors)
    constants = {index for index in range(len(names)) if file.is_constant(index)}
    origins = {index: index for index in constants}
    layers = []
    for operator in file.graph.operators:
        given = [int(index) for index in operator.inputs if index >= 0]
        if given and all(index in constants for index in given):
            constants.update(operator.outputs)
            origins |= {int(index): origins[given[0]] for index in operator.outputs}
            continue
        layers.append(_layer(file, operator, given, names, origins))
    outputs = tuple(names[index] for index in file.graph.outputs)
    quantised = {"int8", "uint8", "int16"}
    return LayerGraph(
        format="TFLite",
        layers=fuse(layers, outputs),
        shapes={name: file.shape(index) for index, name in enumerate(names)},
        inputs=tuple(names[index] for index in file.graph.inputs),
        outputs=outputs,
        weights={
            names[index]: np.frombuffer(
                bytes(file.model.buffers[file.graph.tensors[index].buffer].data), file.dtype(index)
            )
            for index in range(len(names))
            if file.dtype(index) in ("float16", "float32") and _in_file(file, index)
        },
        floats=not any(
            file.dtype(index) in quantised for operator in file.graph.operators[1:-1] for index in operator.outputs
        ),
        channel_axis=3,
    )


def _in_file(file: TfliteFile, index: int) -> bool:
    return file.is_constant(index) and file.model.buffers[file.graph.tensors[index].buffer].data is not None


def _layer(file: TfliteFile, operator: Any, given: list[int], names: list[str], origins: dict[int, int]) -> Layer:
    kind = file.kind(operator)
    options = operator.builtinOptions
    channels, window = None, None
    image, weight = _image_and_weight(kind, given)
    if weight is not None:
        out, height, width, into = (int(side) for side in _closed(file.shape(origins.get(weight, weight))))
        window, read = (height, width), file.shape(image)[3] or into
        if kind == "DEPTHWISE_CONV_2D":
            channels = (read, into)
        else:
            channels = (read, out)
            kind = convolution_kind(read // into, read) if kind == "CONV_2D" else _CUSTOM.get(kind, kind)
    return Layer(
        name=names[operator.outputs[0]],
        operator=file.kind(operator),
        kind=kind,
        inputs=tuple(names[index] for index in given if index not in origins),
        output=names[operator.outputs[0]],
        weights=tuple(names[origins[index]] for index in given if index in origins),
        window=window,
        dilation=max(getattr(options, "dilationHFactor", 1), getattr(options, "dilationWFactor", 1)),
        channels=channels,
        macs=file.macs(operator),
    )


def _image_and_weight(kind: str, given: list[int]) -> tuple[int, int | None]:
    """Tensors that a convolution reads: its image and its kernel; no kernel for other kinds."""
    if kind in ("CONV_2D", "DEPTHWISE_CONV_2D", *_CUSTOM):
        return given[0], given[1]
    if kind == "TRANSPOSE_CONV":
        return given[2], given[1]
    return (given[0] if given else -1), None


def _closed(shape: Shape) -> list[int]:
    return [size or 1 for size in shape]
