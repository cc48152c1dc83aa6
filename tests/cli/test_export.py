"""`limner export` from weights with a recipe, to one file and to a folder: four channels, classes, not square."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from limner.cli.app import main
from limner.matte import Matte
from limner.nets import NETS
from limner.segment.segmenter import Segmenter
from limner.weights.checkpoint import save_weights
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


@pytest.fixture
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs `limner export w.safetensors --recipe small.yaml` with more arguments; gives the exit code."""
    monkeypatch.setitem(NETS, "small", SmallNet)
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(RECIPE)
    save_weights(Path("w.safetensors"), small_net(in_channels=4, classes=3, person_class=1).state_dict())

    def run(*arguments: str) -> int:
        with pytest.raises(SystemExit) as stop:
            main(["export", "w.safetensors", "--recipe", "small.yaml", *arguments])
        assert isinstance(stop.value.code, int)
        return stop.value.code

    return run


def test_a_folder_of_files_each_of_which_runs(
    export: Callable[..., int], data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--to", "onnx", "--precision", "fp32,dynamic", "--uint8-input", "--layout", "nhwc", "--name", "v"]
    code = export(*options, "--size", "24x16", "--data", str(data_folder), "--photos", "3", "-o", "made/out", "--json")
    told = capsys.readouterr()
    assert code == 0, told.err
    table = json.loads(told.out)
    assert (table["photos"], [row["state"] for row in table["files"]]) == (3, ["checked", "not offered"])
    assert table["files"][0]["figures"]["mean_error"] < 1e-5
    assert sorted(path.name for path in Path("made/out").iterdir()) == ["v.onnx", "v.onnx.json"]
    Image.fromarray(astronaut()).save("photo.png")
    with pytest.raises(SystemExit) as stop:
        main(["image", "--model", "made/out/v.onnx", "photo.png", "-o", "mask.png", "--effect", "mask"])
    assert stop.value.code == 0
    assert Path("mask.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--to", "onxn", "-o", "x"), "--to onxn: not known; there are onnx"),
        (("--precision", "int9", "-o", "x"), "--precision int9: not known"),
        (("--precision", "int8", "-o", "x"), "--precision int8: needs real photos to calibrate on"),
        (("-o", "x.tflite"), "--output x.tflite: several files go into a folder"),
        (("-o", "x.onnx", "--output-kind", "logits"), "--output-kind: belongs to exports into a folder"),
        (("-o", "x.onnx", "--to", "onnx,openvino"), "--to onnx,openvino: makes several files; name a folder"),
        (("-o", "x", "--other-sizes", "32x16"), "--other-sizes: belongs to one .onnx file"),
        (("-o", "x.onnx", "--other-sizes", "32x16,big"), "--other-sizes big: is no size"),
        (("-o", "x", "--storage", "fp16"), "--storage: belongs to one .onnx file"),
        (("-o", "small.yaml"), "--output small.yaml"),
        (("-o", "x", "--output-kind", "mask"), "--output-kind mask: must be one of logits, sigmoid, argmax, packed"),
        (("-o", "x", "--layout", "chw"), "--layout chw: must be one of nchw, nhwc"),
        (("-o", "x", "--size", "wide"), "--size wide: is no size; say width x height"),
    ],
)
def test_wrong_options_are_one_line(
    export: Callable[..., int], capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert export(*arguments) == 2
    err = capsys.readouterr().err.strip()
    assert message in err
    assert len(err.splitlines()) == 1
    assert not Path("x").exists()


def test_weights_become_a_model_that_takes_the_matte_before(
    export: Callable[..., int], data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("out").mkdir()
    arguments = ["--data", str(data_folder), "--licence", "CC0-1.0", "--note", "made in a test"]
    code = export("--size", "24x16", "-o", "out/video.onnx", *arguments)
    told = capsys.readouterr()
    assert code == 0, told.err
    assert "--size 24x16 is 24 wide and 16 high; 0.1 took the height first" in told.err
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
