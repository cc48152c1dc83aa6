"""`limner multistream` as a process: checks, wrong values, a summary, and an end by a signal."""

from __future__ import annotations

import json
import signal
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

import av
import psutil
import pytest

pytest.importorskip("yaml")

from multistream_parts import lines, person_clip, until


@pytest.fixture
def here(tmp_path: Path) -> Path:
    person_clip(tmp_path / "clip.mp4")
    (tmp_path / "s.yaml").write_text(
        "model: tiny\nthreads: 1\nstreams:\n"
        "  a: {from: clip.mp4, loop: true, effect: mask, to: a.mp4, json: a.jsonl}\n"
        "  b: {from: clip.mp4, effect: blur, json: b.jsonl}\n"
    )
    return tmp_path


def limner(here: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "limner", "multistream", *arguments]
    return subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["no.yaml"], "limner: no.yaml: there is no such file; check the name\n"),
        (["s.yaml", "--seconds", "0"], "limner: --seconds 0 must be more than 0\n"),
        (
            ["bad.yaml", "--check"],
            "limner: bad.yaml:2: streams.a.efect: there is no such field; did you mean effect?\n",
        ),
        (
            ["out.yaml", "--json"],
            "limner: --json and json: - both write to stdout; leave one out, or give json: a file\n",
        ),
    ],
)
def test_what_cannot_be_used_is_one_line(here: Path, arguments: list[str], says: str) -> None:
    (here / "bad.yaml").write_text("streams:\n  a: {from: clip.mp4, json: x, efect: blur}\n")
    (here / "out.yaml").write_text("streams:\n  a: {from: clip.mp4, json: '-'}\n")
    done = limner(here, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", says)


def test_check_only_looks(here: Path) -> None:
    done = limner(here, "s.yaml", "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "s.yaml: can be used: 2 streams\n", "")
    assert not (here / "a.jsonl").exists()


def test_a_summary_for_programs(here: Path) -> None:
    done = limner(here, "s.yaml", "--seconds", "2", "--json")
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert told["streams"]["a"]["frames"] == len(lines(here / "a.jsonl"))
    assert told["streams"]["a"]["targets"]["a.mp4"]["sent"] == told["streams"]["a"]["frames"]
    assert told["streams"]["b"]["frames"] + told["streams"]["b"]["dropped"] == 20
    assert told["frames_inferred"] >= told["inferences"] > 0
    assert sorted(done.stderr.splitlines()) == ["limner: a: running", "limner: b: running"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_finishes_files(here: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "limner", "multistream", "s.yaml"]
    with subprocess.Popen(command, cwd=here, stderr=subprocess.PIPE, text=True) as run:
        until(lambda: len(lines(here / "a.jsonl")) > 5)
        run.send_signal(number)
        _, told = run.communicate(timeout=30)
    assert run.returncode == 128 + number
    assert told.splitlines()[-1] == "limner: interrupted; files were finished"
    with av.open(str(here / "a.mp4")) as clip:
        assert sum(1 for _ in clip.decode(video=0)) == len(lines(here / "a.jsonl"))


def test_a_second_signal_gives_files_up_at_once(here: Path) -> None:
    """A UDP address to which nobody sends holds up the end meanwhile."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (here / "s.yaml").write_text(
        "streams:\n"
        "  a: {from: clip.mp4, loop: true, to: a.mkv, json: a.jsonl}\n"
        f'  b: {{from: "udp://127.0.0.1:{port}", json: b.jsonl}}\n'
    )
    command = [sys.executable, "-m", "limner", "multistream", "s.yaml"]
    with subprocess.Popen(command, cwd=here, stderr=subprocess.PIPE, text=True) as run:
        until(lambda: len(lines(here / "a.jsonl")) > 5)
        run.send_signal(signal.SIGINT)
        time.sleep(0.5)
        run.send_signal(signal.SIGINT)
        _, told = run.communicate(timeout=30)
    assert run.returncode == 128 + signal.SIGINT
    assert told.splitlines()[-1] == "limner: interrupted; files were given up; what they hold can be played"


@pytest.mark.slow
def test_memory_is_flat(here: Path) -> None:
    """Two streams for a minute and a half, of which the first half minute is for what the process keeps."""
    streams = "".join(
        f"  s{number}: {{from: clip.mp4, loop: true, effect: mask, to: s{number}.m3u8, json: s.jsonl}}\n"
        for number in range(2)
    )
    (here / "s.yaml").write_text(f"model: tiny\nthreads: 1\nstreams:\n{streams}")
    command = [sys.executable, "-m", "limner", "multistream", "s.yaml"]
    sizes: list[float] = []
    with subprocess.Popen(command, cwd=here, stderr=subprocess.PIPE, text=True) as run:
        process, began = psutil.Process(run.pid), time.monotonic()
        while (at := time.monotonic() - began) < 90:
            time.sleep(2)
            sizes += [process.memory_info().rss / 2**20] if at > 30 else []
        run.send_signal(signal.SIGTERM)
        _, told = run.communicate(timeout=30)
    assert "s0: " in told
    third = len(sizes) // 3
    first, last = statistics.median(sizes[:third]), statistics.median(sizes[-third:])
    print(f"{first:.1f} MiB, then {last:.1f}")
    assert last - first < 6, sizes
