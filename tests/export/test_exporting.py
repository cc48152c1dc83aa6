"""Many targets from one net: each file runs at once with its card; what fails says so; nothing is left half-written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from skimage.data import astronaut

from browsers import needs_browser
from limner.errors import LimnerError, OptionError
from limner.export import exporting
from limner.export.exporting import Plan, Report, export_all
from limner.export.graphs.graph import Feeds, Graph
from limner.export.source import Source
from limner.export.targets.base import Execution, Made, NotMadeHereError, NotRunHereError, Target
from limner.export.targets.onnx import OnnxTarget
from limner.matte import Matte
from limner.models.card import NetSpec
from limner.nets.deployed import GraphOptions
from limner.runtimes.cpu import int8_kernels
from limner.runtimes.onnx_runtime import OnnxRuntime
from limner.segment.preprocess import shrink
from limner.segment.pyramid import build_pyramid
from limner.segment.segmenter import Segmenter
from small_nets import small_net

SIZE = (16, 24)


def export(out: Path, plan: Plan, **net: int) -> Report:
    source = Source(small_net(**net).for_inference(), NetSpec(name="small", options=net), SIZE, "net")
    return export_all(source, out, plan, progress=lambda *_: None)


def probability(model: Path, previous: Matte | None = None) -> Any:
    """What the file says of the astronaut, (16, 24)."""
    return Segmenter(model).probability(astronaut(), previous=previous)


def expected(net: dict[str, int], kind: str) -> Any:
    """What PyTorch says."""
    small = shrink(build_pyramid(astronaut()).small, SIZE)
    planes = np.zeros((1, net.get("in_channels", 3), *SIZE), np.float32)
    planes[0, :3] = small.transpose(2, 0, 1) / np.float32(255)
    with torch.no_grad():
        logits = small_net(**net)(torch.from_numpy(planes))
    classes = torch.cat([torch.zeros_like(logits), logits], dim=1) if logits.shape[1] == 1 else logits
    person = net.get("person_class", 1)
    if kind in ("argmax", "packed"):
        return (classes.argmax(1)[0] == person).numpy()
    return classes.softmax(1)[0, person].numpy()


CASES: dict[str, tuple[dict[str, int], GraphOptions]] = {
    "plain": ({}, GraphOptions()),
    "logits of classes, open": (
        {"classes": 3, "person_class": 2},
        GraphOptions(output="logits", dynamic="both", layout="NHWC"),
    ),
    "bytes to classes": ({"classes": 3, "person_class": 2}, GraphOptions(output="argmax", uint8_input=True)),
    "bytes to bits": ({}, GraphOptions(output="packed", uint8_input=True, layout="NHWC")),
    "state": ({"in_channels": 4}, GraphOptions(uint8_input=True)),
}


@pytest.mark.parametrize(
    "case", ["plain", *(pytest.param(name, marks=pytest.mark.slow) for name in CASES if name != "plain")]
)
def test_every_kind_of_graph_runs_at_once_from_its_card(tmp_path: Path, data_folder: Path, case: str) -> None:
    net, options = CASES[case]
    plan = Plan(
        targets=("onnx", "openvino") if case in ("plain", "state") else ("onnx",),
        precisions=("all",) if case in ("plain", "bytes to bits", "state") else ("fp32",),
        options=options,
        data=data_folder,
        photos=4,
        calibration=7,
        licence="CC0-1.0",
    )
    report = export(tmp_path / "out", plan, **net)
    assert [row.reason for row in report.rows if not row.good] == []
    assert report.photos == 4
    for row in report.rows:
        assert row.state == "checked"
        model = tmp_path / "out" / row.file
        card = Segmenter(model).card
        assert (card.file, card.licence, card.output.kind, card.sha256 is None) == (
            row.file,
            "CC0-1.0",
            options.output,
            False,
        )
        assert card.measured[0].on == "export: 4 val photos"
        if row.precision != "int8":
            difference = np.abs(probability(model) - expected(net, options.output))
            assert difference.mean() < (5e-3 if row.precision == "fp16" else 1e-5)
    assert not list(tmp_path.rglob(".export-*"))


def test_int8_files_are_checked_in_exact_numbers_too(tmp_path: Path, data_folder: Path) -> None:
    plan = Plan(targets=("onnx",), precisions=("fp16", "int8"), data=data_folder, photos=4, calibration=4)
    half, kernels, exact = export(tmp_path, plan).rows
    assert [row.file for row in (half, kernels, exact)] == ["net.fp16.onnx", "net.int8.onnx", "net.int8.onnx"]
    assert half.figures is not None
    assert kernels.figures is not None
    assert exact.figures is not None
    assert half.figures.runtime == "onnxruntime"
    assert kernels.figures.runtime == f"onnxruntime, {int8_kernels()}".removesuffix(", ")
    assert exact.figures.runtime == "onnxruntime, exact"
    assert exact.figures.mean_error == pytest.approx(kernels.figures.mean_error, abs=2 / 255)
    assert kernels.figures.runtime in Segmenter(tmp_path / "net.int8.onnx").card.measured[0].protocol


def test_the_state_is_what_a_phone_feeds_back(tmp_path: Path) -> None:
    export(tmp_path, Plan(targets=("onnx",)), in_channels=4)
    model = tmp_path / "net.onnx"
    shape = astronaut().shape[:2]
    empty, full = (Matte(np.full(shape, level, np.float32)) for level in (0, 1))
    np.testing.assert_array_equal(probability(model), probability(model, empty))
    assert np.abs(probability(model) - probability(model, full)).mean() > 0.01
    assert Segmenter(model).card.input.channels == 3


class Half(OnnxTarget):
    """Makes ONNX files and does ``end`` when they are to be run, or made."""

    name: ClassVar[str] = "half"
    precisions: ClassVar[tuple[str, ...]] = ("fp32",)

    def __init__(self, convert: BaseException | None = None, run: BaseException | None = None) -> None:
        self.errors = convert, run

    def convert(self, graph: Graph, precision: str, out: Path) -> Made:
        made = super().convert(graph, precision, out)
        if self.errors[0] is not None:
            raise self.errors[0]
        return made

    def execute(self, path: Path, feeds: Sequence[Feeds]) -> Execution:
        if self.errors[1] is not None:
            raise self.errors[1]
        return super().execute(path, feeds)


def test_what_fails_says_so_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases: dict[str, tuple[Target, str, str]] = {
        "a": (Half(convert=LimnerError("no toolchain")), "failed", "no toolchain"),
        "b": (Half(convert=ValueError("shape\nmore")), "failed", "net.b.onnx: ValueError: shape"),
        "c": (Half(convert=NotMadeHereError("no NVIDIA")), "not made here", "no NVIDIA"),
        "d": (Half(run=NotRunHereError("not a Mac")), "not run here", "not a Mac"),
        "e": (Half(run=LimnerError("crashed")), "failed", "crashed"),
        "f": (
            Half(convert=OSError(28, "No space left on device")),
            "failed",
            f"net.f.onnx: cannot be written in {tmp_path}: No space left on device",
        ),
    }
    make = exporting.make_target
    for name, (target, *_) in cases.items():
        monkeypatch.setattr(target, "file_name", lambda stem, _, name=name: f"{stem}.{name}.onnx")
    monkeypatch.setattr(exporting, "make_target", lambda name: cases[name][0] if name in cases else make(name))
    report = export(tmp_path, Plan(targets=(*cases, "onnx"), precisions=("fp32", "dynamic")))
    found = {(row.file, row.precision): (row.state, row.reason) for row in report.rows}
    for name, (_, state, reason) in cases.items():
        assert found[f"net.{name}.onnx", "fp32"] == (state, reason)
        assert found[f"net.{name}.onnx", "dynamic"] == ("not offered", "half has fp32")
    assert found["net.onnx", "fp32"] == ("checked", "")
    good = [row.file for row in report.rows if row.precision == "fp32" and row.good]
    assert good == ["net.c.onnx", "net.d.onnx", "net.onnx"]
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["net.d.onnx", "net.d.onnx.json", "net.onnx", "net.onnx.json"]


@pytest.mark.parametrize(
    ("error", "state", "good"),
    [
        (None, "checked", True),
        (NotRunHereError("no chromium"), "not run here", True),
        (LimnerError("ended"), "failed", False),
    ],
)
def test_a_browser_gives_onnx_files_a_second_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: LimnerError | None, state: str, good: bool
) -> None:
    def run(path: Path, feeds: Sequence[Feeds], *, runtime: str) -> Execution:
        if error is not None:
            raise error
        page = [{"alpha": OnnxRuntime(path).run(row)["alpha"] + np.float32(2e-6)} for row in feeds]
        return Execution(outputs=page, load_ms=1, latency_ms=1, runtime=f"{runtime} in a page")

    monkeypatch.setattr("limner.export.browser.run.run_in_browser", run)
    report = export(tmp_path, Plan(targets=("onnx",), browser=True))
    first, second = report.rows
    assert (first.file, first.state, first.good) == ("net.onnx", "checked", True)
    assert (second.file, second.state, second.reason, second.good) == ("net.onnx", state, str(error or ""), good)
    assert first.figures is not None
    assert first.figures.runtime == "onnxruntime"
    if error is None:
        assert second.figures is not None
        assert second.figures.runtime == "onnxruntime in a page"
        assert second.figures.mean_error == pytest.approx(2e-6, rel=0.2)
    assert {path.name for path in tmp_path.iterdir()} == {"net.onnx", "net.onnx.json"}


@pytest.mark.slow
def test_a_real_browser_agrees(tmp_path: Path) -> None:
    needs_browser()
    report = export(tmp_path, Plan(targets=("onnx",), precisions=("fp32", "fp16"), browser=True))
    assert [row.good for row in report.rows] == [True] * 4
    assert [row.figures.runtime for row in report.rows if row.figures][1::2] == ["onnxruntime-web in Chromium"] * 2


def test_ctrl_c_leaves_what_was_whole_and_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export(tmp_path / "out", Plan(targets=("onnx",)))
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    monkeypatch.setattr(exporting, "make_target", lambda name: Half(run=KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        export(tmp_path / "out", Plan(targets=("half",)))
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_plans_that_cannot_be_carried_out(tmp_path: Path, data_folder: Path) -> None:
    cases: list[tuple[Callable[[], Any], str]] = [
        (lambda: export(tmp_path / "o", Plan(targets=("onnx",), precisions=("dynamic",))), "none of onnx offers it"),
        (lambda: export(tmp_path / "o", Plan(targets=("openvino",), browser=True)), "browser: is for ONNX files"),
        (lambda: export(tmp_path / "o", Plan(targets=("onnx",), name="../net")), r"name \.\./net: must begin with"),
        (lambda: export(tmp_path / "o", Plan(targets=("onnx",), size=(12, 12))), "takes sizes divisible by 8"),
    ]
    for run, message in cases:
        with pytest.raises(OptionError, match=message):
            run()
    assert not (tmp_path / "o").exists()


def test_a_line_names_what_half_precision_cannot_hold(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    net = small_net().for_inference()
    with torch.no_grad():
        net.head.bias.fill_(1e5)
    plan = Plan(targets=("onnx", "openvino"), precisions=("fp32", "fp16"))
    source = Source(net, NetSpec(name="small", options={}), SIZE, "net")
    rows = export_all(source, tmp_path, plan, progress=lambda *_: None).rows
    assert [(row.precision, len(row.notes)) for row in rows] == [("fp32", 0), ("fp16", 1)] * 2
    assert rows[1].notes[0] == "what reads net.head.bias stays in float: half precision ends at 65504"
    assert rows[3].notes[0] == "beyond 65504, where half precision ends: net.head.bias"
