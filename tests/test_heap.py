"""Arrays of a frame's size come back without page faults once the process keeps what it frees."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from video_clips import Clip, make_clip

_LOOP = """
import resource
import numpy as np
from limner.heap import keep_freed_memory

assert keep_freed_memory()
faults = []
for _ in range(6):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    frames = [np.ones((720, 1280), np.float32) for _ in range(6)]
    del frames
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(faults[0], max(faults[2:]))
"""


_STEP = """
import resource, sys
from limner.heap import keep_training_memory

if sys.argv[1] == "keep":
    assert keep_training_memory()
import torch
torch.set_num_threads(1)
net = torch.nn.Sequential(*(torch.nn.Conv2d(16, 16, 3, padding=1) for _ in range(4)))
seen = torch.rand(8, 16, 256, 256)
for _ in range(5):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    net(seen).square().mean().backward()
    last = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(last)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_a_training_step_takes_no_new_pages() -> None:
    def faults(how: str) -> int:
        done = subprocess.run([sys.executable, "-c", _STEP, how], capture_output=True, text=True, check=True)
        return int(done.stdout)

    kept, left = faults("keep"), faults("leave")
    assert left > 5000
    assert 4 * kept < left


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_arrays_of_a_frames_size_come_back_without_faults() -> None:
    done = subprocess.run([sys.executable, "-c", _LOOP], capture_output=True, text=True, check=True)
    first, later = map(int, done.stdout.split())
    assert first > 3000
    assert later < 100


_THREADS = """
import re, sys, threading
from limner.heap import share_heaps

if sys.argv[1] == "share":
    assert share_heaps(2)
gate = threading.Barrier(9)

def work():
    kept = [bytearray(50_000) for _ in range(20)]
    gate.wait()
    gate.wait()

threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
gate.wait()
with open("/proc/self/maps") as maps:
    heaps = sum(1 for line in maps if re.match(r"[0-9a-f]+0{6}-\\S+ rw-p 00000000 00:00 0", line))
gate.wait()
print(heaps)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_threads_share_heaps() -> None:
    def heaps(how: str) -> int:
        done = subprocess.run([sys.executable, "-c", _THREADS, how], capture_output=True, text=True, check=True)
        return int(done.stdout)

    assert heaps("share") <= heaps("apart") - 4


_LOOPS = """
import gc, os, sys

import av

gc.disable()  # whoever loops must not wait until Python looks by itself


def left():
    return sum(isinstance(item, av.VideoFrame | av.container.InputContainer) for item in gc.get_objects())


from limner.streams.source import StreamSource

frames = iter(StreamSource(sys.argv[1], every_frame=True, loop=True))
for _ in range(10 * 5):
    next(frames)
print(left(), flush=True)
os._exit(0)
"""


def test_a_video_in_a_loop_leaves_nothing_behind_each_time(tmp_path: Path) -> None:
    make_clip(tmp_path / "clip.mp4", Clip(frames=5, size=(48, 64)))
    done = subprocess.run(
        [sys.executable, "-c", _LOOPS, str(tmp_path / "clip.mp4")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) <= 4, "of ten turns"
