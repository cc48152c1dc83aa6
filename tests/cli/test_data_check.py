"""`limner data check`: what it prints, its exit codes, its files, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drawn_people import draw_person
from faulty_photos import MASKS, write_faulty
from layout_folders import save
from limner.cli.app import main


def limner(*args: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(arg) for arg in args])
    return int(stop.value.code or 0)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with faults, `data`, and a clean folder of photos and masks, `clean`."""
    write_faulty(tmp_path / "data")
    for seed in range(3):
        for name, array in zip(("images", "masks"), draw_person(seed), strict=True):
            save(tmp_path / f"clean/{name}/{seed}.png", array)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_errors_are_exit_code_1_and_json_lists_all(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert limner("data", "check", "--json", "--report", "r.html") == 1
    out = capsys.readouterr()
    found = json.loads(out.out)
    assert out.err == ""
    assert found["photos"] == len(MASKS)
    assert {fault["photo"].partition("/")[2]: fault["kind"] for fault in found["faults"]} == {
        stem: kind for stem, kind in MASKS.items() if kind
    }
    assert found["errors"] == sum(fault["weight"] == "error" for fault in found["faults"]) == 10
    assert not any(fault["mended"] for fault in found["faults"])
    assert (desk / "r.html").stat().st_size > 10_000


def test_fix_mends_and_says_so(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert limner("data", "check", "data") == 1
    assert "--fix mends 8 faults" in capsys.readouterr().out
    assert limner("data", "check", "data", "--fix") == 1  # what is not safe is still there
    out = capsys.readouterr().out
    assert "8 faults mended: 3 masks changed, 4 photos taken out; before-fix has what was there before" in out
    assert limner("data", "check", "data", "--fix", "--json") == 1
    assert {fault["kind"] for fault in json.loads(capsys.readouterr().out)["faults"]}.isdisjoint({"leak", "unreadable"})


def test_a_clean_folder_of_another_layout(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert limner("data", "check", "clean") == 0
    assert capsys.readouterr().out == "3 photos, 0 errors\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("nowhere",), "nowhere: no such folder"),
        (("clean", "--fix"), "clean: --fix needs a data folder"),
        (("data", "--model", "none.onnx"), "none.onnx"),
        (("data", "--report", "data/manifest.csv"), "--report data/manifest.csv: is a file of data"),
        (("data", "--report", "none/r.html"), "--report none/r.html: the folder none does not exist"),
        (("data", "--agree", "2"), "--agree"),
        (("clean/images/0.png",), "clean/images/0.png: is no folder"),
    ],
)
def test_what_is_refused(desk: Path, capsys: pytest.CaptureFixture[str], args: tuple[str, ...], message: str) -> None:
    before = sorted(desk.rglob("*"))
    assert limner("data", "check", *args) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert sorted(desk.rglob("*")) == before
