"""The commands on the README and in the tutorial are run as they stand there, on the samples."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from limner import samples
from limner.models.catalogue import find_model

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
OUTPUT = re.compile(r"(?:-o|--card-out|>) ([\w/][\w./-]*)|write_image\(\"([\w./-]+)\"")


def blocks(page: str) -> list[tuple[str, str]]:
    """(language, code) of every block that is meant to be run."""
    return [(kind, code) for kind, code in BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))]


def is_training(code: str) -> bool:
    return "limner train" in code


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with the files that the pages speak of."""
    (tmp_path / "photos/holiday").mkdir(parents=True)
    for target in ("photo.jpg", "photos/one.jpg", "photos/holiday/two.jpg"):
        shutil.copy(samples.PORTRAIT, tmp_path / target)
    shutil.copy(samples.BACKGROUND, tmp_path / "lake-photo.jpg")
    shutil.copy(samples.CLIP, tmp_path / "clip.mp4")
    shutil.copy(find_model("fast").path, tmp_path / "model.onnx")
    (tmp_path / "src").symlink_to(ROOT / "src")
    (tmp_path / "recipes").symlink_to(ROOT / "recipes")
    return tmp_path


def do(kind: str, code: str, folder: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", "-euo", "pipefail", "-c", code] if kind == "sh" else [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{code}\n{done.stderr[-2000:]}"
    for names in OUTPUT.findall(code):
        target = folder / next(filter(None, names))
        assert target.exists(), f"{code}\nmade no {target.name}"
        assert any(target.rglob("*.png")) if target.is_dir() else target.stat().st_size > 0


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_the_commands_run_as_they_stand(page: str, desk: Path) -> None:
    found = [(kind, code) for kind, code in blocks(page) if not is_training(code)]
    assert len(found) >= 6
    for kind, code in found:
        do(kind, code, desk)


def test_the_readme_has_two_commands_and_five_recipes() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\*\*(\d)\. ", text, re.MULTILINE) == ["1", "2", "3", "4", "5"]
    start = text.partition("## Start")[2].partition("##")[0]
    commands = re.findall(r"^    (.+)$", start, re.MULTILINE)
    assert len(commands) == 2
    assert commands[1] == "make run"


MINE = """
net: {name: selfie, options: {widen: [1, 1, 1, 1]}}
init: selfie
init_sharpness: 0.07
input_size: 224
data:
  sets: {fashion_full_body: 0.5, faces_close_up: 0.4, no_people: 0.1}
samples: 8
batch: 2
phases: [{size: 64, share: 1.0}]
optimizer: {lr: 0.0005}
processes: 1
"""


@pytest.mark.slow
def test_training_goes_on_from_what_ships(desk: Path, data_folder: Path) -> None:
    shutil.copytree(data_folder, desk / "labelled")
    (desk / "mine.yaml").write_text(MINE, encoding="utf-8")
    found = [code for _, code in blocks("README.md") if is_training(code)]
    assert len(found) == 1
    do("sh", found[0], desk)
    do("sh", "limner image photo.jpg -o trained.png --effect mask --model mine.onnx", desk)
