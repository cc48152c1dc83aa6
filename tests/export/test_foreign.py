"""`limner export --from`: models of TensorFlow become .onnx files that run, or the command says why not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from limner.cli.app import main
from limner.export.toolchains.known import TENSORFLOW
from limner.media.images import read_image, write_image
from limner.models.card import ModelCard
from small_graphs import needs
from tensorflow_files import frozen_graph, saved_model


def limner(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return int(stop.value.code or 0)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--from none.pb -o o.onnx", "none.pb: no such file"),
        ("--from text.pb -o o.onnx", "text.pb: is not a frozen TensorFlow graph, or is damaged"),
        ("--from net.pb -o o.tflite", "--output o.tflite: --from makes one .onnx file; name that"),
        ("--from net.pb -o none/o.onnx", "none"),
        ("--from net.pb fast -o o.onnx", "--from net.pb: takes the place of MODEL; leave fast out"),
        ("--from net.onnx -o o.onnx", "net.onnx: is a .onnx file; what can be converted is a frozen TensorFlow graph"),
        ("--from layers/model.json -o o.onnx", "is a TensorFlow.js layers model; what can be converted is"),
        (
            "--from net.pb -o o.onnx --to litert",
            "--to: belongs to nets of Limner's own; --from takes --output and --json",
        ),
        ("--from net.pb -o o.onnx --size 64", "--size: belongs to nets of Limner's own"),
        ("-o o.onnx", "MODEL is missing: name a checkpoint or a model, or a model of TensorFlow with --from"),
    ],
)
def test_wrong_use_is_one_line(
    tmp_path: Path,
    make_onnx: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: str,
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.pb").write_bytes(frozen_graph())
    Path("text.pb").write_text("no model at all")
    make_onnx(tmp_path / "net.onnx")
    Path("layers").mkdir()
    config = {"layers": [{"class_name": "InputLayer", "config": {"name": "x", "batch_input_shape": [None, 8, 8, 3]}}]}
    topology = {"model_config": {"config": config}}
    Path("layers/model.json").write_text(json.dumps({"modelTopology": topology, "weightsManifest": []}))
    assert limner("export", *arguments.split()) == 2
    said = capfd.readouterr().err
    assert says in said
    assert len(said.strip().splitlines()) == 1
    assert not Path("o.onnx").exists()


@pytest.mark.slow
def test_a_frozen_graph_becomes_a_file_that_runs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    needs(TENSORFLOW)
    source, out = tmp_path / "net.pb", tmp_path / "own.onnx"
    source.write_bytes(frozen_graph((1, 32, 48, 3)))
    capfd.readouterr()
    assert limner("export", "--from", source, "-o", out) == 0
    assert "from TensorFlow at most" in capfd.readouterr().out
    card = ModelCard.load(out.with_suffix(".json"))
    assert (card.input.name, card.input.layout, card.output.kind) == ("image", "NHWC", "sigmoid")
    photo = np.zeros((32, 48, 3), np.uint8)
    photo[:, :24, 0], photo[:, 24:, 2] = 255, 255
    write_image(tmp_path / "photo.png", photo)
    assert limner("image", tmp_path / "photo.png", "-o", tmp_path / "o.png", "-e", "mask", "--model", out) == 0
    matte = read_image(tmp_path / "o.png").pixels[..., 0]
    assert (matte[:, :20].min(), matte[:, 28:].max()) == (255, 0)


@pytest.mark.slow
def test_what_tensorflow_refuses_leaves_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    needs(TENSORFLOW)
    out = tmp_path / "own.onnx"
    assert limner("export", "--from", saved_model(tmp_path / "net"), "-o", out) == 2  # it has no variables
    assert len(capfd.readouterr().err.strip().splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net"]
