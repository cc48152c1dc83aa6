"""Photos through `limner batch` with both engines, one reading from a bucket, each killed twice: complete, and equal?

    python -m benchmarks.batch_kills [--photos 5000] [--folder build/bench/batch]

The engine `local` reads a folder; `ray` reads the same photos from S3 (moto, on this machine). Each run is killed with
SIGKILL, the command and every process that it started, when a quarter and when a half of the results are there, and
then goes on to its end. Every result that the ledger held at a kill must stay untouched, and the results of both
engines must be the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks.batch import MARK, ROOT, WORKERS, fill_bucket, make_photos

KILLS = (0.25, 0.5)
"""Shares of the results at which a run is killed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one engine.

    Attributes:
        photos: that were given.
        results: that were there at the end.
        kept: of each kill, how many results the ledger held.
        again: results that a ledger held and that were written again.
        already: results that the last run found done.
        failed: photos without a result.
    """

    photos: int
    results: int
    kept: list[int]
    again: int
    already: int
    failed: int


def endure(inputs: str, out: Path, count: int, engine: str, settings: Mapping[str, str]) -> Outcome:
    """Does all photos, killed twice on the way.

    Raises:
        RuntimeError: a run ended before it could be killed, or the last failed.
    """
    command = [sys.executable, "-m", "limner", "batch", inputs, "--to", str(out), "--workers", str(WORKERS)]
    command += ["--runtime", "onnxruntime", "--engine", engine, "--json"]
    seen: dict[Path, int] = {}
    kept: list[int] = []
    again = 0
    for share in KILLS:
        mark = f"{engine}-{os.getpid()}-{time.monotonic_ns()}"
        environment = os.environ | settings | {MARK: mark}
        child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        while _count(out) < share * count:
            if child.poll() is not None:
                raise RuntimeError(f"{engine}: ended with {child.returncode} before it was killed")
            time.sleep(0.2)
        _kill(mark)
        child.communicate()
        again += sum(path.stat().st_mtime_ns != at for path, at in seen.items())
        with closing(sqlite3.connect(out / ".limner-batch/ledger.sqlite")) as file:
            entered = [Path(row[0]) for row in file.execute("SELECT target FROM done")]
        seen = {path: path.stat().st_mtime_ns for path in entered}
        kept.append(len(seen))
        print(f" [{engine}: killed at {len(seen)} of {count}]", end="", file=sys.stderr, flush=True)
    done = subprocess.run(command, cwd=ROOT, env=os.environ | settings, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{engine}: {done.stderr.decode()[-500:]}")
    again += sum(path.stat().st_mtime_ns != at for path, at in seen.items())
    summary = json.loads(done.stdout)
    return Outcome(count, _count(out), kept, again, summary["already"], summary["failed"])


def _count(out: Path) -> int:
    return sum(1 for _ in out.rglob("*.jpg"))


def _kill(mark: str) -> None:
    """Ends every process that a command has started, in whatever session it is."""
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.environ().get(MARK) == mark:
                process.send_signal(signal.SIGKILL)


def digests(out: Path) -> dict[str, str]:
    """Path below the folder -> SHA-256, of all results."""
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in out.rglob("*.jpg")
    }


def main() -> None:
    """Does it and prints what was found; exit code 1 where anything was lost, done twice, or differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=5000)
    parser.add_argument("--folder", type=Path, default=ROOT / "build/bench/batch")
    given = parser.parse_args()
    photos = given.folder / f"photos-{given.photos}"
    make_photos(photos, given.photos)
    sys.path.insert(0, str(ROOT / "tests"))
    import s3fs

    from buckets import SETTINGS, serving

    with TemporaryDirectory(dir=given.folder) as scratch, serving() as address:
        settings = SETTINGS | {"AWS_ENDPOINT_URL": address}
        os.environ.update(settings)
        s3fs.S3FileSystem().mkdir("bench")
        fill_bucket(photos, "s3://bench")
        local, far = Path(scratch, "local"), Path(scratch, "ray")
        found = {
            "local": endure(str(photos), local, given.photos, "local", {}),
            "ray, from a bucket": endure("s3://bench/photos", far, given.photos, "ray", settings),
        }
        same = digests(local) == digests(far)
    print(file=sys.stderr)
    print(json.dumps({name: asdict(outcome) for name, outcome in found.items()} | {"same bytes": same}, indent=1))
    whole = all(one.results == given.photos and not one.again and not one.failed for one in found.values())
    sys.exit(not (whole and same))


if __name__ == "__main__":
    main()
