"""What is suggested for misspelt names and files, and where nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.suggestions import check_the_name, did_you_mean, nearest

KNOWN = ["blur", "color", "light_wrap", "harmonize"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("blurr", "blur"),
        ("BLUR", "blur"),
        ("colour", "color"),
        ("light-wrap", "light_wrap"),
        ("Harmonise", "harmonize"),
        ("sepia", None),
        ("bluish", None),
        ("", None),
    ],
)
def test_the_nearest_name(name: str, found: str | None) -> None:
    assert nearest(name, KNOWN) == found
    assert did_you_mean(name, iter(KNOWN)) == (f"; did you mean '{found}'?" if found else "")


def test_of_names_that_differ_in_case_the_first_is_taken() -> None:
    assert nearest("fast", ["Fast", "FAST"]) == "Fast"


def test_the_file_that_was_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("holiday.jpg", "holiday.txt", "out.yaml"):
        (tmp_path / name).touch()
    assert check_the_name(tmp_path / "holliday.jpeg") == f"; did you mean {tmp_path / 'holiday.jpg'}?"
    assert check_the_name(tmp_path / "holyday.txt") == f"; did you mean {tmp_path / 'holiday.txt'}?"
    assert check_the_name(tmp_path / "x.mp4") == check_the_name(tmp_path / "no.yaml") == "; check the name"
    missing = tmp_path / "none"
    assert check_the_name(missing / "x.jpg") == f"; the folder {missing} is not there either, check its name"
    assert check_the_name(tmp_path / "holiday.jpg/x.jpg") == "; check the name"
    monkeypatch.chdir(tmp_path)
    assert check_the_name(Path("Holiday.JPG")) == "; did you mean holiday.jpg?"
