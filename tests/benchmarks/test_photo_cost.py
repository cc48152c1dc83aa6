"""A batch of photos beside Pillow."""

from __future__ import annotations

from pathlib import Path

from benchmarks import photo_cost
from limner import samples


def test_a_batch_is_measured_beside_pillow(tmp_path: Path) -> None:
    cost, memory = photo_cost.measure(samples.PORTRAIT, rounds=1)
    assert cost.values["ratio"] == cost.values["cpu"] / cost.values["pillow_cpu"]
    assert 1 < cost.values["ratio"] < 1000
    assert memory.values["memory_mib"] > 1
    assert memory.passed
