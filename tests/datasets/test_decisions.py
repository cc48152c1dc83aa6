"""What a person decides is kept at once, read again whatever happened, and settles what becomes of photos."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.datasets.decisions import Decisions, settled
from limner.datasets.masks_overlay import MasksOverlay, Row, write_overlay
from limner.datasets.photo import Photo
from limner.errors import DataError


def photo(stem: str, mask: str = "auto") -> Photo:
    return Photo("a", stem, "train", mask, 4, 4, "")  # type: ignore[arg-type]


def test_the_last_word_counts_and_half_a_line_does_not(tmp_path: Path) -> None:
    said = Decisions(tmp_path)
    said.put(photo("1"), "accept")
    said.put(photo("2"), "reject")
    said.put(photo("1"), "nobody")
    said.put(photo("3"), "accept")
    said.put(photo("3"), None)
    with said.path.open("a") as file:
        file.write('{"set": "a", "stem": "2", "verd')
    again = Decisions(tmp_path)
    assert again.verdicts == said.verdicts == {("a", "1"): "nobody", ("a", "2"): "reject"}
    again.put(photo("2"), "repair")
    assert Decisions(tmp_path).of(photo("2")) == "repair"


@pytest.mark.parametrize("line", ["no json", "[1]", '{"set": "a"}', '{"set": "a", "stem": "b", "verdict": "maybe"}'])
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "decisions.jsonl").write_text(f'{{"set": "a", "stem": "1", "verdict": "accept"}}\n{line}\n')
    with pytest.raises(DataError, match=r"decisions\.jsonl:2: "):
        Decisions(tmp_path)


@pytest.mark.parametrize(
    ("verdict", "drawn", "mask", "left"),
    [
        ("accept", True, "auto", ("auto", 1.0)),
        ("accept", False, "hand", ("hand", 1.0)),
        ("reject", True, "auto", None),
        ("reject", False, "exact", None),
        ("nobody", True, "unlabelled", ("none", 1.0)),
        ("repair", True, "unlabelled", ("hand", 1.0)),
        ("repair", True, "auto", ("hand", 1.0)),
    ],
)
def test_what_becomes_of_a_photo(
    tmp_path: Path, verdict: str, drawn: bool, mask: str, left: tuple[str, float] | None
) -> None:
    one = photo("1", mask)
    row = Row("a", "1", "old", 0.5, 0.6, 0.7, one.mask)
    write_overlay(tmp_path / "masks.csv", [settled(one, verdict, row, drawn=drawn)])  # type: ignore[arg-type]
    overlay = MasksOverlay(tmp_path)
    assert [(each.mask, each.weight) for each in overlay.apply([one])] == ([] if left is None else [left])
    assert (overlay.mask_path(one) is not None) == (verdict in ("accept", "repair") and drawn)
    assert overlay.rows["a", "1"].agreement == 0.6


def test_rows_without_decisions_stay(tmp_path: Path) -> None:
    said = Decisions(tmp_path)
    said.put(photo("2"), "accept")
    rows = [Row("a", "1", "new", 1.0, 0.9, 0.0)]
    found = said.settle(rows, [photo("1"), photo("2")], lambda _: False)
    assert found[0] == rows[0]
    assert (found[1].stem, found[1].use, found[1].verdict) == ("2", "old", "accept")
