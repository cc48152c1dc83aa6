"""`limner data split`: what it prints, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from drawn_people import draw_person
from layout_folders import save
from limner.cli.app import main


def limner(*args: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(arg) for arg in args])
    return int(stop.value.code or 0)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ten photos with masks in a data folder, all of one source."""
    for seed in range(10):
        for name, array in zip(("images", "masks"), draw_person(seed), strict=True):
            save(tmp_path / f"mine/{name}/p{seed}.png", array)
    monkeypatch.chdir(tmp_path)
    assert limner("data", "import", "mine", "--source", "me", "--val", "0") == 0
    return tmp_path


def test_it_says_what_it_did_and_what_it_would_do(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = desk / "data/manifest.csv"
    before = manifest.read_text(encoding="utf-8")
    capsys.readouterr()
    assert limner("data", "split", "--by", "stem", "--val", "0.2", "--test", "0.1", "--dry-run") == 0
    out = capsys.readouterr().out
    assert "10 groups; the split of 3 photos would change" in out
    assert manifest.read_text(encoding="utf-8") == before
    assert limner("data", "split", "--by", "stem", "--val", "0.2", "--test", "0.1") == 0
    assert "the split of 3 photos changed" in capsys.readouterr().out
    text = manifest.read_text(encoding="utf-8")
    assert (text.count(",val,"), text.count(",test,")) == (2, 1)


def test_a_broken_photo_is_exit_code_1(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "data/mine/images/p3.png").write_bytes(b"no picture")
    assert limner("data", "split") == 1
    assert "limner: 1 photos cannot be read: limner data check data" in capsys.readouterr().err
    assert limner("data", "stats") == 1
    assert "mine: 9 photos" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("--by", "source", "--no-twins"),
            "no photo would be in the split val: by the column source there are 1 groups",
        ),
        (("--by", "who", "--no-twins"), "has no column --by who"),
        (("--sets", "other"), "there is no set 'other'"),
        (("--val", "0.6", "--test", "0.6"), "--val and --test are 1.2 together"),
        (("mine",), "mine: is no data folder"),
        (("nowhere",), "nowhere: is no data folder"),
    ],
)
def test_what_is_refused(desk: Path, capsys: pytest.CaptureFixture[str], args: tuple[str, ...], message: str) -> None:
    before = (desk / "data/manifest.csv").read_bytes()
    capsys.readouterr()
    assert limner("data", "split", *args) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert (desk / "data/manifest.csv").read_bytes() == before
