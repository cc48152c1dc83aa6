"""`limner serve` under load beside a bare loop, LitServe and Ray Serve: python -m benchmarks.serve"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from benchmarks.serve_client import request, run
from limner.samples import PORTRAIT

ROOT = Path(__file__).resolve().parents[1]
CLIENTS = (1, 4, 16, 64)
PACKAGES = {"litserve": "litserve==0.2.19", "ray": "ray[serve]==2.60.0"}
"""Of each peer, in an environment of its own below the work folder."""
WORKERS = 2
BATCH = 8
WAYS = {
    "limner": ["--workers", str(WORKERS), "--worker-class", "processes"],
    "limner, threads": ["--workers", str(WORKERS), "--worker-class", "threads"],
    "limner, batches": ["--workers", str(BATCH), "--worker-class", "threads", "--batch", str(BATCH)],
}
"""Of running our own server."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One server under one load: photos a second, milliseconds of a request, and how many were refused.

    Attributes:
        cpu: milliseconds of processor time of all of the server's processes for a photo; machines that are busy with
            other things change it less than the rate.
        at_once: photos that a bare loop works on at once; 0 for a server.
    """

    what: str
    clients: int
    rate: float
    p50: float
    p95: float
    p99: float
    refused: int
    at_once: int = 0
    cpu: float = 0.0


def measure(work: Path, *, peers: Sequence[str], clients: Sequence[int], seconds: float, rounds: int) -> dict[str, Any]:
    """Bare loops, then each server under each load, in rounds. Ratios are taken within a round.

    Returns:
        ``cells``: medians over the rounds; ``ratio``: server and clients -> median of its rate by that of the fastest
        bare loop of the same round that works on no more photos at once than there are clients; ``batch``: processor
        time of a photo in a batch of 8 by that of a photo alone.
    """
    pythons = {name: Path(sys.executable) if name in WAYS else _environment(work, name) for name in peers}
    pythons = {"limner": Path(sys.executable), **pythons}
    found: list[list[Cell]] = []
    batches: list[float] = []
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        cells = [_bare(1, WORKERS, seconds), _bare(WORKERS, 1, seconds), _bare_apart(WORKERS, seconds)]
        for name, python in pythons.items():
            try:
                with _serving(name, python, work) as (port, process):
                    cells += [_load(name, port, process, count, seconds) for count in clients]
            except RuntimeError as error:  # what the others reach counts all the same
                print(f"left out: {error}", file=sys.stderr, flush=True)
        found.append(cells)
        batches.append(_batch(seconds))
    return summary(found, batches)


def summary(rounds: Sequence[Sequence[Cell]], batches: Sequence[float]) -> dict[str, Any]:
    """Medians over the rounds, see ``measure``, of what every round has."""
    there = set.intersection(*({(cell.what, cell.clients) for cell in cells} for cells in rounds))
    rounds = [[cell for cell in cells if (cell.what, cell.clients) in there] for cells in rounds]
    cells = [_median(column) for column in zip(*rounds, strict=True)]
    ratio: dict[str, float] = {}
    for index, cell in enumerate(cells):
        if cell.clients:
            best = [max(one.rate for one in cells_ if 0 < one.at_once <= cell.clients) for cells_ in rounds]
            values = [cells_[index].rate / bare for cells_, bare in zip(rounds, best, strict=True)]
            ratio[f"{cell.what} {cell.clients}"] = median(values)
    return {"cells": [asdict(cell) for cell in cells], "ratio": ratio, "batch": median(batches)}


def table(found: dict[str, Any]) -> str:
    """As a table of Markdown."""
    lines = [
        "| what | clients | photos/s | of the bare loop | p50 ms | p95 ms | p99 ms | refused | processor ms a photo |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for cell in found["cells"]:
        share = found["ratio"].get(f"{cell['what']} {cell['clients']}")
        shown = "" if share is None else f"{share:.0%}"
        numbers = " | ".join(f"{cell[name]:.0f}" for name in ("p50", "p95", "p99"))
        count = cell["clients"] or "-"
        more = f"{cell['refused']} | {cell['cpu']:.1f}"
        lines.append(f"| {cell['what']} | {count} | {cell['rate']:.1f} | {shown} | {numbers} | {more} |")
    lines += ["", f"A photo in a batch of {BATCH} takes {found['batch']:.2f}× the processor time of a photo alone."]
    return "\n".join(lines)


def _median(cells: Sequence[Cell]) -> Cell:
    first = cells[0]
    numbers = {name: median(getattr(cell, name) for cell in cells) for name in ("rate", "p50", "p95", "p99", "cpu")}
    refused = round(median(cell.refused for cell in cells))
    return Cell(first.what, first.clients, refused=refused, at_once=first.at_once, **numbers)


def _bare(photos: int, threads: int, seconds: float) -> Cell:
    """``process_photo`` in a loop, of so many photos at once, the net in so many threads."""
    code = ["-m", "benchmarks.serve_loop", str(photos), str(threads), str(seconds)]
    told = _told([sys.executable, *code])
    return Cell(f"bare loop, {photos} at once", 0, refused=0, at_once=photos, **told)


def _bare_apart(processes: int, seconds: float) -> Cell:
    """The loop in so many processes, one photo and one thread each: nothing is shared, Python neither."""
    command = [sys.executable, "-m", "benchmarks.serve_loop", "1", "1", str(seconds)]
    with ThreadPoolExecutor(processes) as pool:
        told = list(pool.map(_told, [command] * processes))
    found = {name: max(one[name] for one in told) for name in ("p50", "p95", "p99")}
    found["cpu"] = sum(one["cpu"] * one["rate"] for one in told) / sum(one["rate"] for one in told)
    rate = sum(one["rate"] for one in told)
    return Cell(f"bare loop, {processes} processes", 0, rate, refused=0, at_once=processes, **found)


def _load(name: str, port: int, process: int, clients: int, seconds: float) -> Cell:
    before = _spent(process)
    found = run(name, port, clients, seconds)
    cpu = 1e3 * (_spent(process) - before) / max(1.0, found["rate"] * found.pop("seconds"))
    return Cell(name, clients, refused=round(found.pop("refused")), cpu=cpu, **found)


def _spent(pid: int) -> float:
    """Seconds of processor time of a process and those that it started and that still run."""
    spent = 0.0
    main = psutil.Process(pid)
    for one in (main, *main.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            spent += times.user + times.system
    return spent


def _batch(seconds: float) -> float:
    code = ["-m", "benchmarks.serve_batched", str(BATCH), str(seconds)]
    return float(_told([sys.executable, *code])["ratio"])


def _told(command: Sequence[str]) -> dict[str, Any]:
    done = subprocess.run(command, cwd=ROOT, env=_env(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}


@contextmanager
def _serving(name: str, python: Path, work: Path) -> Iterator[tuple[int, int]]:
    """A server while the block runs; its port and its process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    if name in WAYS:
        command = ["-m", "limner", "serve", "--runtime", "onnxruntime", "--queue", "128", *WAYS[name], "--port", port]
    else:
        command = ["-m", f"benchmarks.serve_{name}", port, str(WORKERS), str(BATCH)]
    with (work / f"{name}.log").open("w") as log:
        process = subprocess.Popen(
            [str(python), *command], cwd=ROOT, env=_env(), stdout=log, stderr=log, start_new_session=True
        )
        try:
            _until_it_answers(name, int(port), process, work)
            yield int(port), process.pid
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)  # workers of theirs, too: the session is this process's own
            process.wait()


