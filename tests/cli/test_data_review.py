"""`limner data review`: what it prints, keeps when it is killed, and refuses."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from limner.cli.app import main
from limner.datasets.manifest import PhotoFolder
from review_parts import write_review


def test_decisions_outlive_a_kill(tmp_path: Path) -> None:
    data, masks = write_review(tmp_path)
    limner = [sys.executable, "-m", "limner"]
    command = [*limner, "data", "review", str(data), "--masks", str(masks), "--port", "0", "--all"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    for verdict, number, end in (("reject", 0, signal.SIGKILL), ("nobody", 2, signal.SIGTERM)):
        running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        try:
            assert running.stdout is not None
            line = running.stdout.readline()
            found = re.match(r"limner: 4 photos to review at (http://127\.0\.0\.1:\d+/[\w-]{20,}/) ", line)
            assert found is not None, line
            sent = urllib.request.Request(f"{found[1]}decide/{number}", json.dumps({"verdict": verdict}).encode())
            with urllib.request.urlopen(sent, timeout=60) as answer:
                assert json.load(answer) == {"verdict": verdict}
            running.send_signal(end)
            rest = running.stdout.read()
            code = running.wait(60)
        finally:
            running.kill()
    assert code == 143
    assert rest == f"limner: 0 accepted, 0 repaired, 1 rejected, 1 of nobody, 2 undecided: {masks}\n"
    left = {photo.stem: photo.mask for photo in PhotoFolder(data, masks=masks).photos}
    assert left == {"1": "auto", "2": "none", "9": "auto"}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("nowhere",), "nowhere/manifest.csv: no such file"),
        (("data", "--masks", "data"), "--masks data: holds the photos and masks themselves"),
        (("data", "--list", "data/none.csv"), "data/none.csv: cannot be read"),
        (("data", "--sets", "c"), "--sets: there is no set 'c'; there are a, b"),
        (("data", "--port", "99999"), "--port 99999 is not between 0 and 65535"),
    ],
)
def test_what_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    args: tuple[str, ...],
    message: str,
) -> None:
    write_review(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SystemExit) as stop:
        main(["data", "review", *args])
    told = capsys.readouterr().err
    assert (stop.value.code, told.count("\n")) == (2, 1)
    assert message in told
    assert sorted(tmp_path.rglob("*")) == before
