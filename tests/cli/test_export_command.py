"""`limner export` from weights with a recipe: four channels, several classes, not square, measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from limner.cli.app import main
from limner.matte import Matte
from limner.nets import NETS
from limner.segment.segmenter import Segmenter
from limner.training.checkpoint import save_weights
from small_nets import SmallNet, small_net

RECIPE = """
net: {name: small, options: {in_channels: 4, classes: 3, person_class: 1}}
input_size: 16
data: {sets: {faces_close_up: 1.0}}
samples: 8
batch: 4
phases: [{size: 16, share: 1.0}]
optimizer: {lr: 0.003}
"""


def test_weights_become_a_model_that_takes_the_matte_before(
    tmp_path: Path, data_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(NETS, "small", SmallNet)
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(RECIPE)
    save_weights(Path("w.safetensors"), small_net(in_channels=4, classes=3, person_class=1).state_dict())
    Path("out").mkdir()
    arguments = ["export", "w.safetensors", "--recipe", "small.yaml", "--size", "16x24", "-o", "out/video.onnx"]
    arguments += ["--data", str(data_folder), "--licence", "CC0-1.0", "--note", "made in a test"]
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    told = capsys.readouterr()
    assert stop.value.code == 0, told.err
    assert "out/video.onnx: 0.00 MB; small: 0.00 M parameters" in told.out
    assert "export: 16 train photos: mean_difference" in told.out
    assert sorted(path.name for path in Path("out").iterdir()) == ["video.json", "video.onnx"]

    segmenter = Segmenter("out/video.onnx", refine=False, softness=1.0)
    card = segmenter.card
    assert (card.name, card.file, card.licence) == ("video", "video.onnx", "CC0-1.0")
    assert (card.input.size, card.input.channels, card.training) == ((16, 24), 4, None)
    assert card.notes == ("made in a test",)
    assert {row.on for row in card.measured} >= {"export: 16 train photos", "val: faces_close_up"}
    frame = np.random.default_rng(0).integers(0, 255, (32, 48, 3), np.uint8)
    empty, full = (Matte(np.full((32, 48), level, np.float32)) for level in (0, 1))
    first = segmenter.matte(frame).alpha
    np.testing.assert_array_equal(first, segmenter.matte(frame, previous=empty).alpha)
    assert np.abs(first - segmenter.matte(frame, previous=full).alpha).mean() > 0.01
