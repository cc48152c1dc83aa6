"""Small nets with the signatures of those that people bring: Robust Video Matting, MODNet, U²-Net, ISNet, parsing.

Each is a 1×1 convolution or a few, with a result in closed form: red is person and blue is not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

RED = (20.0, 0.0, -20.0)
"""The logit is 20·(red − blue) of channels in [0, 1]."""
CHANNELS = (16, 20, 40, 64)
"""Of the states of Robust Video Matting with MobileNetV3."""
SCHP_LABELS = 20


class GraphMaker:
    """Collects the operators of a .onnx file; each method gives the name of its result."""

    def __init__(self) -> None:
        self.onnx = pytest.importorskip("onnx")
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def constant(self, values: Any) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(self.onnx.numpy_helper.from_array(np.asarray(values), name))
        return name

    def add(self, kind: str, *inputs: str, to: str | None = None, **attributes: Any) -> str:
        name = to or f"t{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def convolution(self, source: str, weights: Any, bias: Any = None, to: str | None = None) -> str:
        """1×1, weights (out, in)."""
        kernel = np.asarray(weights, np.float32)
        biases = np.zeros(len(kernel), np.float32) if bias is None else np.asarray(bias, np.float32)
        return self.add("Conv", source, self.constant(kernel[:, :, None, None]), self.constant(biases), to=to)

    def save(
        self, path: Path, inputs: dict[str, list[Any]], outputs: dict[str, list[Any] | None], opset: int = 17
    ) -> Path:
        """Shapes have numbers, or names where they are open."""
        helper, kind = self.onnx.helper, self.onnx.TensorProto.FLOAT
        ends = [
            [helper.make_tensor_value_info(name, kind, shape) for name, shape in named.items()]
            for named in (inputs, outputs)
        ]
        graph = helper.make_graph(self.nodes, "net", *ends, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], producer_name="pytorch")
        model.ir_version = 8
        self.onnx.save(model, path)
        return path


def rvm_like(path: Path) -> Path:
    """src, r1i … r4i, downsample_ratio -> fgr, pha, r1o … r4o, all sizes open, as its authors export it.

    On a flat picture with the logit L the nth frame of a clip has pha = sigmoid(L · (n + 1)).
    """
    make = GraphMaker()
    ones = make.constant(np.ones(2, np.float32))
    scales = make.add("Concat", ones, "downsample_ratio", "downsample_ratio", axis=0)
    small = make.add("Resize", "src", "", scales, mode="linear")
    logit = make.convolution(small, [RED])
    states = []
    for place, channels in enumerate(CHANNELS, 1):
        step = 2**place
        pooled = make.add("AveragePool", logit, kernel_shape=[step, step], strides=[step, step], ceil_mode=1)
        features = make.convolution(pooled, np.ones((channels, 1)))
        before = make.add("Expand", f"r{place}i", make.add("Shape", features))
        states.append(make.add("Add", features, before, to=f"r{place}o"))
    memory = make.convolution(states[0], np.full((1, CHANNELS[0]), 1 / CHANNELS[0]))
    two = make.constant(np.array([0, 1]))
    rest = make.constant(np.array([2, 3]))
    full = make.add("Gather", make.add("Shape", "src"), rest)

    def enlarged(name: str) -> str:
        sizes = make.add("Concat", make.add("Gather", make.add("Shape", name), two), full, axis=0)
        return make.add("Resize", name, "", "", sizes, mode="linear")

    make.add("Clip", make.add("Sigmoid", make.add("Add", enlarged(logit), enlarged(memory))), to="pha")
    make.add("Identity", "src", to="fgr")
    inputs: dict[str, list[Any]] = {"src": ["batch_size", 3, "height", "width"]}
    outputs: dict[str, list[Any] | None] = {
        "fgr": ["batch_size", 3, "height", "width"], "pha": ["batch_size", 1, "height", "width"]
    }  # fmt: skip
    for place, channels in enumerate(CHANNELS, 1):
        inputs[f"r{place}i"] = ["batch_size", f"channels{place}i", f"height{place}i", f"width{place}i"]
        outputs[f"r{place}o"] = ["batch_size", channels, f"height{place}o", f"width{place}o"]
    inputs["downsample_ratio"] = [1]
    return make.save(path, inputs, outputs, opset=13)


def one_picture(
    path: Path,
    *,
    image: str,
    outputs: list[str],
    size: tuple[int | str, int | str],
    weights: Any = (RED,),
    bias: Any = None,
    end: str | None = "Sigmoid",
    shrink: int = 1,
    instance_norm: bool = False,
) -> Path:
    """A 1×1 convolution, then ``end``, under several names; all 1 × C × height × width."""
    make = GraphMaker()
    current = image
    if shrink > 1:
        current = make.add("AveragePool", current, kernel_shape=[shrink, shrink], strides=[shrink, shrink])
    if instance_norm:  # of a constant, so that the result is that of the convolution
        zeros, ones = (make.constant(np.full(3, value, np.float32)) for value in (0, 1))
        nothing = make.add("InstanceNormalization", make.add("Mul", current, make.constant(np.float32(0))), ones, zeros)
        current = make.add("Add", current, nothing)
    logits = make.convolution(current, weights, bias)
    for name in outputs:
        make.add(end or "Identity", logits, to=name, **({"axis": 1} if end == "Softmax" else {}))
    sides = [side // shrink if isinstance(side, int) else side for side in size]
    return make.save(path, {image: [1, 3, *size]}, {name: [1, len(weights), *sides] for name in outputs})


def six_class_tflite(path: Path, *, metadata: dict[str, Any] | None = None, size: int = 256) -> Path:
    """1 × 256 × 256 × 3 -> 1 × 256 × 256 × 6 logits, as MediaPipe's selfie multiclass net: hair is red, skin green."""
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
    flatbuffers = pytest.importorskip("flatbuffers")
    kernel = np.zeros((6, 1, 1, 3), np.float32)
    kernel[1, 0, 0], kernel[3, 0, 0], kernel[0, 0, 0] = (20, 0, -20), (0, 20, -20), (-20, -20, 20)
    bias = np.array([0, 0, -9, 0, -9, -9], np.float32)
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.description, model.buffers = 3, "MLIR Converted.", [schema.BufferT()]
    graph.tensors, graph.operators, model.operatorCodes = [], [], [schema.OperatorCodeT()]

    def tensor(name: str, shape: tuple[int, ...], data: Any = None) -> int:
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = name, list(shape), schema.TensorType.FLOAT32, 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            model.buffers.append(buffer)
            made.buffer = len(model.buffers) - 1
        graph.tensors.append(made)
        return len(graph.tensors) - 1

    code = model.operatorCodes[0]
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CONV_2D
    code.version = 1
    operator = schema.OperatorT()
    image = tensor("input_29", (1, size, size, 3))
    operator.inputs = [image, tensor("w", kernel.shape, kernel), tensor("b", bias.shape, bias)]
    operator.outputs = [tensor("Identity", (1, size, size, 6))]
    options = schema.Conv2DOptionsT()
    options.strideH = options.strideW = options.dilationHFactor = options.dilationWFactor = 1
    operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.Conv2DOptions, options
    graph.operators, graph.inputs, graph.outputs = [operator], [image], operator.outputs
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path