def _until_it_answers(name: str, port: int, process: subprocess.Popen[bytes], work: Path) -> None:
    photo, until = PORTRAIT.read_bytes(), time.monotonic() + 300
    while True:
        try:
            with urllib.request.urlopen(request(name, port, photo), timeout=60) as answer:
                if answer.status == 200 and answer.read():
                    return
        except (OSError, urllib.error.HTTPError):
            pass
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"{name} does not answer: {(work / f'{name}.log').read_text()[-2000:]}")
        time.sleep(0.5)


def _environment(work: Path, name: str) -> Path:
    """The Python of a peer's environment, made the first time: the peer, and what Limner's base needs."""
    folder = work / name
    python = folder / "bin/python"
    if not (folder / ".ready").exists():
        print(f"installing {PACKAGES[name]} into {folder} ...", file=sys.stderr, flush=True)
        venv.create(folder, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, PACKAGES[name], str(ROOT)], check=True)
        (folder / ".ready").touch()
    return python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / "build/bench/serve", help="where environments are made")
    parser.add_argument("--peers", default="threads,batches,litserve,ray", help="names with commas, or none")
    parser.add_argument("--clients", default=",".join(map(str, CLIENTS)))
    parser.add_argument("--seconds", type=float, default=8.0, help="of each load")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing, which plays the clients: `make bench-serve` installs it where it may")
    known = {"threads": "limner, threads", "batches": "limner, batches", **{name: name for name in PACKAGES}}
    peers = [known[name] for name in given.peers.split(",") if name in known]
    given.work.mkdir(parents=True, exist_ok=True)
    clients = [int(count) for count in given.clients.split(",")]
    found = measure(given.work, peers=peers, clients=clients, seconds=given.seconds, rounds=given.rounds)
    (given.work / "found.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    load = os.getloadavg()[0]
    print(f"{table(found)}\n\nLoad average at the end: {load:.1f} on {os.cpu_count()} cores.")


if __name__ == "__main__":
    main()
