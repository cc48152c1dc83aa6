"""`limner image --watch` as a process: photos that are dropped into its folder, whole and in pieces."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from limner import samples

IMAGE = [sys.executable, "-m", "limner.cli.app", "image"]


def wait(until: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not until() and time.monotonic() < end:
        time.sleep(0.05)
    return until()


def small() -> bytes:
    photo = cv2.resize(cv2.imread(str(samples.PORTRAIT)), None, fx=0.25, fy=0.25)
    return bytes(cv2.imencode(".jpg", photo)[1])


@pytest.mark.slow
@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 1), (signal.SIGTERM, 1)])
def test_photos_are_done_as_they_come_and_only_when_whole(tmp_path: Path, stop: signal.Signals, code: int) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    data = small()
    (folder / "first.jpg").write_bytes(data)
    with subprocess.Popen(
        [*IMAGE, "--watch", "in", "-o", "out", "-e", "color", "--json"], cwd=tmp_path, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        assert wait((out / "first.jpg").exists)
        (folder / "deep").mkdir()
        with (folder / "deep" / "slow.jpg").open("wb") as slow:  # a camera that writes for a while
            for at in range(0, len(data), len(data) // 6 + 1):
                slow.write(data[at : at + len(data) // 6 + 1])
                slow.flush()
                time.sleep(0.4)
        assert not (out / "deep" / "slow.jpg").exists()
        assert wait((out / "deep" / "slow.jpg").exists)
        (tmp_path / "moved.jpg").write_bytes(data)
        (tmp_path / "moved.jpg").rename(folder / "moved.jpg")
        (folder / "broken.jpg").write_bytes(data[: len(data) // 2])
        (folder / "notes.txt").write_text("no photo")
        assert wait((out / "moved.jpg").exists)
        assert run.stderr is not None
        lines: list[str] = []
        while not any("broken.jpg" in line for line in lines):
            lines.append(run.stderr.readline())  # given up after a while
        run.send_signal(stop)
        said, rest = run.communicate(timeout=60)
    assert run.returncode == code
    assert rest.splitlines()[-1].startswith("limner: watched in for 0:")
    assert "3 photos done, 1 failed: in/broken.jpg" in rest
    document = json.loads(said)
    assert [entry["photo"] for entry in document["results"]] == ["in/first.jpg", "in/deep/slow.jpg", "in/moved.jpg"]
    assert [entry["photo"] for entry in document["failures"]] == ["in/broken.jpg"]
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*.jpg")) == [
        "deep/slow.jpg",
        "first.jpg",
        "moved.jpg",
    ]
    wanted = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape
    assert all(cv2.imread(str(path)).shape == wanted for path in out.rglob("*.jpg"))


def test_what_is_done_is_not_done_again_and_nothing_failed_is_0(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(small())
    for turn in range(2):
        with subprocess.Popen(
            [*IMAGE, "in", "--watch", "-o", "in/out", "-e", "color"], cwd=tmp_path, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
        ) as run:  # fmt: skip
            assert run.stderr is not None
            assert run.stderr.readline() == "limner: watching in; Ctrl-C ends it\n"
            assert wait((tmp_path / "in" / "out" / "a.jpg").exists)
            time.sleep(2)
            run.send_signal(signal.SIGINT)
            _, rest = run.communicate(timeout=60)
        assert run.returncode == 0, rest
        assert f": {1 - turn} photos done, none failed" in rest.replace("0:0", "")


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["a.jpg", "-o", "out"], "a.jpg: --watch needs a folder; this is a file"),
        (["none", "-o", "out"], "none: --watch needs a folder; make it first"),
        (["in", "b", "-o", "out"], "--watch takes one folder, not 2 names"),
        (["in", "-o", "-"], "--output -: --watch needs a folder for the results"),
        (["in", "-o", "in"], "--output in: is the folder that is watched; name another, in/out say"),
        (["in", "-o", "a.jpg"], "--output a.jpg: is a file, and --watch needs a folder for the results"),
        (["in", "-o", "out", "--overwrite"], "--overwrite means nothing with --watch"),
        (["in", "-o", "out", "--skip-existing"], "--skip-existing means nothing with --watch"),
        (["in", "-o", "out", "-e", "cutout", "--format", "jpg"], "JPEG cannot be transparent"),
    ],
)
def test_what_is_wrong_is_told_before_the_model_is_loaded(tmp_path: Path, args: list[str], text: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "a.jpg").write_bytes(small())
    done = subprocess.run([*IMAGE, "--watch", *args], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert text in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "in"]
