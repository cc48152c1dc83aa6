"""`limner data crop`, `resize` and `remask`: what they print, write and refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from drawn_bodies import body
from drawn_people import write_data_folder
from layout_folders import save
from limner.cli.app import main
from limner.datasets.manifest import read_manifest


def limner(*args: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(arg) for arg in args])
    return int(stop.value.code or 0)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_data_folder(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_crop_takes_people_only_and_lists_what_it_left_out(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, head in enumerate((40, 50, 20)):
        mask = body(400, 300, head, 120 + 30 * number, 10)
        save(desk / f"whole/images/{number}.png", np.dstack([mask] * 3))
        save(desk / f"whole/masks/{number}.png", mask)
    save(desk / "rooms/r.png", np.zeros((64, 64, 3), np.uint8))
    assert limner("data", "import", "whole", "-o", "bodies") == 0
    assert limner("data", "import", "rooms", "-o", "bodies", "--mask", "none") == 0
    capsys.readouterr()
    assert limner("data", "crop", "bodies", "-o", "heads", "--aspect", "3:4", "--least", "32") == 0
    assert "heads: 3 photos" in capsys.readouterr().out
    photos = read_manifest(desk / "heads")
    assert {photo.mask for photo in photos} == {"hand"}
    assert all(photo.width / photo.height == pytest.approx(0.75, abs=0.03) for photo in photos)
    assert limner("data", "crop", "bodies", "-o", "more") == 1
    told = capsys.readouterr().err
    assert "limner: 1 of 3 photos were left out: more/failures.jsonl" in told
    assert "whole/2: head and shoulders have only" in told


def test_resize_shrinks_all(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert limner("data", "resize", "data", "-o", "small", "--longest", "48", "--masks", "nearest") == 0
    assert "small: 37 photos" in capsys.readouterr().out
    assert {(photo.width, photo.height) for photo in read_manifest(desk / "small")} == {(36, 48)}


def test_remask(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    limner("data", "resize", "data", "-o", "small", "--longest", "48", "--sets", "faces_close_up")
    capsys.readouterr()
    assert limner("data", "remask", "small/faces_close_up/masks", "-o", "hard", "--threshold", "0.3") == 0
    assert capsys.readouterr().out == "hard: 8 masks\n"
    assert limner("data", "remask", "small/faces_close_up/masks", "-o", "red", "--color", "red") == 0
    assert capsys.readouterr().out == "red: 8 masks, 8 of them empty\n"
    (desk / "small/faces_close_up/masks/0001.png").write_bytes(b"no picture")
    assert limner("data", "remask", "small/faces_close_up/masks", "-o", "rest") == 1
    assert "1 pictures could not be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("crop", "data", "-o", "data"), "data: is a data folder already; name another one with --output"),
        (("crop", "data", "-o", "x", "--aspect", "wide"), "--aspect wide: must be width:height"),
        (("crop", "data", "-o", "x", "--aspect", "1:0"), "--aspect 1:0: must be width:height"),
        (("crop", "data", "-o", "x", "--heads", "0"), "--heads: must lie in [1, 20]"),
        (("crop", "data", "-o", "x", "--sets", "no_people_rooms"), "has no photos of this kind"),
        (("resize", "data", "-o", "x", "--masks", "cubic"), "--masks: must be area or nearest, not 'cubic'"),
        (("resize", "data", "-o", "x", "--format", "gif"), "--format: must be one of jpg, png, webp"),
        (("resize", "nowhere", "-o", "x"), "nowhere: is no data folder"),
        (("remask", "nowhere", "-o", "x"), "nowhere: no such folder"),
        (("remask", "data", "-o", "x"), "data: holds no pictures"),
        (("remask", "data", "-o", "x", "--color", "redd"), "--color 'redd' is no colour"),
        (("remask", "data", "-o", "x", "--threshold", "2"), "--threshold: must lie in (0, 1]"),
    ],
)
def test_what_is_refused(desk: Path, capsys: pytest.CaptureFixture[str], args: tuple[str, ...], message: str) -> None:
    before = sorted(desk.rglob("*"))
    assert limner("data", *args) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert sorted(desk.rglob("*")) == before
