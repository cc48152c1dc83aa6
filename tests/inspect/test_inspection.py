"""Inspection and drafting, on nets counted by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limner.errors import MissingExtraError, ModelError
from limner.inspect.drafting import draft_card
from limner.inspect.inspection import inspect_model
from limner.models.card import ModelCard
from limner.segment.segmenter import Segmenter


def test_onnx(tmp_path: Path, make_onnx: Callable[..., Path]) -> None:
    report = inspect_model(make_onnx(tmp_path / "net.onnx", size=(16, 8), layout="NHWC"))
    assert (report.format, report.version, report.producer) == ("ONNX", "opset 17", "limner-tests")
    assert [(t.name, t.shape, t.dtype) for t in report.inputs] == [("image", (1, 16, 8, 3), "float32")]
    assert [(t.name, t.shape, t.dtype) for t in report.outputs] == [("alpha", (1, 1, 16, 8), "float32")]
    assert report.operators == {"Transpose": 1, "Conv": 1, "Sigmoid": 1, "Identity": 1}
    assert report.parameters == 3 + 1
    assert report.macs == 16 * 8 * 3
    assert report.bytes == (tmp_path / "net.onnx").stat().st_size


def test_open_shapes_have_no_macs(tmp_path: Path, make_onnx: Callable[..., Path]) -> None:
    report = inspect_model(make_onnx(tmp_path / "net.onnx", size=("h", "w"), batch="n"))
    assert report.inputs[0].shape == (None, 3, None, None)
    assert report.macs is None


def test_tflite(tmp_path: Path, make_tflite: Callable[..., Path]) -> None:
    report = inspect_model(make_tflite(tmp_path / "net.tflite", size=(16, 8), quantised=True))
    assert (report.format, report.version, report.producer) == ("TFLite", "schema 3", "limner-tests")
    assert [(t.name, t.shape, t.dtype) for t in report.inputs] == [("image", (1, 16, 8, 3), "uint8")]
    assert report.operators == {"DEQUANTIZE": 1, "CONV_2D": 1, "LOGISTIC": 1}
    assert (report.parameters, report.macs) == (4, 16 * 8 * 3)


def save(path: Path, nodes: list[Any], shapes: dict[str, list[int]], weights: dict[str, tuple[int, ...]]) -> Path:
    onnx = pytest.importorskip("onnx")
    info = {n: onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, s) for n, s in shapes.items()}
    graph = onnx.helper.make_graph(
        nodes,
        "g",
        [info["x"]],
        [info["y"]],
        [onnx.numpy_helper.from_array(np.zeros(s, np.float32), n) for n, s in weights.items()],
    )
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)]), path)
    return path


@pytest.mark.parametrize(
    ("kind", "attributes", "x", "w", "y", "macs"),
    [
        ("Conv", {"group": 8, "pads": [1] * 4}, [1, 8, 10, 10], (8, 1, 3, 3), [1, 8, 10, 10], 8 * 100 * 9),
        ("Conv", {"strides": [2, 2]}, [1, 8, 11, 11], (16, 8, 3, 3), [1, 16, 5, 5], 16 * 25 * 8 * 9),
        ("ConvTranspose", {"strides": [2, 2]}, [1, 8, 5, 5], (8, 4, 2, 2), [1, 4, 10, 10], 8 * 25 * 4 * 4),
        ("Gemm", {"transB": 1}, [1, 12], (7, 12), [1, 7], 7 * 12),
        ("MatMul", {}, [1, 5, 12], (12, 7), [1, 5, 7], 5 * 7 * 12),
    ],
)
def test_macs(
    tmp_path: Path, kind: str, attributes: dict[str, Any], x: Any, w: tuple[int, ...], y: Any, macs: int
) -> None:
    onnx = pytest.importorskip("onnx")
    node = onnx.helper.make_node(kind, ["x", "w"], ["y"], **attributes)
    assert inspect_model(save(tmp_path / "n.onnx", [node], {"x": x, "y": y}, {"w": w})).macs == macs


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.onnx", None, "none.onnx: no such file; check the name"),
        ("empty.onnx", b"", "is empty"),
        ("empty.tflite", b"", "is empty"),
        ("text.onnx", b"hello, this is no model", "is not a .onnx model"),
        ("zeros.onnx", bytes(100), "is not a .onnx model"),
        ("text.tflite", b"hello, this is no model", "is not a .tflite model"),
        ("head.tflite", b"\x1c\x00\x00\x00TFL3" + bytes(9), "a damaged .tflite model"),
        ("photo.jpg", b"\xff\xd8\xff\xe0", "is neither a .onnx nor a .tflite file"),
    ],
)
def test_files_that_are_no_model(tmp_path: Path, name: str, content: bytes | None, says: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=says):
        inspect_model(path)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("kind", ["onnx", "tflite"])
def test_cut_short(
    tmp_path: Path, make_onnx: Callable[..., Path], make_tflite: Callable[..., Path], kind: str, share: float
) -> None:
    path = {"onnx": make_onnx, "tflite": make_tflite}[kind](tmp_path / f"net.{kind}")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ModelError):
        inspect_model(path)


@pytest.mark.parametrize(("kind", "package"), [("onnx", "onnx"), ("tflite", "ai_edge_litert")])
def test_without_the_extra(
    tmp_path: Path,
    make_onnx: Callable[..., Path],
    make_tflite: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    package: str,
) -> None:
    path = {"onnx": make_onnx, "tflite": make_tflite}[kind](tmp_path / f"net.{kind}")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'limner\[(inspect|litert)\]'"):
        inspect_model(path)


@pytest.mark.parametrize(
    ("model", "kind", "layout", "person"),
    [
        ({}, "sigmoid", "NCHW", 1),
        ({"layout": "NHWC", "out_layout": "NHWC"}, "sigmoid", "NHWC", 1),
        ({"end": None}, "logits", "NCHW", 1),
        ({"weights": np.eye(6, 3), "end": None}, "logits", "NCHW", None),
        ({"weights": np.eye(21, 3), "end": "Softmax"}, "softmax", "NCHW", 15),
        ({"weights": np.eye(2, 3), "end": "ArgMax", "out_dtype": "int64"}, "argmax", "NCHW", 1),
    ],
)
def test_drafted_cards_run(
    tmp_path: Path, make_onnx: Callable[..., Path], model: dict[str, Any], kind: str, layout: str, person: int | None
) -> None:
    path = make_onnx(tmp_path / "net.onnx", **model)
    draft = draft_card(inspect_model(path))
    assert (draft.card.output.kind, draft.card.input.layout, draft.card.output.person_class) == (kind, layout, person)
    assert draft.card.output.background_class == (0 if person is None else None)
    assert {"input.color_order", "input.resize", "output.kind"} <= {field for field, _ in draft.guesses}
    draft.card.save(path.with_suffix(".json"))
    assert ModelCard.load(path.with_suffix(".json")) == draft.card
    assert Segmenter(path).matte(np.zeros((20, 30, 3), np.uint8)).size == (20, 30)


def test_no_card_without_an_image(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    node = onnx.helper.make_node("Gemm", ["x", "w"], ["y"])
    path = save(tmp_path / "n.onnx", [node], {"x": [1, 4], "y": [1, 4]}, {"w": (4, 4)})
    with pytest.raises(ModelError, match=r"no input for a picture, of four axes, .*; its inputs are .x. \(1, 4\)"):
        draft_card(inspect_model(path))
