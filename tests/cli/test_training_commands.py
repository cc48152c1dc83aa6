"""From photos to a model that runs: `limner data`, `train`, `eval`, `export` and `image`, as a user types them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

RECIPE = """
net: {name: fast, options: {width: 0.25}}
input_size: 64
data:
  sets: {fashion_full_body: 0.4, faces_close_up: 0.3, rendered_people: 0.2, no_people: 0.1}
samples: 24
batch: 4
phases: [{size: 64, share: 1.0}]
optimizer: {lr: 0.003}
processes: 1
"""
PAIRS = (Path(__file__).parents[2] / "recipes" / "harmonize.yaml").read_text(encoding="utf-8")


def limner(*args: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "limner.cli.app", *map(str, args)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory, data_folder: Path) -> Path:
    """A folder with a recipe and a trained and exported net."""
    folder = tmp_path_factory.mktemp("workshop")
    (folder / "small.yaml").write_text(RECIPE)
    trained = limner("train", "small.yaml", "--data", data_folder, cwd=folder)
    assert trained.returncode == 0, trained.stderr
    assert "runs/small/last.pt: complete" in trained.stdout
    assert "fashion + faces mIoU" in trained.stderr
    assert (folder / "runs/small/best.pt").is_file()
    exported = limner("export", "runs/small/last.pt", "-o", "small.onnx", "--data", data_folder, cwd=folder)
    assert exported.returncode == 0, exported.stderr
    return folder


def test_the_export_carries_its_card(workshop: Path) -> None:
    card = json.loads((workshop / "small.json").read_text())
    assert card["input"]["size"] == [64, 64]
    assert card["net"] == {"name": "fast", "options": {"width": 0.25}}
    measured = {row["on"]: row["metrics"] for row in card["measured"]}
    assert measured.keys() >= {"val: fashion + faces", "train: all without people"}
    assert measured["export: 16 train photos"]["mean_difference"] < 1e-3
    assert {row["name"]: row["photos"] for row in card["training"]["data"]}["fashion_full_body"] == 6
    assert "24 samples" in card["training"]["procedure"]
    assert [path.name for path in workshop.iterdir() if path.stem.startswith((".small", "small.json"))] == []


def test_the_export_runs(workshop: Path, data_folder: Path) -> None:
    Image.fromarray(np.full((80, 60, 3), 90, np.uint8)).save(workshop / "photo.png")
    done = limner("image", "photo.png", "-o", "mask.png", "--effect", "mask", "--model", "small.onnx", cwd=workshop)
    assert done.returncode == 0, done.stderr
    assert Image.open(workshop / "mask.png").size == (60, 80)


def test_eval_of_checkpoint_and_export_agree(workshop: Path, data_folder: Path) -> None:
    done = limner(
        "eval",
        "runs/small/last.pt",
        "small.onnx",
        "--data",
        data_folder,
        "--json",
        "--sheet",
        "worst.png",
        cwd=workshop,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    for name, row in result["small.onnx"].items():
        assert row == pytest.approx(result["runs/small/last.pt"][name], rel=0.003, abs=0.05)
    assert Image.open(workshop / "worst.png").width == 1600


def test_training_goes_on_from_weights_and_says_so(workshop: Path, data_folder: Path) -> None:
    done = limner(
        "train", "small.yaml", "--data", data_folder, "--output", "more", "--init", "small.onnx", "--set",
        "samples=4", "--no-validate", cwd=workshop,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "more/last.pt: complete" in done.stdout
    assert "tensors start from it" in done.stderr


def test_a_short_stretch_resumes(workshop: Path, data_folder: Path) -> None:
    command = ("train", "small.yaml", "--data", data_folder, "--output", "short", "--no-validate")
    first = limner(*command, "--minutes", "0.01", "--set", "samples=400", cwd=workshop)
    assert "short/last.pt: stopped at step" in first.stdout
    second = limner(*command, "--set", "samples=24", cwd=workshop)
    assert "complete" in second.stdout


@pytest.mark.parametrize(
    ("name", "start", "changes", "code"),
    [
        ("alone", [], [], 130),
        pytest.param("several", [], ["--set", "processes=2"], 130, marks=pytest.mark.slow),
        pytest.param(
            "torchrun", ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"], [], 1,
            marks=pytest.mark.slow,
        ),
    ],
)  # fmt: skip
def test_an_interrupt_keeps_a_whole_checkpoint(
    workshop: Path, data_folder: Path, name: str, start: list[str], changes: list[str], code: int
) -> None:
    command = [sys.executable, "-m", *start, "limner", "train", "small.yaml", "--data", str(data_folder)]
    command += ["--output", name, "--no-validate", "--device", "cpu", "--set", "samples=400000", *changes]
    process = subprocess.Popen(
        command, cwd=workshop, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    from limner.weights.checkpoint import Checkpoint

    deadline = time.monotonic() + 120
    while not (workshop / name / "log.csv").exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to all of them
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, err
    assert re.findall("limner: interrupted; (.*)", err) == [
        f"{name}/last.pt is whole, at step {Checkpoint.load(workshop / name / 'last.pt').step} of 100000; "
        "the same command resumes"
    ], err
    assert [p.name for p in (workshop / name).iterdir() if "partial" in p.name] == []
    assert Checkpoint.load(workshop / name / "last.pt").step > 0
    assert out == ""


def test_the_sheet_of_samples(workshop: Path, data_folder: Path) -> None:
    done = limner("data", "sheet", "small.yaml", "--data", data_folder, "--count", 7, "--size", 40, cwd=workshop)
    assert done.returncode == 0, done.stderr
    assert Image.open(workshop / "augmentation.png").size == (480, 80)
    listed = limner("data", "prepare", "--data", data_folder, cwd=workshop)
    assert "no_people_animals" in listed.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("train", "none.yaml"), "none.yaml: no such recipe"),
        (("train", "small.yaml", "--data", "nowhere"), "nowhere/manifest.csv: no such file"),
        (("train", "small.yaml", "--init", "none.pt", "--output", "fresh"), "none.pt: no such file"),
        (("train", "small.yaml", "--init", "huge", "--output", "fresh"), "no shipped model has weights of that name"),
        (("train", "small.yaml", "--set", "samples"), "write it as field=value"),
        (("train", "small.yaml", "--set", "input_size=33", "--output", "odd"), "FastNet takes sizes divisible by 32"),
        (("export", "none.pt", "-o", "x.onnx"), "none.pt: no such checkpoint"),
        (("export", "runs/small/last.pt", "-o", "x.tflite"), "name one (only .onnx is taken as one file)"),
        (
            ("export", "runs/small/last.pt", "-o", "x.onnx", "--size", "64x"),
            "--size 64x: is no size; say width",
        ),
        (
            ("export", "runs/small/last.pt", "-o", "x.onnx", "--size", "64x70"),
            "--size 64x70: FastNet takes sizes divisible by 32",
        ),
        (("export", "runs/small/last.pt", "-o", "x.onnx", "--storage", "int8"), "must be fp16 or fp32"),
        (("export", "runs/small/last.pt", "-o", "x.onnx", "--recipe", "small.yaml"), "has its own recipe"),
        (("export", "bare.onnx", "-o", "x.onnx"), "name its recipe with --recipe"),
        (("export", "runs/small/last.pt", "-o", "no/x.onnx"), "the folder no does not exist"),
        (("export", "runs/small/last.pt", "-o", "x.onnx", "--to", "coreml"), "makes several files; name a folder"),
        (
            ("export", "runs/small/last.pt", "-o", "files", "--to", "coreml,tflight"),
            "--to tflight: not known; there are onnx",
        ),
        (("eval", "--sheet", "worst.txt"), "--sheet worst.txt: .txt is no format that can be written"),
        (("eval", "--split", "best"), "must be val, train, test or all"),
        (("eval", "small.onnx", "--data", "nowhere"), "nowhere/manifest.csv: no such file"),
    ],
)
def test_wrong_input_is_one_line_and_exit_2(
    workshop: Path, data_folder: Path, args: tuple[str, ...], message: str
) -> None:
    shutil.copy(workshop / "small.onnx", workshop / "bare.onnx")
    given = [str(data_folder) if arg == "DATA" else arg for arg in args]
    if given[0] == "train" and "--data" not in given:
        given += ["--data", str(data_folder)]
    done = limner(*given, cwd=workshop)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("command", "recipe", "name"),
    [
        ("train", RECIPE, "fashion_full_body"),
        ("data sheet", RECIPE, "fashion_full_body"),
        ("train", PAIRS, "faces_close_up"),
    ],
)
def test_a_set_that_is_not_there_is_told_before_photos_are_decoded(
    tmp_path: Path, data_folder: Path, command: str, recipe: str, name: str
) -> None:
    (tmp_path / "wrong.yaml").write_text(recipe.replace(name, "fata_morgana"), encoding="utf-8")
    done = limner(*command.split(), "wrong.yaml", "--data", data_folder, "--cache", "untouched", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "data.sets names 'fata_morgana'" in done.stderr
    assert not (tmp_path / "untouched").exists()
