"""The time of a video with an effect beside that without."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import video_cost
from limner import samples


@pytest.mark.slow
def test_an_effect_is_measured_beside_the_clip_alone(tmp_path: Path) -> None:
    (row,) = video_cost.measure({"that ships": samples.CLIP}, tmp_path, rounds=1)
    assert "a clip that ships" in row.what
    assert row.values["ms_blur"] > row.values["ms_pyav"] > 0
    assert row.values["cpu_plain"] == pytest.approx(row.values["ms_blur"] / row.values["ms_plain"])
