"""A watched folder: photos come once, when they are whole, and again when they change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image as Pillow

from limner.errors import LimnerError, MediaError
from limner.processing.watching import AGAIN, PATIENCE, SETTLED, WatchedFolder


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def photo(path: Path, color: int = 0, *, size: int = 8) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.new("RGB", (size, size), (color, 0, 0)).save(path)


class Watched:
    """A folder in/ with results in out/, and a clock that is set by hand."""

    def __init__(self, root: Path, output: str = "out", **how: object) -> None:
        self.clock = Clock()
        (root / "in").mkdir(exist_ok=True)
        options = {"format": None, "alpha": False, "lossless": False} | how
        self.folder = WatchedFolder(root / "in", root / output, clock=self.clock, **options)  # type: ignore[arg-type]

    def later(self, seconds: float = 0.0) -> list[str]:
        self.clock.now += seconds
        return [Path(job.name).name for job in self.folder.look()]


def test_photos_come_once_when_they_have_settled(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    assert watched.later() == []
    photo(tmp_path / "in" / "a.jpg")
    photo(tmp_path / "in" / "deep" / "b.png")
    (tmp_path / "in" / "notes.txt").write_text("no photo")
    (tmp_path / "in" / ".a.jpg.part").write_bytes(b"half")
    assert watched.later() == []
    assert watched.later(SETTLED - 0.1) == []
    assert watched.later(0.1) == ["a.jpg", "b.png"]
    assert watched.later(60) == []


def test_a_photo_that_grows_is_left_until_it_stops(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    photo(tmp_path / "whole.jpg", size=64)
    data = (tmp_path / "whole.jpg").read_bytes()
    target = tmp_path / "in" / "a.jpg"
    for end in range(100, len(data), 100):
        target.write_bytes(data[:end])
        assert watched.later(SETTLED * 0.6) == []
    target.write_bytes(data)
    assert watched.later(SETTLED * 0.6) == []
    assert watched.later(SETTLED) == ["a.jpg"]


def test_a_photo_that_cannot_be_read_comes_again_until_nothing_changes_for_long(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    (tmp_path / "in" / "a.jpg").write_bytes(b"half")
    assert watched.later() == []
    watched.clock.now += SETTLED
    [job] = watched.folder.look()
    assert not watched.folder.failed(job)
    assert watched.later(AGAIN * 0.9) == []
    assert watched.later(AGAIN * 0.2) == ["a.jpg"]
    assert not watched.folder.failed(job)
    assert watched.later(PATIENCE) == ["a.jpg"]
    assert watched.folder.failed(job)
    assert watched.later(PATIENCE) == []
    photo(tmp_path / "in" / "a.jpg")  # at last
    assert watched.later() == []
    assert watched.later(SETTLED) == ["a.jpg"]


def test_what_changes_while_it_is_read_is_not_given_up(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    (tmp_path / "in" / "a.jpg").write_bytes(b"half")
    watched.later()
    watched.clock.now += PATIENCE + 1
    [job] = watched.folder.look()
    (tmp_path / "in" / "a.jpg").write_bytes(b"half and more")
    assert not watched.folder.failed(job)
    assert watched.later() == []
    assert watched.later(SETTLED) == ["a.jpg"]


def test_a_photo_that_changes_or_comes_back_is_done_again(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    photo(tmp_path / "in" / "a.jpg")
    watched.later()
    assert watched.later(SETTLED) == ["a.jpg"]
    photo(tmp_path / "in" / "a.jpg", 200, size=9)
    assert watched.later() == []
    assert watched.later(SETTLED) == ["a.jpg"]
    (tmp_path / "in" / "a.jpg").unlink()
    assert watched.later() == []
    photo(tmp_path / "in" / "a.jpg", 100, size=10)
    assert watched.later() == []
    assert watched.later(SETTLED) == ["a.jpg"]


def test_what_an_earlier_run_did_is_not_done_again(tmp_path: Path) -> None:
    for name in ("old.jpg", "changed.jpg", "new.jpg"):
        photo(tmp_path / "in" / name)
        os.utime(tmp_path / "in" / name, (1000, 1000))
    for name in ("old.jpg", "changed.jpg"):
        photo(tmp_path / "out" / name)
        os.utime(tmp_path / "out" / name, (2000, 2000))
    os.utime(tmp_path / "in" / "changed.jpg", (3000, 3000))
    watched = Watched(tmp_path)
    watched.later()
    assert watched.later(SETTLED) == ["changed.jpg", "new.jpg"]


def test_results_below_the_folder_are_no_photos_of_it(tmp_path: Path) -> None:
    watched = Watched(tmp_path, "in/out", format="png", alpha=True)
    photo(tmp_path / "in" / "a.jpg")
    photo(tmp_path / "in" / "out" / "a.png")
    watched.later()
    watched.clock.now += SETTLED
    assert [(job.name, job.output) for job in watched.folder.look()] == []  # its result is there
    photo(tmp_path / "in" / "b.jpg")
    watched.later()
    watched.clock.now += SETTLED
    assert [job.output for job in watched.folder.look()] == [str(tmp_path / "in" / "out" / "b.png")]


def test_what_cannot_be_watched_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "in").mkdir()
    for folder, output, text in (
        ("none", "out", "none: watch needs a folder; make it first"),
        ("file", "out", "file: watch needs a folder; this is a file"),
        ("in", "in", "is the folder that is watched; name another, "),
        ("in", "in/../in", "is the folder that is watched; name another, "),
        ("in", "file", "is a file, and watch needs a folder for the results"),
    ):
        with pytest.raises(LimnerError) as caught:
            WatchedFolder(tmp_path / folder, tmp_path / output, format=None, alpha=False, lossless=False)
        assert text in str(caught.value)
    watched = Watched(tmp_path)
    (tmp_path / "in").rmdir()
    with pytest.raises(MediaError, match=r"in: is gone; watch ends"):
        watched.later()
