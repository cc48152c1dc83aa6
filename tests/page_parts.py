"""What tests of the page share: the built page, a server of it, and a Chromium that scenarios in JavaScript drive."""

from __future__ import annotations

import io
import json
import os
import queue
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import av
import pytest

from browsers import needs_browser
from limner.export.browser.run import chromium
from limner.export.toolchains.environments import taking_turns
from limner.samples import CLIP
from limner.web.answering import Answers
from limner.web.server import WebServer
from limner.web.site import Site
from web_library import install_modules

ROOT = Path(__file__).parents[1]
STATIC = ROOT / "src/limner/web/static"
RUNNER = ROOT / "web/tests/browser/page/run.mjs"
PATIENCE = 3600.0
"""Seconds without a word from a scenario after which it is given up: more than its own limit twice."""


def built_page() -> Path:
    """The folder of the page, built where it is older than its sources. Skips where nothing can build or show it."""
    needs_browser()
    if shutil.which("node") is None:
        pytest.skip("no node; `make web` says which one it needs")
    install_modules()
    with taking_turns(ROOT / "web/page", lambda: None):  # its lock lies beside that, not in the package
        index = STATIC / "index.html"
        if not index.is_file() or index.stat().st_mtime < _newest():
            subprocess.run(["sh", str(ROOT / "tools/build_web.sh")], check=True, timeout=1800)
    return STATIC


def _newest() -> float:
    places = [ROOT / "web" / name for name in ("lib/src", "page", "vite", "runtime_files.ts", "package-lock.json")]
    files = [path for place in places for path in (place.rglob("*") if place.is_dir() else [place])]
    return max(path.stat().st_mtime for path in files if path.is_file() and "node_modules" not in path.parts)


@contextmanager
def page_server(page: Path = STATIC) -> Iterator[WebServer]:
    """A server of a built page on a port of its own, under any name."""
    with WebServer(("127.0.0.1", 0), Answers(Site(page))) as server:
        yield server


def camera_clip(folder: Path) -> Path:
    """The sample clip as Chromium's fake camera takes it: JPEG pictures one after another."""
    path = folder / "camera.mjpeg"
    with av.open(str(CLIP)) as clip, path.open("wb") as file:
        for frame in clip.decode(video=0):
            picture = io.BytesIO()
            frame.to_image().save(picture, "JPEG", quality=90)
            file.write(picture.getvalue())
    return path


class Scenarios:
    """Runs scenarios of web/tests/browser/page, one after another, in one process of Node."""

    def __init__(self, camera: Path) -> None:
        self._settings = {"chromium": chromium(), "camera": str(camera)}
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()

    def run(
        self, name: str, base: str, answers: Mapping[str, Callable[[], object]] | None = None, **more: object
    ) -> Any:
        """What a scenario gives back. ``answers``: what to do where it asks for something to be done.

        Raises:
            AssertionError: it failed; the message is what it says.
        """
        self._say({"run": name, "base": base, **more})
        while True:
            try:
                line = self._lines.get(timeout=PATIENCE)
            except queue.Empty:
                self.close()
                raise AssertionError(f"{name}: said nothing for {PATIENCE:.0f} s") from None
            if line is None:
                self.close()
                raise AssertionError(f"{name}: the process of Node ended")
            told = json.loads(line)
            if "ask" in told:
                (answers or {})[told["ask"]]()
                self._say({"done": told["ask"]})
            elif "error" in told:
                raise AssertionError(f"{name}: {told['error']}")
            else:
                return told.get("result")

    def close(self) -> None:
        """End the process and its browsers."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(300)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _say(self, message: Mapping[str, object]) -> None:
        if self._process is None:
            self._process = self._start()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            ["node", str(RUNNER), json.dumps(self._settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self._lines = queue.Queue()
        threading.Thread(target=_listen, args=(process, self._lines), daemon=True).start()
        return process


def _listen(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put(None)
