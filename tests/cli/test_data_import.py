"""A user's own labelled folder: imported, trained on with the recipe of the docs, and refused where it is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawn_people import draw_person
from layout_folders import WRITERS
from limner.cli.app import main

DOCS = Path(__file__).resolve().parents[2] / "docs"


def limner(*args: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(arg) for arg in args])
    return int(stop.value.code or 0)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of photos with masks, `mine`, and one of photos with nobody in them, `rooms`."""
    for index in range(10):
        rgb, mask = draw_person(index)
        for name, array, file in (
            ("mine/images", rgb, f"p{index}.jpg"),
            ("mine/masks", mask, f"p{index}.png"),
            ("rooms", np.ascontiguousarray(rgb[::-1] // 2), f"r{index}.webp"),
        ):
            (tmp_path / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(array).save(tmp_path / name / file)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_recipe_of_the_docs_runs_on_an_imported_folder(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (DOCS / "training.md").read_text(encoding="utf-8").partition("## Training on your own photos")[2]
    recipe = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert recipe is not None
    (desk / "mine.yaml").write_text(recipe[1], encoding="utf-8")
    commands = [line.partition("#")[0].split() for line in text.splitlines() if line.startswith("limner data import")]
    for command in commands[:2]:
        assert limner(*command[1:]) == 0
    assert "mine                     val    hand            1" in capsys.readouterr().out
    short = ("samples=20", "batch=4", "phases=[{size: 64, share: 1.0}]", "input_size=64", "processes=1")
    changes = [part for change in short for part in ("--set", change)]
    assert limner("train", "mine.yaml", "--data", "photos", "--device", "cpu", *changes) == 0
    out = capsys.readouterr()
    assert "runs/mine/last.pt: complete" in out.out
    assert "mine mIoU" in out.err or "val:" in out.err


def test_photos_that_were_left_out_are_told_and_the_rest_is_there(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for index in range(7):
        (desk / f"mine/images/p{index}.jpg").write_bytes(b"no picture")
    assert limner("data", "import", "mine") == 1
    told = capsys.readouterr().err.splitlines()
    assert told[-1] == "limner: 7 of 10 photos were left out: data/mine/failures.jsonl"
    assert [line.partition(": cannot")[0] for line in told[-6:-1]] == [
        f"limner: mine/images/p{n}.jpg" for n in range(5)
    ]
    assert len((desk / "data/mine/failures.jsonl").read_text().splitlines()) == 7
    assert len((desk / "data/manifest.csv").read_text().splitlines()) == 4


def test_other_layouts_are_told_and_asked_for(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    WRITERS["coco"](desk / "coco")
    assert limner("data", "import", "coco", "--person", "cat") == 0
    assert "read as the layout coco; --layout names another one" in capsys.readouterr().out
    assert limner("data", "import", "coco", "--layout", "cvat", "--name", "x") == 2
    assert "coco: --layout cvat expects an XML file of CVAT" in capsys.readouterr().err
    assert limner("data", "import", "coco", "--layout", "coca", "--name", "x") == 2
    assert "--layout 'coca': must be one of datumaro, coco" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("nowhere",), "nowhere: no such folder"),
        (("mine", "--name", "a b"), "set 'a b': a set's name has letters"),
        (("mine", "--mask", "drawn"), "mask: must be one of hand"),
        (("mine", "--mask", "none"), "mine/masks: photos of the kind none have no masks"),
        (("rooms", "--mask", "hand"), "lie in a folder images"),
        (("rooms", "--mask", "exact"), "r0.webp: has no transparency"),
        (("mine", "--val", "1.5"), "val: must lie in"),
        (("mine", "--output", "mine/images/p0.jpg"), "p0.jpg"),
    ],
)
def test_wrong_imports_are_refused_in_one_line(
    desk: Path, capsys: pytest.CaptureFixture[str], args: tuple[str, ...], message: str
) -> None:
    assert limner("data", "import", *args) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert not (desk / "data/manifest.csv").exists()
