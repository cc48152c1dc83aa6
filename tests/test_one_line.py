"""Adding a net, an effect, a runtime or an export target: one file, and one line in a registry. Each is added here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

RED = np.zeros((40, 60, 3), np.uint8)
RED[:, 30:] = (250, 10, 10)

NET = '''
"""A net that finds what is red."""

import torch

from limner.nets.base import SegmentationNet


class OwnNet(SegmentationNet):
    def __init__(self, *, in_channels: int = 3) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.mix = torch.nn.Conv2d(in_channels, 1, 1)

    def run(self, x, *, heads):
        return self.mix(x), {}
'''

EFFECT = '''
"""An effect that paints the person grey."""

import numpy as np

from limner.effects.base import Effect, Setting


class Own(Effect):
    """Grey people.

    Args:
        level: 0 to 255.
    """

    name = "own"
    settings = (Setting("own_level", "level", float, "how bright, 0 to 255. [128]"),)

    def __init__(self, *, level: float = 128) -> None:
        self._level = level

    def __call__(self, frame, matte):
        result = frame.copy()
        result[matte.alpha > 0.5] = np.uint8(self._level)
        return result
'''

RUNTIME = '''
"""Runs .own files: three weights as JSON."""

import json
from pathlib import Path

import numpy as np

from limner.runtimes.base import TensorInfo


class OwnRuntime:
    name, device, threads, facts = "own", "cpu", 1, {}
    inputs = (TensorInfo("image", (1, 3, 32, 32), np.dtype(np.float32)),)
    outputs = (TensorInfo("alpha", (1, 1, 32, 32), np.dtype(np.float32)),)

    def __init__(self, path, *, device="cpu", threads=None):
        self._weights = np.array(json.loads(Path(path).read_text()), np.float32)

    def run(self, inputs, *, laps=None):
        logits = (inputs["image"] * self._weights[None, :, None, None]).sum(1, keepdims=True)
        return {"alpha": (1 / (1 + np.exp(-logits))).astype(np.float32)}
'''

TARGET = '''
"""A target whose files are exported programs."""

import shutil

import torch

from limner.export.targets.base import Execution, Made, Target


class OwnTarget(Target):
    name, precisions, suffix = "own", ("fp32",), ".own"

    def convert(self, graph, precision, out):
        shutil.copyfile(graph.program_file(), out)
        return Made()

    def execute(self, path, feeds):
        module = torch.export.load(path).module()
        with torch.no_grad():
            rows = [{"alpha": module(torch.from_numpy(row["image"])).numpy()} for row in feeds]
        return Execution(outputs=rows, load_ms=1.0, latency_ms=1.0, runtime="torch")
'''


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Any]:
    """Writes a module of that name and imports it."""
    import importlib

    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name: str, text: str) -> Any:
        (tmp_path / f"{name}.py").write_text(text)
        return importlib.import_module(name)

    return make


def limner(folder: Path, line: str, *args: object) -> subprocess.CompletedProcess[str]:
    """The command with one more line in a registry."""
    code = f"{line}\nfrom limner.cli.app import main\nmain({[str(arg) for arg in args]!r})"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )


def test_a_net(own: Callable[[str, str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    from limner import Segmenter
    from limner.nets import NETS
    from limner.tasks import TASKS
    from limner.weights.checkpoint import Checkpoint

    monkeypatch.setitem(NETS, "own", own("own_net", NET).OwnNet)
    raw = {
        "net": {"name": "own"},
        "input_size": 32,
        "data": {"sets": {"a": 1}},
        "samples": 4,
        "batch": 2,
        "phases": [{"size": 32, "share": 1}],
        "optimizer": {"lr": 0.1},
    }
    task = TASKS["segment"]
    recipe = task.read(raw, source="test")
    net, _ = task.begun(recipe, None, lambda: pytest.fail("no photo is needed"))
    with torch.no_grad():
        net.mix.weight[:] = torch.tensor([8.0, 0, 0])[None, :, None, None]
        net.mix.bias[:] = -4
    weights = net.state_dict()
    card = task.card(recipe)
    assert card.summary.startswith("own: 0.00 M parameters")
    Checkpoint(task.plain(recipe), 0, weights, weights, {}, card=card.to_dict()).save(tmp_path / "own.pt")
    matte = Segmenter(tmp_path / "own.pt", refine=False).matte(RED)
    assert matte.alpha[:, 40:].min() > 0.9
    assert matte.alpha[:, :20].max() < 0.1


def test_an_effect_with_its_flag_and_its_help(
    tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path]
) -> None:
    (tmp_path / "own_effect.py").write_text(EFFECT)
    make_card(make_onnx(tmp_path / "red.onnx"))
    Image.fromarray(RED).save(tmp_path / "red.png")
    line = "from own_effect import Own; from limner.effects import EFFECTS; EFFECTS[Own.name] = Own"
    done = limner(tmp_path, line, "image", "red.png", "-o", "o.png", "-m", "red.onnx", "-e", "own", "--own-level", "77")
    assert done.returncode == 0, done.stderr
    made = np.asarray(Image.open(tmp_path / "o.png"))
    assert (made[:, 45:] == 77).all()
    assert (made[:, :15] == 0).all()
    done = limner(tmp_path, line, "image", "--help")
    assert "own: how bright, 0 to 255" in " ".join(done.stdout.split())
    done = limner(tmp_path, line, "image", "red.png", "-o", "o.png", "--own-level", "7")
    assert "--own-level belongs to the effect own, not to blur" in done.stderr


def test_a_runtime_with_files_of_its_own(tmp_path: Path, make_card: Callable[..., Path]) -> None:
    (tmp_path / "own_runtime.py").write_text(RUNTIME)
    (tmp_path / "red.own").write_text(json.dumps([20, 0, -20]))
    make_card(tmp_path / "red.own", file="red.own")
    Image.fromarray(RED).save(tmp_path / "red.png")
    line = (
        "from limner.runtimes.loading import RUNTIMES, Entry; "
        "RUNTIMES['own'] = Entry('own_runtime', 'OwnRuntime', ('.own',), 'own_runtime', 'own')"
    )
    done = limner(tmp_path, line, "image", "red.png", "-o", "o.png", "-m", "red.own", "-e", "mask", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["model"]["runtime"] == "own"
    mask = np.asarray(Image.open(tmp_path / "o.png"))
    assert mask[:, 40:].min() > 200
    done = limner(tmp_path, "", "image", "red.png", "-o", "o2.png", "-m", "red.own")
    assert done.returncode == 2
    assert "red.own: is none of the model files that Limner runs" in done.stderr


def test_an_export_target(own: Callable[[str, str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    from limner.export.exporting import Plan, export_all
    from limner.export.source import Source
    from limner.export.targets.base import TARGETS
    from limner.models.card import NetSpec
    from limner.models.pair import card_beside
    from small_nets import small_net

    own("own_target", TARGET)
    monkeypatch.setitem(TARGETS, "own", "own_target:OwnTarget")
    source = Source(small_net().for_inference(), NetSpec(name="small"), (16, 24), "net")
    report = export_all(source, tmp_path / "out", Plan(targets=("own",)), progress=lambda *_: None)
    (row,) = report.rows
    assert (row.file, row.state, row.missed) == ("net.own", "checked", {})
    assert row.figures is not None
    assert row.figures.max_error < 1e-5
    card = card_beside(tmp_path / "out" / "net.own")
    assert card is not None
    assert card.sha256 is not None
