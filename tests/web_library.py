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
from limner.export.toolchains.environments import taking_turns

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "web"
MODULES = WEB / "node_modules"
DIST = WEB / "lib" / "dist"
PAGE = """<!doctype html><meta charset="utf-8"><title>Test</title><script type="module" src="main.js"></script>"""
MAIN = """import * as limner from "./lib/index.js";
globalThis.limner = limner;
"""


def build_library() -> Path:
    """The folder of the built library; built anew where a source is younger. Skips where there is no Node.

    Tests of several files may ask at once, from processes of their own: one builds, and the others wait for it.
    """
    needs_browser()
    install_modules()
    with taking_turns(DIST, lambda: None):
        sources = [
            *(WEB / "lib" / "src").rglob("*.ts"),
            *WEB.glob("*.ts"),
            *WEB.glob("vite/*.ts"),
            WEB / "lib" / "vite.config.ts",
        ]
        newest = max(file.stat().st_mtime for file in sources)
        built = MODULES / ".limner-lib"  # touched at the end: a build that was ended in the middle is none
        if not (DIST / "index.js").is_file() or not built.is_file() or built.stat().st_mtime < newest:
            _node(["npm", "run", "build:lib"], WEB, seconds=1800)
            built.touch()
    return DIST


def run_npm(script: str) -> None:
    """Run a script of web/package.json; AssertionError with its last words where it fails. Skips without Node."""
    install_modules()
    _node(["npm", "run", "--silent", script], WEB, seconds=1800)


def install_modules() -> None:
    """What web/package-lock.json names, in web/node_modules: as tools/build_web.sh does, and by the same mark.

    Skips where there is no Node.
    """
    lock, mark = WEB / "package-lock.json", MODULES / ".limner-lock"
    with taking_turns(MODULES, lambda: None):
        if not mark.is_file() or mark.read_bytes() != lock.read_bytes():
            _node(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], WEB, seconds=1800)
            shutil.copyfile(lock, mark)


def library_page(folder: Path) -> Path:
    """A page that has the library as ``globalThis.limner``; ``lib/`` is the library, ``runtimes/`` its runtimes."""
    dist = build_library()
    folder.mkdir(parents=True)
    shutil.copytree(dist, folder / "lib", copy_function=_link, ignore=shutil.ignore_patterns("assets", "types"))
    shutil.copytree(dist / "assets" / "runtimes", folder / "runtimes", copy_function=_link)
    (folder / "index.html").write_text(PAGE)
    (folder / "main.js").write_text(MAIN)
    return folder


def packed_library(folder: Path) -> Path:
    """The files that `npm pack` would put into the package of the library, by its ``files``."""
    package = build_library().parent
    for name in json.loads((package / "package.json").read_text(encoding="utf-8"))["files"]:
        source = package / name
        if source.is_dir():
            shutil.copytree(source, folder / name, copy_function=_link)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            _link(str(source), str(folder / name))
    return folder


def run_script(name: str, job: object, *, seconds: float = 1800) -> Any:
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
