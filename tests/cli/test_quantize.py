"""`limner quantize`: from a trained net to an int8 file that runs, and one line for what cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torchao")
pytest.importorskip("onnxscript")

import onnxruntime

from limner.cli.app import main
from limner.nets import NETS
from limner.tasks.recipes.recipe import from_dict, to_dict
from limner.weights.checkpoint import Checkpoint
from small_nets import SmallNet, small_net

RAW = {
    "net": {"name": "small"},
    "input_size": 32,
    "data": {"sets": {"fashion_full_body": 0.8, "no_people": 0.2}},
    "samples": 8,
    "batch": 4,
    "phases": [{"size": 32, "share": 1.0}],
    "optimizer": {"lr": 0.003},
    "processes": 1,
}
QUANTIZE = RAW | {
    "net": {"name": "fast"},  # the source brings its own
    "input_size": 64,
    "phases": [{"size": 64, "share": 1.0}],
    "quantize": {"calibrate": 2},
    "teacher": {"models": ["fast"]},
    "loss": {"bce": 1, "distill": 1},
}


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a checkpoint of a small net and two recipes."""
    monkeypatch.setitem(NETS, "small", SmallNet)
    monkeypatch.chdir(tmp_path)
    weights = small_net().state_dict()
    Checkpoint(to_dict(from_dict(RAW, source="test")), 2, weights, weights, {}).save(tmp_path / "net.pt")
    (tmp_path / "plain.yaml").write_text(json.dumps(RAW))  # JSON is YAML
    (tmp_path / "quantize.yaml").write_text(json.dumps(QUANTIZE))
    return tmp_path


def limner(*args: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(arg) for arg in args])
    assert isinstance(stop.value.code, int)
    return stop.value.code


def test_it_ends_in_an_int8_file_that_runs(
    workshop: Path, data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("quantize", "net.pt", "--recipe", "quantize.yaml", "--data", data_folder, "-o", "rounded")
    assert limner(*command, "--minutes", "0.01", "--set", "samples=80") == 0  # stops on the way, or is done
    assert limner(*command, "--set", "samples=80") == 0
    assert "rounded.int8.onnx" in capsys.readouterr().out
    state = Checkpoint.load(workshop / "rounded/last.pt")
    assert (state.step, state.recipe["input_size"], state.recipe["net"]["name"]) == (20, 32, "small")
    assert state.recipe["teacher"]["models"] == ["net.pt"]
    card = json.loads((workshop / "rounded/rounded.int8.onnx.json").read_text())
    assert card["input"]["size"] == [32, 32]
    assert "quantized to 8 bits" in card["training"]["procedure"]
    kinds = _kinds(workshop / "rounded/rounded.int8.onnx", workshop / "ran.onnx")
    assert "QLinearConv" in kinds
    assert "Conv" not in kinds
    Image.fromarray(np.full((80, 60, 3), 90, np.uint8)).save(workshop / "photo.png")
    assert limner("image", "photo.png", "-o", "m.png", "--effect", "mask", "--model", "rounded/rounded.int8.onnx") == 0
    assert Image.open(workshop / "m.png").size == (60, 80)
    # it is what it is: no other precision, and not rounded twice
    assert limner("export", "rounded/last.pt", "-o", "again", "--precision", "fp32") == 2
    assert limner("export", "rounded/last.pt", "-o", "one.onnx") == 2
    assert limner("quantize", "rounded/last.pt", "--recipe", "quantize.yaml", "-o", "twice") == 2
    told = capsys.readouterr().err
    assert "none of onnx offers it" in told
    assert "its int8 files go into a folder" in told
    assert "rounded/last.pt: is quantized already" in told


def _kinds(model: Path, ran: Path) -> set[str]:
    onnx = pytest.importorskip("onnx")
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(ran)
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    return {node.op_type for node in onnx.load(ran).graph.node}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("net.pt", "--recipe", "plain.yaml"), "--recipe: has no field quantize"),
        (("none.pt", "--recipe", "quantize.yaml"), "none.pt: no such checkpoint"),
        (("nobody", "--recipe", "quantize.yaml"), "no model 'nobody'"),
        (("net.pt", "--recipe", "quantize.yaml", "--to", "paper"), "--to paper: not known"),
        (("net.pt", "--recipe", "none.yaml"), "none.yaml: no such recipe"),
        (("net.pt", "--recipe", "quantize.yaml", "--set", "quantize.weights=row"), "quantize.weights"),
        (("net.pt", "--recipe", "quantize.yaml", "--set", "precision=bf16"), "needs precision: fp32"),
        (("net.pt", "--recipe", "quantize.yaml", "--data", "nowhere"), "nowhere"),
    ],
)
def test_wrong_options_are_one_line(
    arguments: tuple[str, ...], message: str, workshop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert limner("quantize", *arguments, "-o", "out") == 2
    told = capsys.readouterr().err.strip()
    assert message in told
    assert len(told.splitlines()) == 1
    assert not (workshop / "out").exists()


def test_a_file_is_no_folder(workshop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert limner("quantize", "net.pt", "--recipe", "quantize.yaml", "-o", "net.int8.onnx") == 2
    assert "--output net.int8.onnx: names a file" in capsys.readouterr().err
