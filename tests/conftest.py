"""Small real model files whose result is known in closed form, and cards for them."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

# A shell that runs the tests in the background ignores Ctrl-C, and children inherit that; the tests of Ctrl-C need it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Threads of torch that wait for each other by spinning take the cores from whatever else runs here.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

# Tests run the same runtime everywhere, whichever is the fastest here; those of `--runtime auto` take this away.
os.environ["LIMNER_RUNTIME"] = "onnxruntime"

pytest_plugins = ["drawn_people", "batch_parts"]  # the fixture data_folder; those of batches

LONGEST = (
    "web/test_page.py", "web/test_runtimes.py", "web/test_webgpu.py", "cli/test_training_commands.py",
    "multistream/test_fleet.py", "cli/test_stream.py", "benchmarks/test_reliability.py", "cli/test_interruption.py",
)  # fmt: skip
"""Files that take a minute or more: where files are shared out among processes, these come first, so that none runs
alone at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of the longest files first, all else in the order in which it was found."""
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONGEST))


RED_OVER_BLUE = ((20.0, 0.0, -20.0),)
"""Weights of a 1×1 convolution: the logit is 20·(red − blue), so red is person and blue is not."""


def card_dict(**changes: Any) -> dict[str, Any]:
    """A card as JSON for an RGB [0, 1] sigmoid net; keys like ``input_size`` change one field of a section."""
    card: dict[str, Any] = {
        "schema": 1,
        "name": "own",
        "file": "own.onnx",
        "input": {
            "name": "image",
            "size": [32, 32],
            "layout": "NCHW",
            "channels": 3,
            "color_order": "RGB",
            "scale": 1 / 255,
            "mean": [0.0, 0.0, 0.0],
            "std": [1.0, 1.0, 1.0],
            "resize": "stretch",
        },
        "output": {"name": "alpha", "kind": "sigmoid", "person_class": 1},
    }
    for key, value in changes.items():
        section, _, field = key.partition("_")
        if section in ("input", "output"):
            card[section][field] = value
        else:
            card[key] = value
    return card


def save_card(model: Path, **changes: Any) -> Path:
    """Write the card beside ``model``."""
    path = model.with_suffix(".json")
    path.write_text(json.dumps(card_dict(**changes)))
    return path


def build_onnx(
    path: Path,
    *,
    size: tuple[int | str, int | str] = (32, 32),
    layout: str = "NCHW",
    weights: Any = RED_OVER_BLUE,
    bias: float | list[float] = 0.0,
    dtype: str = "float32",
    end: str | None = "Sigmoid",
    out_layout: str = "NCHW",
    out_dtype: str = "float32",
    shrink: int = 1,
    batch: int | str = 1,
    extra_output: bool = False,
    flatten: bool = False,
) -> Path:
    """A 1×1 convolution with ``weights`` (classes, channels), then ``end``: Sigmoid, Softmax, ArgMax or None."""
    onnx = pytest.importorskip("onnx")
    helper, proto = onnx.helper, onnx.TensorProto
    kernel = np.array(weights, np.float32)
    classes, channels = kernel.shape
    shape = [batch, channels, *size] if layout == "NCHW" else [batch, *size, channels]
    types = {"float32": proto.FLOAT, "uint8": proto.UINT8, "int64": proto.INT64, "float16": proto.FLOAT16}
    nodes, current = [], "image"

    def add(kind: str, *more: str, **attributes: Any) -> None:
        nonlocal current
        result = f"t{len(nodes)}"
        nodes.append(helper.make_node(kind, [current, *more], [result], **attributes))
        current = result

    if dtype != "float32":
        add("Cast", to=proto.FLOAT)
    if layout == "NHWC":
        add("Transpose", perm=[0, 3, 1, 2])
    add("Conv", "weights", "bias", kernel_shape=[1, 1])
    if shrink > 1:
        add("AveragePool", kernel_shape=[shrink, shrink], strides=[shrink, shrink])
    logits = current
    if end == "Sigmoid":
        add("Sigmoid")
    elif end == "Softmax":
        add("Softmax", axis=1)
    elif end == "ArgMax":
        add("ArgMax", axis=1, keepdims=0 if out_layout == "HW" else 1)
    if out_dtype != ("int64" if end == "ArgMax" else "float32"):
        add("Cast", to=types[out_dtype])
    if flatten:
        add("Transpose", perm=[0, 2, 3, 1])
        add("Reshape", "flat")
    elif out_layout == "NHWC":
        add("Transpose", perm=[0, 2, 3, 1])
    nodes.append(helper.make_node("Identity", [current], ["alpha"]))
    outputs = [helper.make_tensor_value_info("alpha", types[out_dtype], None)]
    if extra_output:
        nodes.append(helper.make_node("Identity", [logits], ["logits"]))
        outputs.insert(0, helper.make_tensor_value_info("logits", proto.FLOAT, None))
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("image", types[dtype], shape)],
        outputs,
        [
            onnx.numpy_helper.from_array(kernel[:, :, None, None], "weights"),
            onnx.numpy_helper.from_array(np.broadcast_to(np.float32(bias), classes).copy(), "bias"),
            onnx.numpy_helper.from_array(np.array([1, -1, classes]), "flat"),
        ][: 3 if flatten else 2],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="limner-tests")
    model.ir_version = 8
    onnx.save(onnx.shape_inference.infer_shapes(model), path)
    return path


def build_tflite(
    path: Path, *, size: tuple[int, int] = (32, 32), quantised: bool = False, low: float = 0.0, high: float = 1.0
) -> Path:
    """NHWC: sigmoid of 20·(red − blue); ``quantised`` takes uint8 that stands for ``low`` to ``high``."""
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
    flatbuffers = pytest.importorskip("flatbuffers")
    model = schema.ModelT()
    model.version, model.description, model.buffers = 3, "limner-tests", [schema.BufferT()]
    graph = schema.SubGraphT()
    graph.tensors, graph.operators, model.operatorCodes = [], [], []

    def tensor(name: str, shape: tuple[int, ...], data: Any = None, kind: int = schema.TensorType.FLOAT32) -> int:
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = name, list(shape), kind, 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.array(data, np.float32).tobytes(), np.uint8)
            model.buffers.append(buffer)
            made.buffer = len(model.buffers) - 1
        graph.tensors.append(made)
        return len(graph.tensors) - 1

    def operator(name: str, inputs: list[int], output: int, options: Any = None) -> None:
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, name)
        code.version = 1
        model.operatorCodes.append(code)
        made = schema.OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = len(model.operatorCodes) - 1, inputs, [output]
        if options is not None:
            made.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__[:-1])
            made.builtinOptions = options
        graph.operators.append(made)

    image = tensor("image", (1, *size, 3), kind=schema.TensorType.UINT8 if quantised else schema.TensorType.FLOAT32)
    graph.inputs, source = [image], image
    if quantised:
        scale = schema.QuantizationParametersT()
        scale.scale, scale.zeroPoint = [(high - low) / 255], [round(-low * 255 / (high - low))]
        graph.tensors[image].quantization = scale
        source = tensor("real", (1, *size, 3))
        operator("DEQUANTIZE", [image], source)
    weights = tensor("weights", (1, 1, 1, 3), RED_OVER_BLUE)
    bias, logits, alpha = tensor("bias", (1,), [0.0]), tensor("logits", (1, *size, 1)), tensor("alpha", (1, *size, 1))
    options = schema.Conv2DOptionsT()
    options.strideH = options.strideW = options.dilationHFactor = options.dilationWFactor = 1
    operator("CONV_2D", [source, weights, bias], logits, options)
    operator("LOGISTIC", [logits], alpha)
    graph.outputs, model.subgraphs = [alpha], [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


@pytest.fixture
def make_onnx() -> Callable[..., Path]:
    """``build_onnx``."""
    return build_onnx


@pytest.fixture
def make_tflite() -> Callable[..., Path]:
    """``build_tflite``."""
    return build_tflite


@pytest.fixture
def make_card() -> Callable[..., Path]:
    """``save_card``."""
    return save_card


@pytest.fixture
def card_json() -> Callable[..., dict[str, Any]]:
    """``card_dict``."""
    return card_dict
