"""The engine `local`: what becomes of photos whose process dies, and of a wish to stop."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from limner.assembly import EffectOptions, MatteOptions
from limner.assembly.photo import PhotoOptions
from limner.batch.item import Item, Outcome
from limner.batch.local_engine import LocalEngine
from limner.batch.stop import Stop
from limner.batch.worker import Task
from limner.errors import LimnerError
from limner.media.images import read_image, write_image
from video_clips import Clip, make_clip

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


def items(folder: Path, sizes: list[tuple[int, int]]) -> list[Item]:
    made = []
    for index, (height, width) in enumerate(sizes):
        path = folder / "in" / f"{index}.png"
        path.parent.mkdir(exist_ok=True)
        pixels = np.zeros((height, width, 3), np.uint8)
        pixels[:40, :40] = np.random.default_rng(index).integers(0, 256, (40, 40, 3), dtype=np.uint8)
        write_image(path, pixels)
        made.append(Item(str(path), str(path), str(folder / "out" / path.name), ".png", "i"))
    return made


def workers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())]


def kill_when_busy(times: int, done: threading.Event) -> None:
    """Kills a worker that has decoded a large photo, so often."""
    while times and not done.is_set():
        for child in workers():
            try:
                if child.memory_info().rss > 250_000_000:
                    child.kill()
                    times -= 1
                    child.wait()
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.parametrize(("kills", "works"), [(1, True), (2, False)])
def test_a_photo_whose_process_dies_is_tried_again_then_reported(
    tmp_path: Path, color_options: PhotoOptions, kills: int, works: bool
) -> None:
    made = items(tmp_path, [(50, 60)] * 3 + [(5000, 5000)] + [(50, 60)] * 3)
    done = threading.Event()
    killer = threading.Thread(target=kill_when_busy, args=(kills, done))
    killer.start()
    try:
        outcomes = list(LocalEngine(Task(color_options, tmp_path / "parts"), workers=2, tries=2).run(made, Stop()))
    finally:
        done.set()
        killer.join()
    assert sorted(outcome.index for outcome in outcomes) == list(range(7))
    failed = {outcome.index: outcome.error for outcome in outcomes if outcome.error}
    told = f"{made[3].name}: its process died 2 times, killed by signal 9, as systems do that run out of memory"
    assert failed == ({} if works else {3: told})
    for index, item in enumerate(made):
        assert Path(item.target).exists() == (index not in failed)
    assert workers() == []


def test_processes_that_are_killed_at_rest_cost_no_photo(tmp_path: Path, color_options: PhotoOptions) -> None:
    made = items(tmp_path, [(200, 300)] * 30)
    outcomes: list[Outcome] = []
    for count, outcome in enumerate(LocalEngine(Task(color_options), workers=2, tries=3).run(made, Stop())):
        outcomes.append(outcome)
        if count in (5, 15):
            os.kill(workers()[0].pid, signal.SIGKILL)
    assert sorted(outcome.index for outcome in outcomes if not outcome.error) == list(range(30))
    assert all(read_image(item.target).pixels.shape == (200, 300, 3) for item in made)


@pytest.mark.parametrize("insist", [False, True])
def test_a_wish_to_stop_leaves_whole_files_only(tmp_path: Path, color_options: PhotoOptions, insist: bool) -> None:
    made = items(tmp_path, [(200, 300)] * 30)
    stop, outcomes = Stop(), []
    for outcome in LocalEngine(Task(color_options, tmp_path / "parts"), workers=2, tries=2).run(made, stop):
        outcomes.append(outcome)
        (stop.insist if insist else stop.ask)()
    there = {path.name for path in (tmp_path / "out").iterdir()}
    assert 0 < len(outcomes) < 20
    told = {Path(made[outcome.index].target).name for outcome in outcomes}
    assert told <= there if insist else told == there
    assert all(read_image(tmp_path / "out" / name).pixels.shape == (200, 300, 3) for name in there)
    assert workers() == []


def test_a_wish_to_stop_leaves_videos_that_would_take_minutes(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    make_clip(clip, Clip(frames=600))
    slow = PhotoOptions(matte=MatteOptions(model="quality", runtime="onnxruntime", threads=1))
    made = [
        Item(str(clip), str(clip), str(tmp_path / f"out/{number}.mp4"), ".mp4", "i", video=True) for number in range(3)
    ]
    stop, outcomes = Stop(), []

    def run() -> None:
        outcomes.extend(LocalEngine(Task(slow, tmp_path / "parts"), workers=1, tries=2).run(made, stop))

    running = threading.Thread(target=run)
    running.start()
    until = time.monotonic() + 120
    while not list(tmp_path.glob("parts/video-*/*")):  # the first is under way
        assert time.monotonic() < until
        time.sleep(0.05)
    stop.ask()
    running.join(120)
    assert not running.is_alive()
    assert outcomes == []
    assert list(tmp_path.glob("parts/*")) == list(tmp_path.glob("out/*")) == []
    assert workers() == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (PhotoOptions(matte=MatteOptions(model="none.onnx")), "none.onnx"),
        (PhotoOptions(effect=EffectOptions(effect="replace")), "background"),
    ],
)
def test_options_that_cannot_be_used_are_told_once(tmp_path: Path, wrong: PhotoOptions, told: str) -> None:
    with pytest.raises(LimnerError, match=told):
        list(LocalEngine(Task(wrong), workers=2, tries=2).run(items(tmp_path, [(50, 60)] * 4), Stop()))
    assert workers() == []
