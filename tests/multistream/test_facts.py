"""Lines of JSON: what they say of a matte, and how they reach a file or stdout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("yaml")

from limner.matte import Matte, hidden_matte
from limner.multistream.facts import Lines, box, facts
from multistream_parts import lines


def block(rows: slice, columns: slice, alpha: float = 1.0) -> Matte:
    values = np.zeros((40, 80), np.float32)
    values[rows, columns] = alpha
    return Matte(values, 0.9)


@pytest.mark.parametrize(
    ("matte", "expected"),
    [
        (block(slice(10, 30), slice(20, 60)), [20, 10, 40, 20]),
        (block(slice(0, 40), slice(0, 80)), [0, 0, 80, 40]),
        (block(slice(39, 40), slice(79, 80)), [79, 39, 1, 1]),
        (block(slice(10, 30), slice(20, 60), 0.5), None),
        (block(slice(0, 0), slice(0, 0)), None),
    ],
)
def test_a_box_holds_what_is_more_person_than_not(matte: Matte, expected: list[int] | None) -> None:
    assert box(matte) == expected


def test_a_line() -> None:
    line = facts("door", 7, 1.25, 1_700_000_000.5, block(slice(10, 30), slice(20, 60)))
    assert line == {
        "stream": "door", "frame": 7, "time": 1.25, "at": "2023-11-14T22:13:20.500+00:00", "size": [80, 40],
        "person": 0.25, "box": [20, 10, 40, 20], "confidence": 0.9, "hidden": False,
    }  # fmt: skip
    hidden = facts("door", 8, 1.3, 0.0, hidden_matte((40, 80)))
    assert (hidden["person"], hidden["box"], hidden["hidden"]) == (None, None, True)
    json.dumps(line)


def test_lines_are_added_to_a_file(tmp_path: Path) -> None:
    told: list[str] = []
    path = tmp_path / "a.jsonl"
    path.write_text('{"old": 1}\n')
    writer = Lines(str(path), told.append)
    for number in range(50):
        writer.write({"n": number})
    writer.close()
    assert lines(path) == [{"old": 1}, *({"n": number} for number in range(50))]
    assert told == []


def test_lines_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    writer = Lines("-", print)
    writer.write({"n": 1})
    writer.close()
    assert capsys.readouterr().out == '{"n": 1}\n'


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_once() -> None:
    told: list[str] = []
    writer = Lines("/dev/full", told.append)
    for number in range(3000):
        writer.write({"n": number})
    writer.close()
    assert told == ["/dev/full: cannot be written: No space left on device; no more lines go there"]
