"""model.json of TensorFlow.js: a shipped graph model, layers models, quantized weights, and what is no such file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import limner
from limner.errors import ModelError
from limner.inspect.inspection import inspect_model

SHIPPED = Path(limner.__file__).parent / "web" / "models" / "tfjs"


def test_a_shipped_graph_model() -> None:
    folder = next(iter(sorted(SHIPPED.glob("fast*.tfjs"))))
    report = inspect_model(folder)
    assert report.format == "a TensorFlow.js graph model"
    assert report.inputs[0].shape[3] == 3
    assert (report.outputs[0].dtype, report.output_operators[report.outputs[0].name]) == ("float32", "AddV2")
    assert report.operators["_FusedConv2D"] > 10
    assert report.parameters > 100_000
    assert report.bytes == sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    assert inspect_model(folder / "model.json") == report


def layer(kind: str, name: str, *before: str, **config: Any) -> dict[str, Any]:
    return {
        "class_name": kind,
        "config": {"name": name, **config},
        "name": name,
        "inbound_nodes": [[[other, 0, 0, {}] for other in before]] if before else [],
    }


def keras(**config: Any) -> dict[str, Any]:
    return {
        "format": "layers-model",
        "generatedBy": "keras v2.4.0",
        "convertedBy": "TensorFlow.js Converter v3.9.0",
        "modelTopology": {"keras_version": "2.4.0", "model_config": {"class_name": "Functional", "config": config}},
        "weightsManifest": [
            {
                "paths": ["group1-shard1of1.bin"],
                "weights": [
                    {"name": "conv/kernel", "shape": [3, 3, 3, 8], "dtype": "float32",
                     "quantization": {"dtype": "uint16", "min": 0, "scale": 1, "original_dtype": "float32"}},
                    {"name": "conv/bias", "shape": [8], "dtype": "float32",
                     "quantization": {"dtype": "float16", "original_dtype": "float32"}},
                    {"name": "last/kernel", "shape": [1, 1, 8, 1], "dtype": "float32"},
                ],
            }
        ],
    }  # fmt: skip


LAYERS = [
    layer("InputLayer", "picture", batch_input_shape=[None, 96, 96, 3], dtype="float32"),
    layer("Conv2D", "conv", "picture", activation="relu"),
    layer("Conv2D", "last", "conv", activation="sigmoid"),
]


@pytest.mark.parametrize("ends", [True, False])
def test_layers_models(tmp_path: Path, ends: bool) -> None:
    said = {"input_layers": [["picture", 0, 0]], "output_layers": [["last", 0, 0]]} if ends else {}
    path = tmp_path / "model.json"
    path.write_text(json.dumps(keras(name="net", layers=LAYERS, **said)))
    report = inspect_model(tmp_path)
    assert (report.format, report.producer) == ("a TensorFlow.js layers model", "TensorFlow.js Converter v3.9.0")
    assert [(end.name, end.shape) for end in report.inputs] == [("picture", (None, 96, 96, 3))]
    assert [end.name for end in report.outputs] == ["last"]
    assert report.operators == {"Conv2D": 2}
    assert report.output_operators == {"last": "Sigmoid"}
    assert report.parameters == 3 * 3 * 3 * 8 + 8 + 8
    assert report.metadata["weights kept as"] == "uint16 ×1, float16 ×1, float32 ×1"
    assert report.metadata["missing beside it"] == "group1-shard1of1.bin"


def test_a_graph_model_without_a_signature(tmp_path: Path) -> None:
    nodes = [
        {"name": "x", "op": "Placeholder", "attr": {"dtype": {"type": "DT_FLOAT"}, "shape": {"shape": {"dim": [
            {"size": "-1"}, {"size": "64"}, {"size": "64"}, {"size": "3"}]}}}},
        {"name": "w", "op": "Const", "attr": {}},
        {"name": "c", "op": "Conv2D", "input": ["x", "w"], "attr": {}},
        {"name": "y", "op": "Softmax", "input": ["c"], "attr": {}},
    ]  # fmt: skip
    (tmp_path / "model.json").write_text(json.dumps({"modelTopology": {"node": nodes}, "weightsManifest": []}))
    report = inspect_model(tmp_path / "model.json")
    assert [(end.name, end.shape, end.dtype) for end in report.inputs] == [("x", (None, 64, 64, 3), "float32")]
    assert report.output_operators == {"y": "Softmax"}


@pytest.mark.parametrize(
    "content",
    [
        b"{", b"[]", b"{}", b"\xff\xfe", b'{"modelTopology": 3}', b'{"modelTopology": {"node": [{"op": 1}]}}',
        b'{"schema": 1, "name": "a card"}', b"[" * 100_000,
        b'{"modelTopology": {"node": []}, "weightsManifest": [{"weights": 3, "paths": []}]}',
        b'{"modelTopology": {"model_config": {"config": {"layers": [{}]}}}}',
    ],
)  # fmt: skip
def test_files_that_are_no_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"is no model\.json of TensorFlow\.js, or is damaged"):
        inspect_model(path)


def test_weights_elsewhere_are_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(1000))
    model = keras(name="net", layers=LAYERS)
    model["weightsManifest"][0]["paths"] = ["../secret.bin", str(tmp_path / "secret.bin")]
    path = tmp_path / "net" / "model.json"
    path.write_text(json.dumps(model))
    assert inspect_model(path).bytes == path.stat().st_size
