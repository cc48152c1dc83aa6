"""The file is small, holds the net's tensors under their names, and costs nothing more once it is loaded."""

from __future__ import annotations

from pathlib import Path

import onnx
import onnxruntime as ort
import pytest

from limner.export.checks.pictures import parity_pictures
from limner.export.onnx_file import Storage, export_onnx
from limner.weights.onnx_weights import read_onnx_weights
from small_nets import small_net


@pytest.fixture(scope="module", params=["fp32", "fp16"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Storage, Path]:
    path = tmp_path_factory.mktemp("exported") / "net.onnx"
    pictures = parity_pictures((16, 24), 3, None)
    net = small_net(classes=3, person_class=2).for_inference()
    export_onnx(net, path, size=(16, 24), pictures=pictures, storage=request.param)
    return request.param, path


def test_every_tensor_of_the_net_is_in_it(exported: tuple[Storage, Path]) -> None:
    storage, path = exported
    weights = read_onnx_weights(path)
    own = small_net(classes=3, person_class=2).for_inference().state_dict()
    floats = {name: value for name, value in own.items() if value.is_floating_point()}
    assert weights.keys() == floats.keys()
    for name, value in floats.items():
        tolerance = 1e-3 if storage == "fp16" and value.ndim > 1 else 0.0
        assert weights[name] == pytest.approx(value.numpy(), rel=tolerance, abs=tolerance / 10)


def test_kernels_are_stored_in_half(exported: tuple[Storage, Path]) -> None:
    storage, path = exported
    kinds = {tensor.name: tensor.data_type for tensor in onnx.load(path).graph.initializer}
    half = onnx.TensorProto.FLOAT16 if storage == "fp16" else onnx.TensorProto.FLOAT
    assert kinds["stem.0.weight"] == kinds["head.weight"] == half
    assert kinds["stem.1.running_var"] == kinds["head.bias"] == onnx.TensorProto.FLOAT


def test_nothing_but_the_net_is_in_it(exported: tuple[Storage, Path]) -> None:
    graph = onnx.load(exported[1]).graph
    assert [value.name for value in (*graph.input, *graph.output)] == ["image", "alpha"]
    assert list(graph.value_info) == []
    assert [node.name for node in graph.node if node.doc_string or node.metadata_props] == []
    first = next(node for node in graph.node if node.op_type == "Conv")
    assert len(first.input) == 2  # its zeros for a bias are gone


def test_the_runtime_folds_casts_and_batch_norms_when_it_loads(exported: tuple[Storage, Path], tmp_path: Path) -> None:
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "loaded.onnx")
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    ort.InferenceSession(str(exported[1]), options, providers=["CPUExecutionProvider"])
    operators = {node.op_type for node in onnx.load(tmp_path / "loaded.onnx").graph.node}
    assert operators & {"Cast", "BatchNormalization"} == set()
    assert operators & {"Conv", "FusedConv"}
