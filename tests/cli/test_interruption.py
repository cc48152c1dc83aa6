"""Ctrl-C and SIGTERM in every command, at any moment: one line, the signal's exit code, nothing half-written."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from textwrap import dedent

import pytest

from limner import samples
from limner.cli import interruption
from limner.cli.interruption import Interrupted, keeping, unswallowed
from limner.errors import MediaError, MissingExtraError

CAUGHT = re.compile(r"^SigCgt:\s+([0-9a-f]+)$", re.MULTILINE)
linux = pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs /proc")
PHOTO, CLIP = str(samples.PORTRAIT), str(samples.CLIP)
RECIPE = """net: {name: fast}
input_size: 64
phases: [{size: 64, share: 1.0}]
data: {sets: {fashion_full_body: 1.0}}
samples: 4000
batch: 4
processes: 2
optimizer: {lr: 0.001}
"""


def in_a_process(script: str, folder: Path) -> str:
    """What the script prints, in a process of its own, since signals belong to a whole process."""
    code = "import signal, sys, time\nfrom limner.cli.interruption import Interrupted, heed_signals\n" + dedent(script)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def begin(args: list[str], folder: Path) -> subprocess.Popen[str]:
    """The command, from the moment on at which signals are its own affair."""
    run = subprocess.Popen(
        [sys.executable, "-m", "limner", *args],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    status = Path(f"/proc/{run.pid}/status")
    until = time.monotonic() + 60
    while run.poll() is None and time.monotonic() < until:
        found = CAUGHT.search(status.read_text())
        if found and int(found[1], 16) >> (signal.SIGTERM - 1) & 1:
            break
        time.sleep(0.005)
    return run


@linux
@pytest.mark.parametrize(
    "delay", [pytest.param(0, marks=pytest.mark.slow), pytest.param(0.4, marks=pytest.mark.slow), 1.2]
)
@pytest.mark.parametrize(
    "command",
    [
        "models",
        "nets",
        "doctor",
        "inspect fast",
        "bench --rounds 500",
        f"image {PHOTO} -o out",
        f"image {samples.FOLDER} -o out --format png",
        f"video {CLIP} -o out.mp4 --preset veryslow",
        f"video {CLIP} -o shots --codec png",
        f"video {CLIP} --preview sheet.png",
        f"camera -d {CLIP} --no-window --record live.mp4",
        f"stream {CLIP} --loop --to live.mp4",
        "eval --data DATA",
        "data prepare --data DATA",
        "data sheet recipe.yaml --data DATA",
        "data relabel --data DATA --teacher fast -o masks --sets no_people",
        "train recipe.yaml --data DATA -o run",
        "export fast -o exported --data DATA",
    ],
)
def test_any_command_at_any_moment(command: str, delay: float, tmp_path: Path, data_folder: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    number = signal.SIGTERM if delay == 0.4 else signal.SIGINT
    run = begin(command.replace("DATA", str(data_folder)).split(), tmp_path)
    time.sleep(delay)
    run.send_signal(number)
    _, err = run.communicate(timeout=120)
    told = err.count("limner: interrupted")
    assert "Traceback" not in err
    assert (run.returncode, told) in [(128 + number, 1), (-number, 0), (0, 0), (2, 0)], err  # or it was over before
    left = [path.name for path in tmp_path.rglob("*") if ".part" in path.name or path.name.startswith(".")]
    assert left == []


def test_what_was_kept_is_said_once_by_the_innermost() -> None:
    with pytest.raises(Interrupted) as caught, keeping("all"), keeping(lambda: "two of three"):
        raise KeyboardInterrupt
    assert (caught.value.kept, caught.value.code) == ("two of three", 130)
    with pytest.raises(Interrupted) as caught, keeping("all"), keeping(lambda: None):
        raise Interrupted(signal.SIGTERM)
    assert (caught.value.kept, caught.value.code) == (None, 143)


def test_signals_that_are_ignored_stay_so(tmp_path: Path) -> None:
    script = """
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        heed_signals()
        signal.raise_signal(signal.SIGHUP)
        try:
            signal.raise_signal(signal.SIGTERM)
        except Interrupted as error:
            print(error.number, error.code)
    """
    assert in_a_process(script, tmp_path) == "15 143\n"


def test_an_import_ends_before_a_signal_is_heeded(tmp_path: Path) -> None:
    (tmp_path / "slow_module.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\nwhole = True\n")
    script = """
        heed_signals()
        try:
            import slow_module
            time.sleep(60)
            print("it was not heeded")
        except Interrupted as error:
            print(error.number, sys.modules["slow_module"].whole)
    """
    assert in_a_process(script, tmp_path) == "15 True\n"


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (ImportError("initialization failed"), Interrupted),
        (MissingExtraError("HEIC", "pillow-heif", "heic"), Interrupted),
        (MediaError("live.mp4: was broken off; the 3 s until then are in it"), MediaError),
    ],
    ids=["a module of C", "an extra", "what was kept"],
)
@pytest.mark.parametrize("told", [True, False])
def test_what_a_library_makes_of_a_signal_is_the_signal(error: Exception, seen: type[Exception], told: bool) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    interruption.heed_signals()
    heed = signal.getsignal(signal.SIGTERM)
    for number, handler in before.items():
        signal.signal(number, handler)
    assert callable(heed)

    def load() -> None:
        with suppress(Interrupted):
            if told:
                heed(signal.SIGTERM, None)
        raise error

    with pytest.raises(seen if told else type(error)), unswallowed():
        load()


@linux
def test_a_signal_while_the_error_is_printed_leaves_no_traceback(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, limner.cli.app as app\n"
        "real = app.told\n"
        "def told(error):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    return real(error)\n"
        "app.told = told\n"
        "app.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "image", "nothing.jpg", "-o", "out.jpg"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 130
    assert done.stderr == f"limner: interrupted; {interruption.NOTHING_KEPT}\n"
