"""The Edge TPU's list: what is mapped, what falls back and why, and what falls back behind that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limner.cli.app import main
from limner.errors import ModelError
from limner.export.checks.edge_tpu import check_edge_tpu

schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
flatbuffers = pytest.importorskip("flatbuffers")

IMAGE = (1, 8, 8, 4)


class Builder:
    """Writes .tflite files operator by operator; tensors are int8 unless they say otherwise."""

    def __init__(self) -> None:
        self.model, self.graph = schema.ModelT(), schema.SubGraphT()
        self.model.version, self.model.operatorCodes, self.model.buffers = 3, [], [schema.BufferT()]
        self.graph.tensors, self.graph.operators = [], []
        self.model.subgraphs = [self.graph]

    def tensor(self, shape: Sequence[int], values: Any = None, kind: str = "INT8", open_axis: int | None = None) -> int:
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = "t", list(shape), getattr(schema.TensorType, kind), 0
        if open_axis is not None:
            made.shapeSignature = [-1 if axis == open_axis else size for axis, size in enumerate(shape)]
        if values is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.array(values, kind.lower()).tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            made.buffer = len(self.model.buffers) - 1
        self.graph.tensors.append(made)
        return len(self.graph.tensors) - 1

    def add(self, name: str, inputs: Sequence[int], output: int, **options: Any) -> int:
        code, made = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, name)
        self.model.operatorCodes.append(code)
        made.opcodeIndex, made.inputs, made.outputs = len(self.model.operatorCodes) - 1, list(inputs), [output]
        if options:
            cls = options.pop("of")
            made.builtinOptions = getattr(schema, f"{cls}T")()
            made.builtinOptionsType = getattr(schema.BuiltinOptions, cls)
            for key, value in options.items():
                setattr(made.builtinOptions, key, value)
        self.graph.operators.append(made)
        return output

    def save(self, path: Path, inputs: Sequence[int], output: int) -> Path:
        self.graph.inputs, self.graph.outputs = list(inputs), [output]
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        path.write_bytes(bytes(builder.Output()))
        return path


def one(path: Path, make: Callable[[Builder, int], int], **image: Any) -> tuple[str, str]:
    """Outcome and reason of the last operator of a file that ``make`` adds to an int8 image."""
    builder = Builder()
    source = builder.tensor(IMAGE, **image)
    verdict = check_edge_tpu(builder.save(path, [source], make(builder, source))).verdicts[-1]
    return verdict.outcome, verdict.reason


def unary(name: str, shape: Sequence[int] = IMAGE, **options: Any) -> Callable[[Builder, int], int]:
    return lambda b, x: b.add(name, [x], b.tensor(shape), **options)


def over_axes(name: str, values: list[int], kept: Sequence[int]) -> Callable[[Builder, int], int]:
    return lambda b, x: b.add(name, [x, b.tensor([len(values)], values, "INT32")], b.tensor(kept))


def conv(b: Builder, x: int, *, dilations: tuple[int, int] = (1, 1), constant: bool = True) -> int:
    weights = b.tensor((4, 1, 1, 4), np.ones(16) if constant else None)
    height, width = dilations
    found = b.tensor(IMAGE)
    bias = b.tensor((4,), np.zeros(4), "INT32")
    return b.add(
        "CONV_2D", [x, weights, bias], found, of="Conv2DOptions", dilationHFactor=height, dilationWFactor=width
    )


def joined(values: Any) -> Callable[[Builder, int], int]:
    return lambda b, x: b.add(
        "CONCATENATION", [x, b.tensor(IMAGE, values)], b.tensor((1, 8, 8, 8)), of="ConcatenationOptions", axis=3
    )


def sliced(stride: int) -> Callable[[Builder, int], int]:
    def make(b: Builder, x: int) -> int:
        ends = [b.tensor([4], values, "INT32") for values in ([0] * 4, IMAGE, [1, stride, stride, 1])]
        return b.add("STRIDED_SLICE", [x, *ends], b.tensor(IMAGE), of="StridedSliceOptions")

    return make


@pytest.mark.parametrize(
    ("make", "outcome", "reason"),
    [
        (unary("LOGISTIC"), "mapped", ""),
        (unary("HARD_SWISH"), "falls back", "not on its list"),
        (unary("DEPTH_TO_SPACE"), "falls back", "not on its list"),
        (conv, "mapped", ""),
        (lambda b, x: conv(b, x, dilations=(2, 1)), "falls back", "dilation differs"),
        (lambda b, x: conv(b, x, constant=False), "falls back", "weights or bias that are computed"),
        (unary("MAX_POOL_2D", of="Pool2DOptions"), "mapped", ""),
        (unary("MAX_POOL_2D", of="Pool2DOptions", fusedActivationFunction=1), "falls back", "activation is fused"),
        (joined(np.zeros(256)), "mapped", ""),
        (joined(np.ones(256)), "falls back", "constants other than one tensor of zeros"),
        (over_axes("MEAN", [1, 2], (1, 1, 1, 4)), "mapped", ""),
        (over_axes("MEAN", [3], (1, 8, 8, 1)), "mapped", ""),
        (over_axes("MEAN", [0], (1, 8, 8, 4)), "falls back", "across the batch"),
        (over_axes("REDUCE_MAX", [-4], (1, 8, 8, 4)), "falls back", "across the batch"),
        (over_axes("PAD", [0, 0, 1, 1, 1, 1, 0, 0], (1, 10, 10, 4)), "mapped", ""),
        (over_axes("PAD", [1, 0, 0, 0, 0, 0, 0, 0], (2, 8, 8, 4)), "falls back", "only the innermost three axes"),
        (over_axes("RESIZE_BILINEAR", [16, 16], (1, 16, 16, 4)), "open", "precision would be lost"),
        (unary("RESHAPE", (1, 16, 16)), "open", "tensors are large"),
        (unary("SOFTMAX"), "falls back", "more than one dimension"),
        (sliced(1), "mapped", ""),
        (sliced(2), "falls back", "strides are not all 1"),
        (lambda b, x: b.add("PRELU", [x, b.tensor((1, 1, 4), [1] * 4)], b.tensor(IMAGE)), "mapped", ""),
        (lambda b, x: b.add("PRELU", [x, b.tensor((8, 8, 4), [1] * 256)], b.tensor(IMAGE)), "falls back", "slopes"),
        (lambda b, x: b.add("RELU", [x], b.tensor(IMAGE, kind="INT16")), "falls back", "a tensor of int16"),
    ],
)
def test_each_condition_of_the_list(
    tmp_path: Path, make: Callable[[Builder, int], int], outcome: str, reason: str
) -> None:
    found = one(tmp_path / "one.tflite", make)
    assert found[0] == outcome
    assert reason in found[1]
    assert bool(found[1]) == bool(reason)


def test_a_mean_over_channels_wants_a_multiple_of_four(tmp_path: Path) -> None:
    builder = Builder()
    source = builder.tensor((1, 8, 8, 6))
    axes = builder.tensor([1], [3], "INT32")
    output = builder.add("MEAN", [source, axes], builder.tensor((1, 8, 8, 1)))
    (verdict,) = check_edge_tpu(builder.save(tmp_path / "mean.tflite", [source], output)).verdicts
    assert verdict.reason == "it averages over 6 channels, which 4 does not divide"


def test_open_sizes_fall_back(tmp_path: Path) -> None:
    assert one(tmp_path / "open.tflite", unary("LOGISTIC"), open_axis=1) == ("falls back", "a tensor of open size")


def test_what_follows_falls_back_too_but_not_what_only_feeds(tmp_path: Path) -> None:
    builder = Builder()
    bytes_in = builder.tensor(IMAGE, kind="FLOAT32")
    x = builder.add("QUANTIZE", [bytes_in], builder.tensor(IMAGE))
    for name in ("RELU", "HARD_SWISH", "LOGISTIC", "RELU"):
        x = builder.add(name, [x], builder.tensor(IMAGE))
    report = check_edge_tpu(builder.save(tmp_path / "chain.tflite", [bytes_in], x))
    assert [verdict.outcome for verdict in report.verdicts] == [
        "falls back",
        "mapped",
        "falls back",
        "behind",
        "behind",
    ]
    assert not report.whole
    assert report.summary() == ("Edge TPU: 1 of 5 operators; to the CPU: QUANTIZE ×1, HARD_SWISH ×1, and 2 behind them")


def test_the_command_tells_and_exits_with_1_where_something_falls_back(
    tmp_path: Path, make_tflite: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    model = make_tflite(tmp_path / "float.tflite")
    with pytest.raises(SystemExit) as stopped:
        main(["inspect", str(model), "--edge-tpu"])
    assert stopped.value.code == 1
    assert "falls back CONV_2D ×1: a tensor of float32" in capsys.readouterr().out

    builder = Builder()
    source = builder.tensor(IMAGE)
    builder.save(tmp_path / "int8.tflite", [source], unary("LOGISTIC")(builder, source))
    with pytest.raises(SystemExit) as stopped:
        main(["inspect", str(tmp_path / "int8.tflite"), "--edge-tpu"])
    assert stopped.value.code == 0
    assert "Edge TPU: all 1 operators are on its list" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "more", "told"),
    [
        ("none.tflite", None, [], "cannot be read"),
        ("net.onnx", b"0123456789", [], "is not a .tflite model; the Edge TPU runs nothing else"),
        ("torn.tflite", b"\x1c\x00\x00\x00TFL3" + b"\xff" * 40, [], "is a damaged .tflite model"),
        ("net.onnx", b"", ["--advise"], "--edge-tpu: does not go with --advise"),
    ],
)
def test_wrong_files_are_one_line(
    tmp_path: Path,
    name: str,
    content: bytes | None,
    more: list[str],
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SystemExit) as stopped:
        main(["inspect", str(tmp_path / name), "--edge-tpu", *more])
    assert stopped.value.code == 2
    text = capsys.readouterr().err
    assert told in text
    assert len(text.splitlines()) == 1


def test_a_file_that_is_not_there_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        check_edge_tpu(tmp_path)
