"""The built browser library on a page of its own, and scripts that drive a real browser over it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from browsers import needs_browser
from limner.export.browser.run import chromium

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "web"
DIST = WEB / "lib" / "dist"
PAGE = """<!doctype html><meta charset="utf-8"><title>Test</title><script type="module" src="main.js"></script>"""
MAIN = """import * as limner from "./lib/index.js";
globalThis.limner = limner;
"""


def build_library() -> Path:
    """The folder of the built library; built anew where a source is younger. Skips where there is no Node."""
    needs_browser()
    if not (WEB / "node_modules" / "vite").is_dir():
        _node(["npm", "ci", "--no-audit", "--no-fund"], WEB, seconds=600)
    sources = [
        *(WEB / "lib" / "src").rglob("*.ts"),
        *WEB.glob("*.ts"),
        *WEB.glob("vite/*.ts"),
        WEB / "lib" / "vite.config.ts",
    ]
    entry = DIST / "index.js"
    if not entry.is_file() or entry.stat().st_mtime < max(file.stat().st_mtime for file in sources):
        _node(["npm", "run", "build:lib"], WEB, seconds=600)
    return DIST


def library_page(folder: Path) -> Path:
    """A page that has the library as ``globalThis.limner``; ``lib/`` is the library, ``runtimes/`` its runtimes."""
    dist = build_library()
    folder.mkdir(parents=True)
    shutil.copytree(dist, folder / "lib", copy_function=_link, ignore=shutil.ignore_patterns("assets", "types"))
    shutil.copytree(dist / "assets" / "runtimes", folder / "runtimes", copy_function=_link)
    (folder / "index.html").write_text(PAGE)
    (folder / "main.js").write_text(MAIN)
    return folder


def run_script(name: str, job: object, *, seconds: float = 300) -> Any:
    """What ``web/tests/browser/<name>`` prints as JSON, given ``job``; it drives the browser."""
    environment = {**os.environ, "LIMNER_CHROMIUM": chromium()}
    command = ["node", f"tests/browser/{name}", json.dumps(job)]
    return json.loads(_node(command, WEB, seconds=seconds, environment=environment).splitlines()[-1])


def _node(command: list[str], folder: Path, *, seconds: float, environment: dict[str, str] | None = None) -> str:
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]}; make test-exports installs it")
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, errors = process.communicate(timeout=seconds)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)  # the browser too
        process.wait()
        raise
    assert process.returncode == 0, f"{' '.join(command)[:200]} failed:\n{out[-2000:]}\n{errors[-4000:]}"
    return out


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copyfile(source, target)
