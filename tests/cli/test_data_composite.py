"""`limner data composite`: what it prints, writes and refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from cast_folders import write_cast
from limner.cli.app import main
from limner.datasets.manifest import read_manifest


def limner(*args: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(arg) for arg in args])
    return int(stop.value.code or 0)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_cast(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_set_is_made_and_added_to(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ("data", "composite", "data", "-o", "data", "--longest", 128, "--aspect", "1:1", "--format", "webp")
    assert limner(*args, "--count", 3) == 0
    assert capsys.readouterr().out == "data/composites: 3 composites\n"
    assert limner(*args, "--count", 5) == 0
    assert capsys.readouterr().out == "data/composites: 5 composites, 3 of them were there\n"
    photos = [photo for photo in read_manifest(desk / "data") if photo.set == "composites"]
    assert len(photos) == 5
    assert {photo.width for photo in photos} == {photo.height for photo in photos}
    (desk / "data/busts/images/1.png").write_bytes(b"none")
    assert limner("data", "composite", "data", "-o", "made", "--count", 7) == 1
    assert "limner: 1 composites could not be made: made/composites/failures.jsonl" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("data", "--several", "2"), "--several: must lie in [0, 1], not 2.0"),
        (("data", "--aspect", "wide"), "--aspect wide: must be width:height"),
        (("data", "--aspect", "9:1"), "--aspect: name at least one, all between 1:4 and 4:1"),
        (("data", "--longest", "9"), "--longest: must lie in [64, 4096], not 9"),
        (("data", "--split", "dev"), "--split: must be train, val or test, not 'dev'"),
        (("data", "--sets", "rooms"), "data: has no such photos of people with masks"),
        (("data", "--backgrounds", "nowhere"), "nowhere: no such folder"),
        (("data", "--thing-files", "nowhere"), "nowhere: no such folder"),
        (("data", "--format", "gif"), "--format: must be one of jpg, png, webp, not 'gif'"),
        (("data", "--name", "busts"), "holds the people themselves; choose another --name"),
        (("nowhere",), "nowhere: is no data folder"),
    ],
)
def test_what_is_refused(desk: Path, capsys: pytest.CaptureFixture[str], args: tuple[str, ...], message: str) -> None:
    before = sorted(desk.rglob("*"))
    out = "data" if "--name" in args else "made"
    assert limner("data", "composite", *args, "-o", out) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert sorted(desk.rglob("*")) == before
