"""Local files as a storage: what is found, and results that are whole or not there."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from limner.batch.local_files import LocalFiles
from limner.errors import LimnerError, MediaError


@pytest.fixture
def here(tmp_path: Path) -> Path:
    for name in ("in/b.jpg", "in/a.txt", "in/deep/c.jpg", "in/.hidden/d.jpg", "in/.e.jpg", "in/out/f.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path


@pytest.mark.parametrize(
    ("address", "below"),
    [
        ("in", ["a.txt", "b.jpg", "deep/c.jpg"]),
        ("file://{here}/in", ["a.txt", "b.jpg", "deep/c.jpg"]),
        ("in/b.jpg", ["b.jpg"]),
        ("in/*.jpg", ["b.jpg"]),
        ("in/**/*.jpg", ["b.jpg", "deep/c.jpg"]),
        ("in/*/c.jpg", ["deep/c.jpg"]),
        ("in/[ab].*", ["a.txt", "b.jpg"]),
    ],
)
def test_what_is_found(here: Path, monkeypatch: pytest.MonkeyPatch, address: str, below: list[str]) -> None:
    monkeypatch.chdir(here)
    found = list(LocalFiles().find(address.format(here=here), "in/out"))
    assert [file.below for file in found] == below
    assert all(file.size == len(LocalFiles().read(file.address)) for file in found)


@pytest.mark.parametrize(("address", "told"), [("none.jpg", "no such file"), ("in/*.gif", "matches no file")])
def test_what_is_not_there(here: Path, monkeypatch: pytest.MonkeyPatch, address: str, told: str) -> None:
    monkeypatch.chdir(here)
    with pytest.raises(MediaError, match=told):
        list(LocalFiles().find(address, "out"))


def test_a_change_changes_the_identity(here: Path) -> None:
    path = here / "in/b.jpg"
    (before,) = LocalFiles().find(str(path), "out")
    os.utime(path, ns=(1, before.size))
    (touched,) = LocalFiles().find(str(path), "out")
    path.write_bytes(b"longer than it was")
    os.utime(path, ns=(1, before.size))
    (changed,) = LocalFiles().find(str(path), "out")
    assert len({before.identity, touched.identity, changed.identity}) == 3


def test_parts_of_files(here: Path) -> None:
    assert LocalFiles().read(str(here / "in/b.jpg"), (3, 4)) == b"b.jp"
    with pytest.raises(MediaError, match="cannot be read"):
        LocalFiles().read(str(here / "in"))


def test_a_result_gets_its_name_and_rights_when_it_is_whole(tmp_path: Path) -> None:
    parts = tmp_path / "out/.limner-batch/parts"
    files = LocalFiles(parts)
    files.write(str(tmp_path / "out/deep/a.jpg"), b"first")
    files.write(str(tmp_path / "out/deep/a.jpg"), b"second")
    assert (tmp_path / "out/deep/a.jpg").read_bytes() == b"second"
    assert files.sizes([str(tmp_path / "out/deep/a.jpg"), str(tmp_path / "none")]) == {
        str(tmp_path / "out/deep/a.jpg"): 6
    }
    assert list(parts.iterdir()) == []
    plain = tmp_path / "plain"
    plain.touch()
    assert stat.S_IMODE((tmp_path / "out/deep/a.jpg").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


@pytest.mark.skipif(sys.platform == "win32", reason="rlimits")
def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    import resource
    import signal

    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(MediaError, match="cannot be written"):
            LocalFiles(tmp_path / "parts").write(str(tmp_path / "a.jpg"), bytes(2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LimnerError, match="is a file"):
        LocalFiles().check(str(tmp_path / "file"))
    with pytest.raises(MediaError, match="cannot be written"):
        LocalFiles().write(str(tmp_path / "file/a.jpg"), b"x")
