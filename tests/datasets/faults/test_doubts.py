"""Photos with errors and doubts become a list that a review reads; notes do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.cli.app import main
from limner.datasets.faults.doubts import write_doubts
from limner.datasets.faults.kinds import Fault
from limner.errors import DataError
from limner.review.desk import Desk, ReviewOptions
from review_parts import write_review


def test_each_photo_once_with_all_that_is_wrong(tmp_path: Path) -> None:
    faults = [
        Fault("empty", ("a", "1"), "nobody"),
        Fault("cut", ("a", "0"), "at the top"),
        Fault("disagrees", ("b", "9"), "IoU 0.3"),
        Fault("soft", ("a", "1"), "4 pixels"),
    ]
    assert write_doubts(tmp_path / "doubts.csv", faults) == 2
    assert (tmp_path / "doubts.csv").read_text() == (
        "set,stem,why\na,1,empty mask: nobody; soft where hard is expected: 4 pixels\nb,9,the net disagrees: IoU 0.3\n"
    )
    with pytest.raises(DataError, match="cannot be written"):
        write_doubts(tmp_path / "none/doubts.csv", faults)


def test_what_check_lists_review_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, _ = write_review(tmp_path)
    (data / "a/masks/2.png").write_bytes(b"no picture")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(["data", "check", "data", "--list", "doubts.csv"])
    assert stop.value.code == 1
    with Desk(data, tmp_path / "checked", ReviewOptions(listed=tmp_path / "doubts.csv")) as desk:
        shown = {item.photo.stem: item.why for item in desk.items}
    assert shown["2"].startswith("unreadable: ")
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main(["data", "check", "data", "--list", "none/doubts.csv"])
    assert stop.value.code == 2
    assert "--list none/doubts.csv: the folder none does not exist" in capsys.readouterr().err
