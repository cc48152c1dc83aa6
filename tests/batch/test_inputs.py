"""Which photos the inputs of a batch mean."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from limner.batch.inputs import listed, photos_of
from limner.errors import LimnerError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("in/a.jpg", "in/deep/b.png", "in/notes.txt", "other/a.jpg", "plain", "words/only.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "list.txt").write_text("\ufeffin/a.jpg\n\n# a remark\n  other/a.jpg  \n")
    (tmp_path / "none.txt").write_text("# nothing\n")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("inputs", "root", "below", "skipped"),
    [
        (["in"], None, ["a.jpg", "deep/b.png"], ["in/notes.txt"]),
        (["in/a.jpg", "in"], None, ["a.jpg", "deep/b.png"], ["in/notes.txt"]),
        (["in/a.jpg", "./in/../in/a.jpg"], None, ["a.jpg"], []),
        (["in/*"], None, ["a.jpg"], ["in/notes.txt"]),
        (["plain"], None, ["plain"], []),  # a photo that is named may have any extension
        (["@list.txt"], None, ["a.jpg", "a.jpg"], []),
        (["@list.txt"], ".", ["in/a.jpg", "other/a.jpg"], []),
        (["in/deep"], "in", ["deep/b.png"], []),
    ],
)
def test_the_photos_and_their_paths(
    here: Path, inputs: list[str], root: str | None, below: list[str], skipped: list[str]
) -> None:
    left_out: list[str] = []
    assert [found.below for found in photos_of(inputs, "out", root, left_out)] == below
    assert left_out == skipped


@pytest.mark.parametrize(
    ("inputs", "root", "told"),
    [
        (["none.jpg"], None, "none.jpg: no such file or folder"),
        (["words"], None, "words: there is no photo in this folder"),
        (["in/*.txt"], None, "in/*.txt: the pattern matches no photo"),
        (["@none.txt"], None, "none.txt: the list names no photo"),
        (["@missing.txt"], None, "missing.txt: cannot be read"),
        (["@binary.txt"], None, "binary.txt: is no list"),
        (["in/a.jpg"], "other", "root other: in/a.jpg does not lie below it"),
    ],
)
def test_what_cannot_be_read(here: Path, inputs: list[str], root: str | None, told: str) -> None:
    with pytest.raises(LimnerError) as raised:
        list(photos_of(inputs, "out", root, []))
    assert told in str(raised.value)


def test_a_list_from_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a.jpg\n#b.jpg\nc.jpg"))
    assert list(listed(["x.jpg", "@-"])) == ["x.jpg", "a.jpg", "c.jpg"]


def test_a_file_whose_name_begins_with_an_at_sign(here: Path) -> None:
    (here / "@me.jpg").touch()
    assert list(listed(["@me.jpg"])) == ["@me.jpg"]
