"""Resize operators that OpenVINO computes otherwise are found, refused with what to do, and never chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("openvino")

import onnx
import openvino
from onnx import TensorProto, helper, numpy_helper

from limner.errors import ModelError
from limner.runtimes import auto, loading
from limner.runtimes.loading import load_runtime
from limner.runtimes.openvino_resizes import ignored

CUBIC, LINEAR = {"mode": "cubic"}, {"mode": "linear"}
HALF = (6, 8)
IGNORED: list[tuple[str, dict[str, Any], tuple[int, int]]] = [
    ("antialias", {**LINEAR, "antialias": 1}, HALF),
    ("antialias", {**CUBIC, "antialias": 1}, HALF),
    ("exclude_outside", {**CUBIC, "exclude_outside": 1}, HALF),
    ("keep_aspect_ratio_policy", {**LINEAR, "keep_aspect_ratio_policy": "not_larger", "axes": [2, 3]}, (6, 6)),
    ("keep_aspect_ratio_policy", {**LINEAR, "keep_aspect_ratio_policy": "not_smaller", "axes": [2, 3]}, (6, 6)),
]
KEPT: list[dict[str, Any]] = [
    LINEAR,
    CUBIC,
    {"mode": "nearest", "nearest_mode": "ceil"},
    {**LINEAR, "antialias": 0, "keep_aspect_ratio_policy": "stretch"},
    {**CUBIC, "exclude_outside": 0, "cubic_coeff_a": -0.5},
]


def resize(attributes: dict[str, Any], size: tuple[int, int] = HALF) -> Any:
    sizes = list(size) if "axes" in attributes else [1, 2, *size]
    node = helper.make_node("Resize", ["image", "", "", "sizes"], ["out"], name="smaller", **attributes)
    graph = helper.make_graph(
        [node],
        "net",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 2, 13, 17])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.array(sizes, np.int64), "sizes")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 8
    return model


@pytest.mark.parametrize(("attribute", "attributes", "size"), IGNORED)
def test_what_openvino_ignores_is_refused(
    tmp_path: Path, attribute: str, attributes: dict[str, Any], size: tuple[int, int]
) -> None:
    path = tmp_path / "net.onnx"
    onnx.save(resize(attributes, size), path)
    image = np.random.default_rng(0).random((1, 2, 13, 17)).astype(np.float32)
    right = load_runtime(path, runtime="onnxruntime").run({"image": image})["out"]
    wrong = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})({0: image})[0]
    if right.shape == wrong.shape and np.allclose(right, wrong, atol=1e-4):
        pytest.skip("this OpenVINO minds the attribute: it need not be refused any more")
    with pytest.raises(ModelError) as error:
        load_runtime(path, runtime="openvino")
    assert f"OpenVINO would ignore {attribute} of Resize 'smaller'" in str(error.value)
    assert "use runtime onnxruntime" in str(error.value)
    assert auto.choose(path) == "onnxruntime"


@pytest.mark.parametrize("attributes", KEPT)
def test_what_openvino_minds_runs_and_is_right(tmp_path: Path, attributes: dict[str, Any]) -> None:
    path = tmp_path / "net.onnx"
    onnx.save(resize(attributes), path)
    image = np.random.default_rng(0).random((1, 2, 13, 17)).astype(np.float32)
    right, ours = (
        load_runtime(path, runtime=name).run({"image": image})["out"] for name in ("onnxruntime", "openvino")
    )
    np.testing.assert_allclose(ours, right, atol=1e-4)


def test_operators_inside_branches_and_functions_are_found() -> None:
    inner = resize({**LINEAR, "antialias": 1}).graph
    branch = helper.make_node("If", ["which"], ["chosen"], then_branch=inner, else_branch=resize(LINEAR).graph)
    model = resize({**CUBIC, "exclude_outside": 1})
    model.graph.node.append(branch)
    function = helper.make_function("own", "f", ["a"], ["b"], [inner.node[0]], [helper.make_opsetid("", 18)])
    model.functions.append(function)
    antialias = "antialias of Resize 'smaller'"
    assert sorted(ignored(model.SerializeToString())) == [antialias, antialias, "exclude_outside of Resize 'smaller'"]


@pytest.mark.parametrize("damage", [b"", b"no model", b"\x3a\x05abc", b"\xff" * 20])
def test_of_what_is_no_model_nothing_is_said(damage: bytes) -> None:
    assert ignored(damage) == []


def test_nets_that_ship_have_none() -> None:
    folder = Path(loading.__file__).parents[1] / "models"
    assert [path.name for path in folder.glob("*.onnx") if ignored(path.read_bytes())] == []
