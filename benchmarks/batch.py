"""What `limner batch` costs beside a bare loop over the same photos, with both engines and from a bucket.

    python -m benchmarks.batch [--photos 5000] [--only loop,local,ray,s3 | --only parts] [--folder build/bench/batch]

The photos are made here, of the sample portrait (a render) at many crops, sizes and lights. The loop is
`PhotoProcessor` in two processes of one thread, which read a file, work and write a file. All of them do the same
photos; processor time and memory are those of every process that a command starts, Ray's own included, sampled ten
times a second.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import psutil

from benchmarks.peak import peak_mib, reset_peak, resident_mib
from limner import samples
from limner.media.images import read_image, write_image

ROOT = Path(__file__).resolve().parents[1]
WORKERS = 2
MARK = "LIMNER_BENCH_BATCH"
"""Environment variable that marks the processes of a command, so that they are known wherever they hang."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one command.

    Attributes:
        wall: seconds from its start to its end.
        work: seconds that it worked on photos, as it says; None where it does not say.
        cpu: processor seconds.
        memory: MiB at its peak, shared pages counted once.
    """

    photos: int
    wall: float
    work: float | None
    cpu: float
    memory: float


def make_photos(folder: Path, count: int, *, seed: int = 0) -> None:
    """Photos of 300 to 480 pixels a side; those that are there already stay."""
    folder.mkdir(parents=True, exist_ok=True)
    whole, random = read_image(samples.PORTRAIT).pixels, np.random.default_rng(seed)
    for index in range(count):
        size = random.integers(300, 481, 2)
        share = random.uniform(0.5, 1.0)
        light, colour = random.uniform(0.6, 1.3), random.uniform(0.9, 1.1, 3)
        side = int(min(whole.shape[:2]) * share)
        y, x = (int(random.integers(0, edge - side + 1)) for edge in whole.shape[:2])
        mirrored = bool(random.integers(2))
        target = folder / f"{index // 1000:02}" / f"{index:06}.jpg"
        if target.exists():
            continue
        target.parent.mkdir(exist_ok=True)
        pixels = cv2.resize(
            whole[y : y + side, x : x + side], (int(size[1]), int(size[0])), interpolation=cv2.INTER_AREA
        )
        pixels = np.clip(pixels * (light * colour), 0, 255).astype(np.uint8)
        write_image(target, np.ascontiguousarray(pixels[:, ::-1] if mirrored else pixels), format=".jpg", quality=90)


class Watch:
    """Adds up what the marked processes of a command take, also of those that are gone."""

    def __init__(self, mark: str) -> None:
        self._mark, self._over = mark, threading.Event()
        self._cpu: dict[tuple[int, float], float] = {}
        self._ours: dict[tuple[int, float], bool] = {}
        self.memory = 0.0
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def cpu(self) -> float:
        """Processor seconds so far."""
        return sum(self._cpu.values())

    def _look(self) -> None:
        turn = 0
        while not self._over.wait(0.1):
            memory = 0
            for process in psutil.process_iter():
                key = process.pid, process.create_time()
                try:
                    if key not in self._ours:
                        self._ours[key] = process.environ().get(MARK) == self._mark
                    if not self._ours[key]:
                        continue
                    times = process.cpu_times()
                    self._cpu[key] = times.user + times.system
                    if turn % 5 == 0:
                        memory += process.memory_full_info().pss
                except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                    continue
            turn += 1
            self.memory = max(self.memory, memory / 2**20)


def run(what: str, photos: Path, count: int, more: dict[str, str]) -> Cost:
    """The cost of one way to do all photos.

    Raises:
        RuntimeError: it failed, or did not make every result.
    """
    mark = f"{what}-{os.getpid()}-{time.monotonic_ns()}"
    with tempfile.TemporaryDirectory(dir=photos.parent) as scratch:
        out = Path(scratch) / "out"
        inputs = f"{more['bucket']}/photos" if what == "s3" else str(photos)
        command = [sys.executable, "-m", "limner", "batch", inputs, "--to", str(out), "--workers", str(WORKERS)]
        command += ["--runtime", "onnxruntime", "--json", *(["--engine", "ray"] if what == "ray" else [])]
        if what == "loop":
            command = [sys.executable, "-m", "benchmarks.batch", "--loop", str(photos), str(out)]
        environment = os.environ | {MARK: mark, **{k: v for k, v in more.items() if k != "bucket"}}
        began = time.monotonic()
        with Watch(mark) as watch:
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        wall = time.monotonic() - began
        made = sum(1 for path in out.rglob("*.jpg"))
        if done.returncode or made != count:
            raise RuntimeError(f"{what}: {made} of {count} results; {done.stderr.strip()[-500:]}")
        work = json.loads(done.stdout)["seconds"]
    return Cost(count, round(wall, 1), work, round(watch.cpu, 1), round(watch.memory))


def loop(photos: Path, out: Path) -> float:
    """Two processes, each with every second photo; seconds from before they start to their end."""
    paths = sorted(photos.rglob("*.jpg"))
    began = time.monotonic()
    context = get_context("spawn")
    children = [context.Process(target=_loop, args=(paths[first::WORKERS], photos, out)) for first in range(WORKERS)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    return time.monotonic() - began


def _loop(paths: list[Path], photos: Path, out: Path) -> None:
    from limner.assembly import MatteOptions
    from limner.assembly.photo import PhotoOptions
    from limner.processing.one_photo import PhotoProcessor

    cv2.setNumThreads(1)
    processor = PhotoProcessor(PhotoOptions(matte=MatteOptions(threads=1, runtime="onnxruntime")))
    for path in paths:
        target = out / path.relative_to(photos)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(processor(path.read_bytes(), name=str(path)).data)


def fill_bucket(photos: Path, bucket: str) -> None:
    """Copies the photos into a bucket."""
    from limner.batch.storage import storage_of

    storage = storage_of(bucket)
    for path in sorted(photos.rglob("*.jpg")):
        storage.write(f"{bucket}/photos/{path.relative_to(photos).as_posix()}", path.read_bytes())


def measure(names: list[str], photos: Path, count: int) -> dict[str, Cost]:
    """The cost of each way, one after the other."""
    found = {}
    for name in names:
        if name == "s3":
            found[name] = _from_bucket(photos, count)
        else:
            found[name] = run(name, photos, count, {})
        print(f" [{name}: {found[name].wall:.0f} s]", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found


def _from_bucket(photos: Path, count: int) -> Cost:
    sys.path.insert(0, str(ROOT / "tests"))
    import s3fs

    from buckets import SETTINGS, serving

    with serving() as address:
        settings = SETTINGS | {"AWS_ENDPOINT_URL": address}
        os.environ.update(settings)
        s3fs.S3FileSystem().mkdir("bench")
        fill_bucket(photos, "s3://bench")
        return run("s3", photos, count, {"bucket": "s3://bench", **settings})


def parts(count: int = 20_000) -> dict[str, float]:
    """What one process does for all workers: milliseconds of processor time a photo, and bytes."""
    from limner.assembly import build_effect
    from limner.batch.ledger import Ledger
    from limner.batch.planning import plan_batch
    from limner.batch.request import BatchRequest

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "in"
        for index in range(count):
            path = folder / f"{index // 1000:02}" / f"{index:06}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        request = BatchRequest(inputs=(str(folder),), to=str(Path(scratch) / "out"))
        effect, before = build_effect(request.options.effect), resident_mib()
        reset_peak()
        began = time.process_time()
        items = plan_batch(request, effect).items
        planned, memory = time.process_time(), peak_mib() - before
        with Ledger(Path(scratch) / "ledger") as ledger:
            for item in items:
                ledger.enter([(item, 1)], "options")
            entered = time.process_time()
            assert all(ledger.size(item, "options") == 1 for item in items)
            asked = time.process_time()
        size = (Path(scratch) / "ledger").stat().st_size
    each = 1000 / count
    return {
        "finding and naming": (planned - began) * each,
        "entering into the ledger": (entered - planned) * each,
        "asking the ledger": (asked - entered) * each,
        "bytes of the ledger": size / count,
        "bytes of memory while planning": memory * 2**20 / count,
    }


def table(found: dict[str, Cost]) -> str:
    """The costs as Markdown, with ratios to the loop where that was measured."""
    bare = found.get("loop")
    lines = [
        "| | photos/s | of the loop's | processor time a photo | of the loop's | peak memory |",
        "|---|---|---|---|---|---|",
    ]
    for name, cost in found.items():
        rate, cpu = cost.photos / (cost.work or cost.wall), cost.cpu / cost.photos
        speed = "" if bare is None else f"{rate / (bare.photos / (bare.work or bare.wall)):.0%}"
        more = "" if bare is None else f"{cpu / (bare.cpu / bare.photos):.2f}×"
        lines.append(f"| {name} | {rate:.1f} | {speed} | {cpu * 1000:.1f} ms | {more} | {cost.memory:.0f} MiB |")
    return "\n".join(lines)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=5000)
    parser.add_argument("--only", default="loop,local,ray,s3")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/bench/batch")
    parser.add_argument("--loop", nargs=2, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.loop:
        print(json.dumps({"seconds": loop(*given.loop)}))
        return
    if given.only == "parts":
        print(json.dumps(parts()))
        return
    folder = given.folder / f"photos-{given.photos}"
    make_photos(folder, given.photos)
    found = measure(given.only.split(","), folder, given.photos)
    print(json.dumps({name: asdict(cost) for name, cost in found.items()}))
    print(table(found))


if __name__ == "__main__":
    main()
