"""Frozen graphs and SavedModels without TensorFlow: ends, shapes, operators, and what damaged ones are told."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from limner.cli.app import main
from limner.errors import ModelError
from limner.inspect.drafting import draft_card
from limner.inspect.inspection import inspect_model
from tensorflow_files import encode, frozen_graph, message, node, placeholder, saved_model, text


@pytest.mark.parametrize(
    ("sizes", "shape"), [((1, 32, 48, 3), (1, 32, 48, 3)), ((-1, -1, -1, 3), (None, None, None, 3)), (None, ())]
)
def test_frozen(tmp_path: Path, sizes: Any, shape: tuple[int | None, ...]) -> None:
    path = tmp_path / "net.pb"
    path.write_bytes(frozen_graph(sizes))
    report = inspect_model(path)
    assert (report.format, report.bytes, report.parameters) == ("a frozen TensorFlow graph", path.stat().st_size, 3)
    assert [(end.name, end.shape, end.dtype) for end in report.inputs] == [("image", shape, "float32")]
    assert [(end.name, end.shape, end.dtype) for end in report.outputs] == [("alpha", (), "float32")]
    assert report.operators == {"Conv2D": 1, "Sigmoid": 1, "Identity": 1}
    assert report.output_operators == {"alpha": "Sigmoid"}


@pytest.mark.parametrize("file", [False, True])
def test_saved_model(tmp_path: Path, file: bool) -> None:
    folder = saved_model(tmp_path / "net")
    report = inspect_model(folder / "saved_model.pb" if file else folder)
    assert (report.format, report.version) == ("a TensorFlow SavedModel", "TensorFlow 2.19.0")
    assert [(end.name, end.shape) for end in report.inputs] == [("image", (None, 32, 48, 3))]
    assert [(end.name, end.shape) for end in report.outputs] == [("alpha", (None, 32, 48, 1))]
    assert report.operators == dict.fromkeys(
        ["StatefulPartitionedCall", "Conv2D", "Sigmoid", "Identity"], 1
    )  # no saving
    assert (report.parameters, report.output_operators) == (3, {"alpha": "Sigmoid"})
    assert report.metadata["signature"] == "serving_default"
    assert report.metadata["tensor of image"] == "serving_default_image:0"


def test_another_signature(tmp_path: Path) -> None:
    report = inspect_model(saved_model(tmp_path / "net", signature="predict"))
    assert report.metadata["signature"] == "predict"


@pytest.mark.parametrize("kind", ["frozen", "saved"])
def test_the_command_says_what_to_do_with_it(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    path = tmp_path / "net.pb"
    path.write_bytes(frozen_graph(None))
    path = saved_model(tmp_path / "net") if kind == "saved" else path
    with pytest.raises(SystemExit) as stop:
        main(["inspect", str(path)])
    said = capsys.readouterr().out
    assert not stop.value.code
    assert f"limner export --from {path} -o net.onnx" in said
    assert "Conv2D ×1" in said
    assert ("(shape not in the file)" in said) == (kind == "frozen")
    with pytest.raises(ModelError, match="Limner does not run a"):
        draft_card(inspect_model(path))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("net.pb", None, "net.pb: no such file"),
        ("net.pb", b"", "is empty"),
        ("net.pb", b"hello, this is no model", "is not a frozen TensorFlow graph, or is damaged"),
        ("net.pb", encode([text(1, b"\xff\xff\xff")]), "is not a frozen TensorFlow graph, or is damaged"),
        ("net.pb", encode([message(1, text(1, "a"))]), "it has no operators"),
        ("net.pb", encode([node("a", "Const")]), "is a TensorFlow graph without inputs or outputs"),
        ("net.pb", encode([placeholder("a", (1,))]), "is a TensorFlow graph without inputs or outputs"),
        ("net.pb", b"\x08\x01", "is not a TensorFlow SavedModel, or is damaged"),
    ],
)
def test_files_that_are_no_model(tmp_path: Path, name: str, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError) as caught:
        inspect_model(tmp_path / name)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_folders_that_are_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"is a folder, and neither saved_model\.pb of TensorFlow nor model\.json of"):
        inspect_model(tmp_path)
    with pytest.raises(ModelError, match="is a SavedModel without a signature"):
        inspect_model(saved_model(tmp_path / "net", signature=""))


@pytest.mark.parametrize("kind", ["frozen", "saved"])
def test_damaged_files_are_a_model_error_or_read(tmp_path: Path, kind: str) -> None:
    folder = saved_model(tmp_path / "net")
    whole = frozen_graph() if kind == "frozen" else (folder / "saved_model.pb").read_bytes()
    path = tmp_path / "changed.pb"
    random.seed(1)
    refused = 0
    for turn in range(150):
        changed = bytearray(whole[: random.randrange(1, len(whole))] if turn % 2 else whole)
        for _ in range(3):
            changed[random.randrange(len(changed))] = random.randrange(256)
        path.write_bytes(changed)
        try:
            inspect_model(path)
        except ModelError:
            refused += 1
    assert refused > 30


def test_neither_tensorflow_nor_onnx_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "net.pb"
    path.write_bytes(frozen_graph())
    code = (
        "import sys; sys.modules['tensorflow'] = sys.modules['onnx'] = sys.modules['google.protobuf'] = None\n"
        f"from limner.inspect.inspection import inspect_model; print(inspect_model({str(path)!r}).inputs[0].name)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "image"
