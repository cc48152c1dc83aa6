"""Signals around the start of processes; in a process of its own, since it sends itself some."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[1] / "src"
CODE = """
import signal
from limner.children import leaving_interrupts_to_us

def heed(number, _):
    raise KeyboardInterrupt(number)

before = {}
for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM"):
    before[name] = signal.signal(getattr(signal, name), heed)
for name in before:
    passed = False
    try:
        with leaving_interrupts_to_us():
            signal.raise_signal(getattr(signal, name))
            passed = True
        print(name, "is lost")
    except KeyboardInterrupt as error:
        print(name, passed, error.args == (getattr(signal, name),), signal.getsignal(getattr(signal, name)) is heed)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_what_ends_a_program_comes_after_the_block() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**os.environ, "PYTHONPATH": str(SRC)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    expected = [f"{name} True True True" for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM")]
    assert (done.stdout.splitlines(), done.stderr) == (expected, "")
