"""Models in headless Chromium: the real one in the slow tests; in the others a program that behaves like a page."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from browsers import needs_browser
from limner.errors import LimnerError
from limner.export.browser import run as browser
from limner.export.browser.run import chromium, run_in_browser
from limner.export.targets.base import NotRunHereError
from limner.runtimes.onnx_runtime import OnnxRuntime

PAGE = """
import json, os, subprocess, sys, time
from pathlib import Path
from urllib.request import Request, urlopen
base = sys.argv[-1].removesuffix("page.html")
def get(path): return urlopen(base + path).read()
def post(path, body, **headers): urlopen(Request(base + path, body, headers, method="POST"))
def end(): time.sleep(600)
job = json.loads(get("job.json"))
"""
DOUBLES = """
assert job["model"] == "model/m.onnx" and job["threads"] == 1 and len(get(job["model"])) == 3
for call in range(job["calls"]):
    import array
    data = array.array("f", get(f"input/{call}"))
    meta = json.dumps([{"name": "alpha", "dtype": "float32", "shape": job["inputs"][0]["shape"]}])
    post(f"output/{call}", array.array("f", [2 * x for x in data]).tobytes(), **{"x-meta": meta})
post("done", json.dumps({"load_ms": 5, "times_ms": [90, 3, 4, 2]}).encode())
end()
"""
FEEDS = [{"image": np.full((1, 2, 3, 1), call, np.float32)} for call in range(4)]


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(browser, "LIBRARIES", Libraries(tmp_path))
    (tmp_path / "m.onnx").write_text("net")
    return tmp_path / "m.onnx"


class Libraries:
    """JavaScript libraries that are there already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ensure(self) -> Path:
        return self.folder


def pretend(monkeypatch: pytest.MonkeyPatch, folder: Path, code: str) -> None:
    """Let a script stand in for Chromium: it is started, asked and ended the same way."""
    program = folder / "chromium"
    program.write_text(f"#!{sys.executable}\n{PAGE}{code}")
    program.chmod(0o755)
    monkeypatch.setenv("LIMNER_CHROMIUM", str(program))


def gone(folder: Path) -> bool:
    """Whether the process whose number is in the file ``child`` has ended (a zombie has)."""
    status = Path("/proc", (folder / "child").read_text(), "stat")
    for _ in range(100):
        if not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_page_is_served_and_its_answers_come_back(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, model.parent, DOUBLES)
    done = run_in_browser(model, FEEDS, runtime="onnxruntime")
    assert [outputs["alpha"].tolist() for outputs in done.outputs] == [(2 * row["image"]).tolist() for row in FEEDS]
    assert (done.load_ms, done.latency_ms) == (5, 3)
    assert done.runtime == "onnxruntime-web in Chromium"


def test_what_a_page_cannot_do_is_one_line(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, model.parent, "post('failed', b'no such operator\\n  at f (g.js)')\nend()")
    with pytest.raises(LimnerError, match=r"^m\.onnx: does not run in Chromium: no such operator$"):
        run_in_browser(model, FEEDS, runtime="onnxruntime")


def test_a_browser_that_ends_early_is_told(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, model.parent, "sys.exit(3)")
    with pytest.raises(LimnerError, match=r"Chromium ended before the model had run \(exit code 3\)"):
        run_in_browser(model, FEEDS, runtime="onnxruntime")


def test_a_silent_page_is_given_up_and_nothing_goes_on_running(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = "child = subprocess.Popen(['sleep', '600'])\nPath(__file__).with_name('child').write_text(str(child.pid))\n"
    pretend(monkeypatch, model.parent, child + "get('job.json')\nend()")
    monkeypatch.setattr(browser, "PATIENCE", 1.0)
    with pytest.raises(LimnerError, match="said nothing for 1 s"):
        run_in_browser(model, FEEDS, runtime="onnxruntime")
    assert gone(model.parent)


def test_an_interrupt_ends_the_browser(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = "Path(__file__).with_name('child').write_text(str(os.getpid()))\n"
    pretend(monkeypatch, model.parent, child + "end()")

    def interrupt(server: object, process: object, name: str) -> None:
        while not (model.parent / "child").is_file() or not (model.parent / "child").read_text():
            time.sleep(0.05)
        raise KeyboardInterrupt

    monkeypatch.setattr(browser, "_wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_in_browser(model, FEEDS, runtime="onnxruntime")
    assert gone(model.parent)


def test_without_chromium_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIMNER_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotRunHereError, match=r"^no chromium; install it"):
        chromium()
    monkeypatch.setenv("LIMNER_CHROMIUM", "/nowhere/chrome")
    with pytest.raises(LimnerError, match=r"^LIMNER_CHROMIUM=/nowhere/chrome: there is no such program") as caught:
        chromium()
    assert not isinstance(caught.value, NotRunHereError)


def add(path: Path, elements: int, dtype: int = TensorProto.FLOAT) -> Path:
    """An ONNX file whose output "sum" is "a" + "b"."""
    a, b, out = (helper.make_tensor_value_info(name, dtype, [2, elements]) for name in ("a", "b", "sum"))
    graph = helper.make_graph([helper.make_node("Add", ["a", "b"], ["sum"])], "add", [a, b], [out])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.mark.slow
def test_onnx_in_chromium_gives_what_onnx_runtime_gives(tmp_path: Path) -> None:
    needs_browser()
    path = add(tmp_path / "add.onnx", 5)
    rng = np.random.default_rng(0)
    feeds = [{name: rng.random((2, 5), np.float32) for name in "ab"} for _ in range(3)]
    done = run_in_browser(path, feeds, runtime="onnxruntime", threads=2)
    runtime = OnnxRuntime(path)
    for row, outputs in zip(feeds, done.outputs, strict=True):
        assert np.array_equal(outputs["sum"], runtime.run(row)["sum"])
    assert done.load_ms > 0


@pytest.mark.slow
def test_types_that_cannot_be_passed_are_told(tmp_path: Path) -> None:
    needs_browser()
    path = add(tmp_path / "add.onnx", 5, TensorProto.DOUBLE)
    feeds = [{name: np.zeros((2, 5)) for name in "ab"}]
    with pytest.raises(LimnerError, match="arrays of float64 cannot be passed"):
        run_in_browser(path, feeds, runtime="onnxruntime")


@pytest.mark.slow
def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    needs_browser()
    path = tmp_path / "bad.onnx"
    path.write_bytes(os.urandom(100))
    with pytest.raises(LimnerError, match=r"^bad\.onnx: does not run in Chromium: "):
        run_in_browser(path, [{"a": np.zeros((1, 1), np.float32)}], runtime="onnxruntime")
