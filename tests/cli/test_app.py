"""The command as a process: how it ends when stdout is full or its terminal is closed."""

from __future__ import annotations

import errno
import functools
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer

from limner import samples
from limner.cli import app


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", [["models"], ["image", str(samples.PORTRAIT), "-o", "-", "--format", "png"]])
def test_a_full_stdout_is_one_line(command: list[str], tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "limner", *command], stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path
        )
    assert (done.returncode, done.stderr) == (
        2,
        "limner: stdout: cannot be written: No space left on device; free some space\n",
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX signals")
def test_a_closed_terminal_leaves_nothing_half_written(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "limner", "video", str(samples.CLIP), "-o", "out.mp4"]
    heed = functools.partial(signal.signal, signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL, preexec_fn=heed) as run:
        until = time.monotonic() + 60
        while not list(tmp_path.glob(".out.mp4.*.part")) and run.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        assert run.poll() is None
        run.send_signal(signal.SIGHUP)
        assert run.wait(60) == 129
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_elsewhere_is_not_called_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    fails = typer.Typer()

    @fails.command()
    def fail() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(app, "_load", lambda _name: fails)
    with pytest.raises(OSError, match="No space left"):
        app.main(["models"])


@pytest.mark.parametrize("group", [[], ["data"], ["models"]])
def test_the_lists_of_commands_are_whole_sentences(
    group: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        app.main([*group, "--help"])
    lines = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    assert len(lines) >= 2
    for line in lines:
        assert re.fullmatch(r"  [a-z]+  +[A-Z].*[a-z0-9]\.", line), line
        assert len(line) <= 80


def test_a_command_loads_no_library_that_it_does_not_need() -> None:
    """pydantic is the trainer's; typer 0.29 loads it for every command, which doubles what these take to start."""
    code = """if True:
        import sys
        from limner.cli import app
        try:
            app.main(["models", "--json"])
        except SystemExit:
            print(sorted({"pydantic", "torch", "cv2", "onnxruntime"} & set(sys.modules)), file=sys.stderr)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"
