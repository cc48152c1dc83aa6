"""A file appears whole under its name, or what was there stays."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from limner.errors import MediaError
from limner.whole_file import aside, whole_text, writing


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("existed", [False, True])
def test_a_failed_block_leaves_what_was_there(tmp_path: Path, error: type[BaseException], existed: bool) -> None:
    target = tmp_path / "a.txt"
    if existed:
        whole_text(target, "old")

    def fail() -> None:
        with aside(target) as partial:
            partial.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == (["a.txt"] if existed else [])
    assert not existed or target.read_text() == "old"


def test_permissions_are_those_of_an_ordinary_file_or_of_the_old_one(tmp_path: Path) -> None:
    target, plain = tmp_path / "a.txt", tmp_path / "plain"
    plain.write_text("")
    with aside(target) as partial:
        partial.unlink()  # as libraries do that write a file of their own
        partial.write_text("new")
        partial.chmod(0o600)
        assert not target.exists()
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    target.chmod(0o640)
    whole_text(target, "é\r\n")
    assert target.read_bytes() == "é\r\n".encode()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    whole_text(tmp_path / "link", "x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "x"


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        whole_text(tmp_path / "none" / "a.txt", "x")


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "a.txt: cannot be written: No space left on device; free some space or name another disk"),
        (errno.EROFS, "a.txt: cannot be written: Read-only file system; name another disk"),
        (errno.EACCES, "a.txt: cannot be written: Permission denied; make the folder writable or name another"),
        (errno.EIO, "a.txt: cannot be written: Input/output error"),
    ],
)
def test_what_the_system_says_becomes_one_line_with_a_remedy(number: int, told: str) -> None:
    with pytest.raises(MediaError) as caught, writing("a.txt"):
        raise OSError(number, os.strerror(number))
    assert str(caught.value) == told
