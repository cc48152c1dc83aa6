"""A folder that one run at a time writes into."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from limner.errors import MediaError, OptionError
from limner.one_writer import OneWriter

HOLD = "import sys, time; from pathlib import Path; from limner.one_writer import OneWriter\n"
HOLD += "lock = OneWriter(Path(sys.argv[1])); print('held', flush=True); time.sleep(600)"


def test_a_second_run_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    with OneWriter(tmp_path):
        with pytest.raises(OptionError, match="another run of limner writes into it; wait for its end"):
            OneWriter(tmp_path, error=OptionError)
        with OneWriter(tmp_path / "beside"):
            pass
    with OneWriter(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_was_killed_holds_nothing(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "held\n"
        with pytest.raises(MediaError, match="another run"):
            OneWriter(tmp_path)
        run.send_signal(signal.SIGKILL)
        run.wait()
    OneWriter(tmp_path).release()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_made_stays_only_with_something_in_it(tmp_path: Path) -> None:
    with OneWriter(tmp_path / "a" / "b") as lock:
        assert lock.made
    assert not (tmp_path / "a" / "b").exists()
    with OneWriter(tmp_path / "c"):
        (tmp_path / "c" / "result").touch()
    assert (tmp_path / "c" / "result").exists()


def test_a_folder_that_another_run_replaced_meanwhile_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, result = tmp_path / "out", tmp_path / "result"
    folder.mkdir()
    result.mkdir()
    lock = os.open

    def late(path: Path, *flags: int) -> int:
        handle = lock(path, *flags)
        if path == folder:
            result.rename(folder)
        return handle

    monkeypatch.setattr(os, "open", late)
    with pytest.raises(MediaError, match="another run"):
        OneWriter(folder)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MediaError, match="is not a folder; name another folder"):
        OneWriter(tmp_path / "file" / "folder")
