"""The table of quantization goes between its marks, from the records that are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import quantization

ROOT = Path(__file__).resolve().parents[2]


def test_the_table_of_quantization_goes_between_its_marks() -> None:
    figures = [quantization.Figures(miou=m, boundary_iou=b, bytes=n) for m, b, n in ((80, 50, None), (79.5, 49, 10**6))]
    record = quantization.Record(
        name="net",
        input=64,
        before=figures[0],
        after_training=figures[1],
        aware=figures[0],
        samples=1200,
        photos=9,
        measured="today",
    )
    made = quantization.table({"net": record})
    assert "| net | 64 | 80.00 / 50.00 | -0.50 / -1.00 | +0.00 / +0.00 | 1,200 | 1.00 / 0.00 |" in made
    page = f"head\n{quantization._BEGIN}old\n{quantization._END}tail\n"
    once = quantization.with_table(page, made)
    assert "old" not in once
    assert (once.startswith("head\n"), once.endswith("tail\n")) == (True, True)
    assert quantization.with_table(once, made) == once
    with pytest.raises(RuntimeError, match="no <!-- measured -->"):
        quantization.with_table("head\n", made)
    assert quantization.load().keys() == {
        path.stem for path in (ROOT / "benchmarks/results/quantization").glob("*.json")
    }
