"""The page in Firefox and in WebKit: it starts, and the sample photo gets its effects; in Firefox a camera too."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import av
import pytest

from page_parts import ROOT, built_page, page_server

BROWSER = ROOT / "web/tests/browser"
MINI_BROWSER = Path("/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser")
PATIENCE = 1200
"""Seconds."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    built_page()
    with page_server() as server:
        yield f"http://127.0.0.1:{server.port}/"


def _shown_well(found: dict[str, Any]) -> None:
    assert "fast on" in found["now"], found


def test_firefox(base: str) -> None:
    firefox = shutil.which("firefox-esr") or shutil.which("firefox")
    if firefox is None:
        pytest.skip("no Firefox; tools/install_browser.sh installs it where apt is")
    settings = json.dumps({"firefox": firefox, "base": base})
    done = subprocess.run(
        ["node", str(BROWSER / "firefox.mjs"), settings], capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["errors"] == []
    _shown_well(found)
    camera = found["camera"]
    assert " × " in camera["source"], "the camera's name and size"
    assert all(colour == pytest.approx(camera["filled"], abs=6) for colour in camera["seen"])
    with av.open(io.BytesIO(base64.b64decode(camera["recording"]))) as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    assert len(frames) > 3
    assert frames[-1].mean(axis=(0, 1)) == pytest.approx(camera["filled"][:3], abs=12)


def test_webkit(base: str) -> None:
    if shutil.which("WebKitWebDriver") is None or not MINI_BROWSER.is_file() or shutil.which("Xvfb") is None:
        pytest.skip("no WebKitGTK driver or no Xvfb; tools/install_browser.sh installs them where apt is")
    script = (BROWSER / "photo.js").read_text(encoding="utf-8") + (
        "const done = arguments[arguments.length - 1];"
        "samplePhoto().then((found) => done({ found }), (error) => done({ error: String(error) }));"
    )
    with _webkit() as ask:
        ask("POST", "/timeouts", {"script": PATIENCE * 1000, "pageLoad": PATIENCE * 1000})
        ask("POST", "/url", {"url": base})
        told = ask("POST", "/execute/async", {"script": script, "args": []})
    assert "found" in told, told
    _shown_well(told["found"])


@contextmanager
def _webkit() -> Iterator[Any]:
    """A session of WebKitGTK's MiniBrowser on a screen of its own; gives what sends it WebDriver commands."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x900x24"]
    screen = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL, start_new_session=True)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        display = f":{pipe.readline().strip()}"
    environment = {**os.environ, "DISPLAY": display, "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}
    driver, port = _driver(environment)
    session = ""

    def ask(method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{session}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE + 30) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from None

    try:
        options = {"binary": str(MINI_BROWSER), "args": ["--automation"]}
        made = ask("POST", "/session", {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}})
        session = f"/session/{made['sessionId']}"
        yield ask
        ask("DELETE", "")
    finally:
        for process in (driver, screen):
            _end(process)


def _driver(environment: dict[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    """A driver that listens, and its port. Its port may be taken meanwhile: then there is another."""
    for _ in range(10):
        port = _free_port()
        driver = subprocess.Popen(
            ["WebKitWebDriver", f"--port={port}"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        end = time.monotonic() + PATIENCE
        while driver.poll() is None and time.monotonic() < end:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=PATIENCE):
                return driver, port
            time.sleep(0.1)
        _end(driver)
    raise AssertionError("WebKitWebDriver does not listen")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process with all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
