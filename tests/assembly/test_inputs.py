"""A result replaces nothing that is read for it: backgrounds, presentations, the empty scene."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from limner import samples
from limner.assembly.effect import EffectOptions
from limner.assembly.inputs import read_beside, refuse_to_replace
from limner.errors import OptionError


def _limner(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "limner", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_what_an_effect_reads_is_found(tmp_path: Path) -> None:
    photo, other = tmp_path / "a.jpg", tmp_path / "b.jpg"
    photo.touch()
    other.touch()
    options = EffectOptions(effect=f"blur:0.1,replace:{photo}", settings={"background": str(other), "color": "red"})
    assert sorted(read_beside(options)) == [photo, other]
    refuse_to_replace([tmp_path / "new.jpg"], options)
    with pytest.raises(OptionError, match=r"b.jpg: is read as well, for the background; name another place"):
        refuse_to_replace([other], options)
    (tmp_path / "scene.png").touch()
    with pytest.raises(OptionError, match=r"scene.png: is read as well"):
        refuse_to_replace([tmp_path / "scene.png"], options, scene=tmp_path / "scene.png")


@pytest.mark.parametrize(
    ("source", "command"),
    [
        (samples.PORTRAIT, ["image", samples.PORTRAIT, "-o", "back.jpg", "-e", "replace", "-b", "back.jpg"]),
        (samples.PORTRAIT, ["image", samples.PORTRAIT, "-o", "back.jpg", "-e", "replace:./back.jpg"]),
        (samples.CLIP, ["video", samples.CLIP, "-o", "back.mp4", "-e", "replace", "-b", "back.mp4"]),
        (samples.CLIP, ["video", samples.CLIP, "-o", "back.mp4", "-e", "frame_in_frame", "--presentation", "back.mp4"]),
    ],
)
def test_a_background_survives_being_named_as_the_result(tmp_path: Path, source: Path, command: list[object]) -> None:
    kept = tmp_path / f"back{source.suffix}"
    shutil.copy(source, kept)
    before = hashlib.sha256(kept.read_bytes()).digest()
    done = _limner(*command, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"--output {kept.name}: is read as well" in done.stderr
    assert hashlib.sha256(kept.read_bytes()).digest() == before
    assert list(tmp_path.iterdir()) == [kept]


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
