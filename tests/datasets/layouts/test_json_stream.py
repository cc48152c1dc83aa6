"""Streamed JSON says what the whole file says, wherever it is cut into chunks, and damage is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from limner.datasets.layouts import json_stream
from limner.datasets.layouts.json_stream import read_items
from limner.errors import DataError

CONTENT: dict[str, Any] = {
    "info": {"a": [1, 2, {"b": None}], "é": 'ü\n"x" ☃'},
    "empty": [],
    "numbers": [0, -1, 12345678901234567890, 1.5e-7, True],
    "images": [{"id": number, "file_name": f"{number}.jpg", "ring": [[number / 3] * 20]} for number in range(50)],
    "last": 123456,
}


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64, 1 << 20])
@pytest.mark.parametrize("indent", [None, 2])
def test_it_is_what_the_whole_file_is(chunk: int, indent: int | None, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(json_stream, "_CHUNK", chunk)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(CONTENT, ensure_ascii=chunk % 2 == 0, indent=indent), encoding="utf-8")
    expected = []
    for key, value in CONTENT.items():
        expected += [(key, item) for item in value] if isinstance(value, list) else [(key, value)]
    assert list(read_items(path)) == expected


def test_an_empty_object_and_a_mark_at_the_beginning(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf { }\n")
    assert list(read_items(tmp_path / "a.json")) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        "{",
        '{"a"',
        '{"a": ',
        '{"a": [1',
        '{"a": [1,',
        '{"a": [1 2]}',
        '{"a": 1 "b": 2}',
        "{1: 2}",
        '{"a": x}',
        '{"a"; 1}',
    ],
)
def test_damage_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.json: is no JSON .*export it again"):
        list(read_items(tmp_path / "a.json"))


def test_no_file_and_no_text(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file"):
        list(read_items(tmp_path / "none.json"))
    (tmp_path / "a.json").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(DataError, match="is no JSON"):
        list(read_items(tmp_path / "a.json"))
