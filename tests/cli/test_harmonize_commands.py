"""`limner train`, `export`, `eval` and `image` for harmonization, as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from limner import samples
from limner.cli.app import main

RECIPE = """
task: harmonize
net: {name: harmonizer, options: {width: 0.25, hidden: 16}}
input_size: 64
data: {sets: {fashion_full_body: 0.5, faces_close_up: 0.5}}
samples: 8
batch: 4
phases: [{size: 64, share: 1.0}]
optimizer: {lr: 0.003}
processes: 1
"""


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main([str(arg) for arg in args])
    captured = capsys.readouterr()
    assert isinstance(stop.value.code, int)
    return stop.value.code, captured.out, captured.err


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "own.yaml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_from_pairs_to_a_model(folder: Path, data_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "train", "own.yaml", "--data", data_folder)
    assert code == 0, err
    assert "runs/own/last.pt: complete; next: limner export" in out
    assert "val: fMSE nothing" in err
    code, out, err = run(capsys, "export", "runs/own/last.pt", "-o", "own.onnx", "--data", data_folder)
    assert code == 0, err
    assert "own.onnx: 0." in out
    code, out, err = run(capsys, "eval", "own.onnx", "runs/own/last.pt", "--data", data_folder, "--limit", "4")
    assert code == 0, err
    assert out.startswith("4 held-out pairs at 256 px")
    rows = [line.split()[0] for line in out.splitlines()[2:]]
    assert rows == ["nothing", "reinhard", "color_transfer", "own.onnx", "runs/own/last.pt"]
    code, out, _ = run(capsys, "models", "show", "own.onnx")
    assert code == 0
    assert "harmonize" in out
    assert "adjustment: adjustment" in out


def test_eval_of_the_model_that_ships(data_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "eval", "harmonize", "--data", data_folder, "--limit", "2", "--json")
    assert code == 0, err
    scores = json.loads(out)
    assert scores["nothing"]["fmse"] > 0
    assert scores["harmonize"].keys() == {"fmse", "median_fmse", "better", "milliseconds"}


def test_on_a_photo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pictures = {}
    for name, effect in (("plain", "replace"), ("fitted", "harmonize,replace"), ("half", "harmonize:0.5,replace")):
        out = tmp_path / f"{name}.png"
        chain = f"{effect}:{samples.BACKGROUND}"
        code, _, err = run(capsys, "image", samples.PORTRAIT, "-o", out, "--effect", chain)
        assert code == 0, err
        pictures[name] = np.asarray(Image.open(out).convert("RGB")).astype(int)
    changed = np.abs(pictures["fitted"] - pictures["plain"])
    assert changed.max() > 10
    assert (changed[:20, :20] == 0).all()  # background
    assert 0 < np.abs(pictures["half"] - pictures["plain"]).sum() < changed.sum()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (
            ("eval", "harmonize", "fast"),
            "fast: is of the task segment, and harmonize of the task harmonize;",
        ),
        (
            ("eval", "harmonize", "--csv", "x.csv"),
            "--csv means nothing for harmonize, which takes --limit;",
        ),
        (("eval", "harmonize", "--split", "train"), "--split means nothing for harmonize"),
        (
            ("image", samples.PORTRAIT, "-o", "x.png", "--model", "harmonize"),
            "model 'harmonize' is for the task harmonize",
        ),
        (
            ("image", samples.PORTRAIT, "-o", "x.png", "--effect", "harmonize:2"),
            "harmonize strength 2.0 is out of range",
        ),
        (("image", samples.PORTRAIT, "-o", "x.png", "--effect", "harmonize:x"), "harmonize strength 'x' is no number"),
        (
            ("train", "own.yaml", "--set", "task=paint"),
            "own.yaml: task: must be one of segment, harmonize, refine, not 'paint'",
        ),
        (("train", "own.yaml", "--data", "none"), "no such file; name a data folder"),
        (("train", "own.yaml", "--set", "data.sets={nobody: 1}"), "data.sets names 'nobody'"),
        (("train", "own.yaml", "--init", "none.pt"), "none.pt: no such file"),
    ],
)
def test_wrong_input_is_one_line(
    folder: Path, data_folder: Path, capsys: pytest.CaptureFixture[str], args: tuple[object, ...], says: str
) -> None:
    if args[0] in ("train", "eval") and "--data" not in args:
        args = (*args, "--data", data_folder)
    code, _, err = run(capsys, *args)
    assert code == 2
    errors = [line for line in err.splitlines() if line.startswith("limner: ")]
    assert len(errors) == 1
    assert says in errors[0]
    assert "Traceback" not in err
    assert not (folder / "x.png").exists()


def test_a_checkpoint_has_its_own_recipe(folder: Path, data_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "train", "own.yaml", "--data", data_folder, "--no-validate")[0] == 0
    code, _, err = run(capsys, "export", "runs/own/last.pt", "-o", "own.onnx", "--size", "128")
    assert code == 2
    assert "--recipe, --size and --other-sizes: a checkpoint of the task harmonize has its own; leave them out" in err
