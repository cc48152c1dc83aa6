"""720p from camera to window, background blurred, beside MediaPipe's Python path: python -m benchmarks.live"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import inputs, peer
from benchmarks.table import ROOT, Row, Surroundings, as_section, as_text, failed, write_section

TITLE = "Live: camera to window"
COMMAND = 'make bench-live ARGS="--markdown docs/benchmarks.md"'
RATE = 30.0
WARM = 20
FASTER = 3
"""Times as many frames a second as MediaPipe's Python path, or that part of its processor time at a camera's rate."""
WHAT = "720p camera to window with `blur`, 2 cores, against MediaPipe's Python path"
PACKAGES = ("mediapipe==0.10.14", "numpy<2", "protobuf<5", "absl-py", "attrs", "flatbuffers", "matplotlib",
            "opencv-contrib-python<4.12")  # fmt: skip


def measure(work: Path, *, python: Path | None = None, rounds: int = 3, frames: int = 120) -> list[Row]:
    """Both as fast as they go, in turns, then both at 30 frames a second; each run a process of its own."""
    clip = inputs.camera_clip(work)
    theirs, how = _peer_command(work, python)
    with _display() as (display, place):
        null = [] if display else ["null"]
        ours = [sys.executable, "-m", "benchmarks.live_limner"]
        free: list[tuple[dict[str, Any], dict[str, Any]]] = []
        for _ in range(rounds):
            mine = _run([*ours, str(clip), str(WARM + frames), "0", *null], display)
            free.append((mine, _run([*theirs[:2], str(clip), str(WARM + frames), "0", *theirs[2:]], display)))
        paced = [
            (
                _run([*ours, str(clip), str(WARM + frames), f"{RATE:g}", *null], display),
                _run([*theirs[:2], str(clip), str(WARM + frames), f"{RATE:g}", *theirs[2:]], display),
            )
            for _ in range(rounds)
        ]
    return [_speed(free, how, place), _paced(paced, how, place), _delay(paced)]


def _speed(pairs: list[tuple[dict[str, Any], dict[str, Any]]], how: str, place: str) -> Row:
    ratio = median(_fps(mine) / _fps(other) for mine, other in pairs)
    mine, other = median(_fps(a) for a, _ in pairs), median(_fps(b) for _, b in pairs)
    return Row(
        what=f"{WHAT}: frames a second",
        target=f"≥ {FASTER}×, or the next line",
        figure=f"{ratio:.2f}× ({mine:.1f}, theirs {other:.1f})",
        passed=None if ratio < FASTER else True,
        detail=f"every frame as fast as it goes; median of {len(pairs)} turns; {how}; {place}",
        values={"ratio": ratio, "fps": mine, "peer_fps": other},
    )


def _paced(pairs: list[tuple[dict[str, Any], dict[str, Any]]], how: str, place: str) -> Row:
    mine, other = median(_cpu(a) for a, _ in pairs), median(_cpu(b) for _, b in pairs)
    rates = median(_fps(a) for a, _ in pairs), median(_fps(b) for _, b in pairs)
    ratio = median(_cpu(a) / _cpu(b) for a, b in pairs)
    return Row(
        what=f"the same at a camera's {RATE:g} frames a second: CPU time of a frame",
        target=f"≤ {1 / FASTER:.2f}× at the source's rate, or the line before",
        figure=f"{ratio:.2f}× ({mine:.1f} ms at {rates[0]:.1f} fps, theirs {other:.1f} ms at {rates[1]:.1f} fps)",
        passed=True if ratio <= 1 / FASTER and rates[0] >= 0.95 * RATE else None,
        detail=f"CPU time of all threads of the process; median of {len(pairs)} turns; {how}; {place}",
        values={"ratio": ratio, "ms": mine, "peer_ms": other, "fps": rates[0], "peer_fps": rates[1]},
    )


def _delay(pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> Row:
    middle = median(mine["delay"][0] for mine, _ in pairs)
    late = median(mine["delay"][1] for mine, _ in pairs)
    limit = 2000 / RATE
    stages = {name: median(mine["milliseconds"][name] for mine, _ in pairs) for name in pairs[0][0]["milliseconds"]}
    return Row(
        what="delay from camera to window at 30 frames a second",
        target=f"< {limit:.0f} ms (two frame times)",
        figure=f"{middle:.0f} ms, 95 % under {late:.0f} ms",
        passed=middle < limit,
        detail="from the frame's arrival, before it is decoded, to after it is on the screen; ms at work by stage: "
        + ", ".join(f"{name} {value:.1f}" for name, value in stages.items()),
        values={"median_ms": middle, "p95_ms": late, **stages},
    )


def _fps(run: dict[str, Any]) -> float:
    shown = run["shown"][WARM - 1 :]
    return (len(shown) - 1) / (shown[-1][0] - shown[0][0])


def _cpu(run: dict[str, Any]) -> float:
    shown = run["shown"][WARM - 1 :]
    return 1000 * (shown[-1][1] - shown[0][1]) / (len(shown) - 1)


def _run(command: list[str], display: str | None) -> dict[str, Any]:
    """The JSON that a process prints last, run on two cores.

    Raises:
        RuntimeError: it failed.
    """
    cores = sorted(os.sched_getaffinity(0))[:2]
    threads = {"OMP_NUM_THREADS": "2", "QT_LOGGING_RULES": "*=false"} | ({"DISPLAY": display} if display else {})
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **threads},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no message"])[-1])
    return json.loads(done.stdout.strip().splitlines()[-1])


def _peer_command(work: Path, python: Path | None) -> tuple[list[str], str]:
    """(Python, script, more arguments), and how MediaPipe runs."""
    script = str(ROOT / "benchmarks" / "live_mediapipe.py")
    try:
        own = python or _environment(work / "mediapipe")
        return [str(own), script], "theirs: the package's own example (model_selection=1, blur of 55 pixels, np.where)"
    except RuntimeError as error:
        print(f" the package mediapipe cannot be installed ({error}); its net by LiteRT instead", file=sys.stderr)
        return [sys.executable, script, str(peer.fetch(work))], (
            "theirs: the package does not install here, so its 256×256 net by LiteRT with the rest of its example"
        )


def _environment(folder: Path) -> Path:
    """Python of an environment with the package, made the first time: its pins clash with everybody's.

    Raises:
        RuntimeError: it cannot be made.
    """
    python = folder / "bin" / "python"
    ready = folder / ".ready"
    if ready.exists():
        return python
    print(" installing mediapipe once ...", end="", file=sys.stderr, flush=True)
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--no-deps", PACKAGES[0]],
        [str(python), "-m", "pip", "install", "--quiet", *PACKAGES[1:]],
        [str(python), "-c", "import mediapipe; mediapipe.solutions.selfie_segmentation"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError((done.stderr.strip().splitlines() or ["no message"])[-1])
    ready.touch()
    return python


@contextmanager
def _display() -> Iterator[tuple[str | None, str]]:
    """A display of our own, so that nothing else draws on it, and what to call it."""
    program = shutil.which("Xvfb")
    if program is None:
        raise RuntimeError("Xvfb is not installed: apt install xvfb")
    number = next(n for n in range(90, 200) if not Path(f"/tmp/.X11-unix/X{n}").exists())
    server = subprocess.Popen(
        [program, f":{number}", "-screen", "0", "1600x900x24", "-nolisten", "tcp"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 10
        while not Path(f"/tmp/.X11-unix/X{number}").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        yield f":{number}", "both in windows of one Xvfb"
    finally:
        server.terminate()
        server.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--frames", type=int, default=120, help="measured in each run")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench")
    parser.add_argument("--python", type=Path, help="Python of an environment that has mediapipe 0.10")
    parser.add_argument("--markdown", type=Path, help="also write the section of this page")
    options = parser.parse_args()
    place = Surroundings.here()
    try:
        rows = measure(options.work, python=options.python, rounds=options.rounds, frames=options.frames)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        rows = [failed(WHAT, "", str(error))]
    print(as_text(rows, place))
    if options.markdown:
        write_section(options.markdown, TITLE, as_section(TITLE, COMMAND, rows, place))
    goal = any(row.passed for row in rows[:2]) and all(row.passed is not False for row in rows)
    return 0 if goal else 1


if __name__ == "__main__":
    sys.exit(main())
