"""The page in Chromium: the scenarios of web/tests/browser/page, with the sample clip as the camera."""

from __future__ import annotations

import base64
import io
import re
import shutil
import threading
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import av
import pytest

from limner.models.catalogue import find_model
from limner.samples import PORTRAIT
from limner.web.exporting import export_site
from limner.web.site import Site
from page_parts import ROOT, STATIC, Scenarios, built_page, camera_clip, page_server
from web_library import packed_library


@pytest.fixture(scope="module")
def scenarios(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenarios]:
    built_page()
    running = Scenarios(camera_clip(tmp_path_factory.mktemp("camera")))
    yield running
    running.close()


@pytest.fixture(scope="module")
def base(scenarios: Scenarios) -> Iterator[str]:
    with page_server() as server:
        yield f"http://127.0.0.1:{server.port}/"


LARGEST_VISIT = 150_000
"""Bytes of our own script, shaders included, that a visit loads which computes and draws with WebGPU."""
LARGEST_PAGE = 200_000
"""… of all of it: every runtime, everything that draws, and the page of measurements."""


def visited(assets: Mapping[str, str], begun: Iterable[str]) -> set[str]:
    """The files that are loaded with those that are named; what is imported when it is wanted is not followed."""
    found: set[str] = set()
    waiting = list(begun)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += re.findall(r'(?:from|import)[`"]\./([^`"]+)[`"]', assets[name])
    return found


def test_our_own_script_is_small() -> None:
    page = built_page()
    assets = {file.name: file.read_text("utf-8") for file in (page / "assets").glob("*.js")}
    beside = sum((page / name).stat().st_size for name in ("sw.js", "theme.js"))

    def with_text(*texts: str) -> list[str]:
        return [name for name, text in assets.items() if all(each in text for each in texts)]

    def size(names: Iterable[str]) -> int:
        return beside + sum(len(assets[name].encode()) for name in names if not name.startswith("of-others-"))

    started = [name for name in assets if name.startswith(("index-", "worker-", "ort_webgpu-"))]
    (renderer,) = with_text("@fragment", "textureSampleLevel")
    visit = visited(assets, [*started, renderer])
    assert len(started) == 3
    assert {name.split("-")[0] for name in visit} > {"index", "worker", "serve", "gpu_net", "passes", "renderer"}
    assert size(visit) < LARGEST_VISIT
    assert size(assets) < LARGEST_PAGE


def text(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


@pytest.mark.parametrize(
    "name",
    [
        "starts",
        "effects",
        "first_mask",
        "refused",
        "no_camera",
        "camera_trouble",
        "missing_model",
        pytest.param("no_runtime", marks=pytest.mark.slow),
        "phone",
        pytest.param("keyboard", marks=pytest.mark.slow),
        pytest.param("remembers", marks=pytest.mark.slow),
        pytest.param("paused", marks=pytest.mark.slow),
    ],
)
def test_in_chromium(scenarios: Scenarios, base: str, name: str) -> None:
    scenarios.run(name, base)


@pytest.mark.slow
def test_measurements(scenarios: Scenarios, base: str) -> None:
    scenarios.run("measurements", base)


def test_an_insecure_page_says_why_it_has_no_camera(scenarios: Scenarios, base: str) -> None:
    scenarios.run("insecure", base.replace("127.0.0.1", "limner.test"))


def test_without_a_server_after_one_visit(scenarios: Scenarios) -> None:
    with page_server() as server:
        scenarios.run("offline", f"http://127.0.0.1:{server.port}/", {"stop the server": server.server_close})


def test_a_newer_page_is_offered(scenarios: Scenarios, tmp_path: Path) -> None:
    page = tmp_path / "page"
    shutil.copytree(STATIC, page)

    def change() -> None:
        index, worker = page / "index.html", page / "sw.js"
        index.write_text(index.read_text("utf-8").replace("<html", '<html data-version="second"', 1), "utf-8")
        text, changed = re.subn(r"(version: ?[`\"'])\w+", r"\1second", worker.read_text("utf-8"), count=1)
        assert changed
        worker.write_text(text, "utf-8")

    with page_server(page) as server:
        scenarios.run("update", f"http://127.0.0.1:{server.port}/", {"change the page": change})


class _Plain(SimpleHTTPRequestHandler):
    """As hosts do that only send files."""

    extensions_map: ClassVar = {
        **SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


def test_a_host_without_headers(scenarios: Scenarios, tmp_path: Path) -> None:
    site = tmp_path / "site"
    export_site(Site(STATIC), site)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Plain, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        scenarios.run("plain_host", f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()
        thread.join()


def test_own_files(scenarios: Scenarios, base: str) -> None:
    tiny = find_model("tiny")
    files = {
        "photo": text(PORTRAIT),
        "weights": text(tiny.path),
        "card": text(tiny.path.with_suffix(".json")),
        "clip": text(ROOT / "web/page/src/assets/sample.webm"),
    }
    scenarios.run("own_files", base, files=files)


def test_a_phone_that_is_turned(scenarios: Scenarios, base: str) -> None:
    scenarios.run("turned", base, files={"photo": text(PORTRAIT)})


def test_the_example_of_the_library(scenarios: Scenarios, tmp_path: Path) -> None:
    page = packed_library(tmp_path / "package")
    (page / "index.html").write_text("<!doctype html><title>limner-web</title>")
    with page_server(page) as server:
        scenarios.run("example", f"http://127.0.0.1:{server.port}/")


def test_what_is_saved(scenarios: Scenarios, base: str) -> None:
    saved = scenarios.run("saving", base)
    with av.open(io.BytesIO(base64.b64decode(saved["video"]))) as video:
        stream = video.streams.video[0]
        assert (stream.width, stream.height) == (848, 480)
        assert stream.metadata.get("alpha_mode") == "1"
        assert sum(1 for _ in video.decode(video=0)) > 1
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(saved["zip"]))) as pictures:
        assert pictures.testzip() is None
        names = pictures.namelist()
        assert names
        assert all(name.endswith("ms.png") for name in names)
        assert names == sorted(names)
        assert pictures.read(names[0]).startswith(b"\x89PNG")
