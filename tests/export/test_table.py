"""The table marks what misses a limit, says what was not run, and goes to programs as plain JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from limner.export.checks.parity import Figures
from limner.export.exporting import Report, Row
from limner.export.table import lines, markdown, print_table, to_json

REFERENCE = Figures(
    mean_error=0.0,
    max_error=0.0,
    miou=90.0,
    boundary_iou=60.0,
    agreement=100.0,
    load_ms=None,
    latency_ms=20.0,
    runtime="torch",
)
GOOD = replace(REFERENCE, mean_error=2e-6, load_ms=30.0, latency_ms=4.0, runtime="onnxruntime")
BAD = replace(GOOD, mean_error=float("nan"), miou=88.5)


@pytest.fixture
def report() -> Report:
    rows = (
        Row(target="onnx", precision="fp32", file="a.onnx", state="checked", bytes=1_500_000, figures=GOOD),
        Row(
            target="onnx",
            precision="int8",
            file="b.onnx",
            state="checked",
            bytes=500_000,
            figures=BAD,
            missed={"mean_error": "not finite", "miou": "loses 1.50 mIoU"},
            notes=("the head stays in float",),
        ),
        Row(target="coreml", precision="fp32", file="c.mlpackage", state="not run here", reason="needs a Mac", bytes=7),
        Row(target="tfjs", precision="fp32", file="d.tfjs", state="failed", reason="no toolchain"),
    )
    return Report(summary="net", reference=REFERENCE, photos=100, pictures=100, rows=rows)


def test_cells_and_marks(report: Report) -> None:
    torch, good, bad, mac, failed = lines(report)
    assert torch.cells[3:7] == ("90.00", "", "60.00", "")
    assert good.cells == (
        *("a.onnx", "2.0e-06", "0.0e+00", "90.00", "+0.00", "60.00", "+0.00", "1.50", "30", "4.0", "onnxruntime"),
    )
    assert {bad.cells[i] for i in bad.red} == {"not finite", "-1.50"}
    assert (mac.cells[-1], mac.remark, mac.red) == ("not run here", "not run here: needs a Mac", frozenset())
    assert (failed.red, failed.remark) == (frozenset({0}), "failed: no toolchain")


def test_what_is_printed_and_written(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    print_table(report)
    told = capsys.readouterr().out
    for text in ("-1.50!", "d.tfjs!", "c.mlpackage: not run here: needs a Mac", "b.onnx: the head stays in float"):
        assert text in told
    assert "a.onnx!" not in told
    page = markdown(report)
    assert "| 🔴 -1.50 |" in page
    assert "- d.tfjs: failed: no toolchain" in page
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {12}


def test_json_has_no_numbers_that_json_has_not(report: Report) -> None:
    files = json.loads(json.dumps(to_json(report), allow_nan=False))["files"]
    assert [row["good"] for row in files] == [True, False, True, False]
    assert files[1]["figures"]["mean_error"] is None
    assert files[0]["figures"]["latency_ms"] == 4.0
