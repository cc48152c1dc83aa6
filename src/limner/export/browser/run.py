"""Runs exported models in headless Chromium: ONNX in onnxruntime-web, TensorFlow.js graph models in TensorFlow.js."""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from limner.errors import LimnerError
from limner.export.browser.server import Feeds, PageServer
from limner.export.targets.base import Execution, NotRunHereError
from limner.export.toolchains.node_packages import NodePackages

PAGE = Path(__file__).with_name("page")
LIBRARIES = NodePackages("browser", PAGE)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless",
    "--no-sandbox",  # it opens one page, ours; as root and in containers it would not start otherwise
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--no-pings",
    # Nothing but the page: Chromium looks up hosts of its own accord, too.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
PATIENCE = 120.0
"""Seconds without a word from the page (one call on a slow machine is less) after which it is given up."""
Runtime = Literal["onnxruntime", "tfjs"]


def chromium() -> str:
    """The program of Chromium or Chrome: ``$LIMNER_CHROMIUM``, or the first on the path.

    Raises:
        NotRunHereError: there is none.
        LimnerError: the one that is named is not there.
    """
    named = os.environ.get("LIMNER_CHROMIUM")
    if named:
        if shutil.which(named) is None:
            raise LimnerError(f"LIMNER_CHROMIUM={named}: there is no such program; correct it or leave it out")
        return named
    found = next((path for path in map(shutil.which, _NAMES) if path), None)
    if found is None:
        raise NotRunHereError("no chromium; install it (Debian: chromium), or name it in LIMNER_CHROMIUM")
    return found


def run_in_browser(
    path: Path, feeds: Sequence[Feeds], *, runtime: Runtime, threads: int = 1, backend: str = "wasm"
) -> Execution:
    """Run a model on each of ``feeds`` in a page of headless Chromium, served from this machine alone.

    Args:
        path: an ONNX file, or the folder of a graph model of TensorFlow.js.
        feeds: float32, int32 or uint8 arrays by the model's names, of the same shapes in all of them.
        threads: of WebAssembly.
        backend: of TensorFlow.js: "wasm" or "cpu".

    Raises:
        NotRunHereError: there is no Chromium.
        ToolchainError: the JavaScript libraries cannot be installed.
        LimnerError: the page could not run the model, in one line.
    """
    program = chromium()
    libraries = LIBRARIES.ensure()
    folder, file = (path, "model.json") if path.is_dir() else (path.parent, path.name)
    job = {
        "runtime": runtime,
        "model": f"model/{file}",
        "threads": threads,
        "backend": backend,
        "calls": len(feeds),
        "inputs": [{"name": n, "dtype": str(a.dtype), "shape": list(a.shape)} for n, a in feeds[0].items()],
    }
    with PageServer(PAGE, libraries, folder, job, feeds) as server:
        with _browser(program, server.url) as process:
            _wait(server, process, path.name)
        if server.failed is not None:
            raise LimnerError(f"{path.name}: does not run in Chromium: {_line(server.failed)}")
        done = server.done
        assert done is not None
        times = done["times_ms"]
        return Execution(
            outputs=[server.outputs[call] for call in range(len(feeds))],
            load_ms=done["load_ms"],
            latency_ms=statistics.median(times[1:] or times),
            runtime={"onnxruntime": "onnxruntime-web", "tfjs": f"tfjs {backend}"}[runtime] + " in Chromium",
        )


def _wait(server: PageServer, process: subprocess.Popen[bytes], name: str) -> None:
    heard, since = server.heard, time.monotonic()
    while not server.ended.wait(0.2):
        if server.heard != heard:
            heard, since = server.heard, time.monotonic()
        if process.poll() is not None:
            raise LimnerError(f"{name}: Chromium ended before the model had run (exit code {process.returncode})")
        if time.monotonic() - since > PATIENCE:
            raise LimnerError(f"{name}: the page in Chromium said nothing for {PATIENCE:.0f} s; is the machine busy?")


@contextmanager
def _browser(program: str, url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Chromium with the page open, with an empty profile; it and its children are gone after the block."""
    with tempfile.TemporaryDirectory(prefix="limner-browser-", ignore_cleanup_errors=True) as profile:
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(
            [program, *_FLAGS, f"--user-data-dir={profile}", url],
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all of its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _line(text: str) -> str:
    return (text.strip().splitlines() or ["it does not say why"])[0][:300]
