"""Output files that appear whole or not at all."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from limner.errors import MediaError
from limner.media.video_files import aside
from limner.whole_file import whole_file


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("existed", [False, True])
def test_a_failed_block_leaves_what_was_there(tmp_path: Path, error: type[BaseException], existed: bool) -> None:
    target = tmp_path / "o.bin"
    if existed:
        target.write_bytes(b"old")

    def fail() -> None:
        with whole_file(target) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == (["o.bin"] if existed else [])
    assert not existed or target.read_bytes() == b"old"


def test_nothing_is_seen_under_the_name_before_the_end(tmp_path: Path) -> None:
    target = tmp_path / "o.bin"
    with whole_file(target) as file:
        file.write(b"all of it")
        file.flush()
        assert not target.exists()
    assert target.read_bytes() == b"all of it"
    assert list(tmp_path.iterdir()) == [target]
    (tmp_path / "plain").write_bytes(b"")
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


@pytest.mark.parametrize(("name", "says"), [("none/o.bin", "there is no folder"), (".", "is a folder")])
def test_where_nothing_can_be_written(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(MediaError, match=says), whole_file(tmp_path / name):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists() or sys.platform != "linux", reason="a device that is always full")
def test_a_full_device_is_one_clear_line() -> None:
    with pytest.raises(MediaError, match=r"^/dev/full: cannot be written: No space left"), whole_file("/dev/full") as f:
        f.write(bytes(100_000))
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="a system without /dev/stdout")
def test_the_name_of_a_pipe_is_written_to_directly() -> None:
    program = """
from limner.whole_file import whole_file
with whole_file("/dev/stdout") as file:
    file.write(b"through")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"through"


@pytest.mark.parametrize("name", ["🙂" * 61 + ".jpg", "ä" * 120 + ".jpg", "x" * 250 + ".jpg"])
def test_long_names_are_counted_in_bytes(tmp_path: Path, name: str) -> None:
    with whole_file(tmp_path / name) as file:
        file.write(b"all")
    assert (tmp_path / name).read_bytes() == b"all"
    assert len(os.fsencode(aside(tmp_path / name).name)) <= 255
