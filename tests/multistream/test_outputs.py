"""Where a stream's results go: targets that come and go while it runs, and what they see while the source is away."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("yaml")

from limner.multistream.config import TilesSpec
from limner.multistream.outputs import Outputs
from limner.multistream.wall import Wall
from limner.streams.address import parse_target
from multistream_parts import pictures


def flat(level: int) -> np.ndarray:
    return np.full((90, 160, 3), level, np.uint8)


def test_targets_come_and_go(tmp_path: Path) -> None:
    first, second = (parse_target(str(tmp_path / name)) for name in ("a.mkv", "b.mkv"))
    outputs, now = Outputs("door", print), time.monotonic()
    outputs.connect((first,))
    for index in range(30):
        if index == 10:
            outputs.connect((first, second))
        if index == 20:
            outputs.connect((second,))
        outputs.picture(flat(8 * index), now + index / 10, rate=10)
    outputs.picture(flat(0), now, rate=10)  # too late
    outputs.close()
    outputs.picture(flat(0), now + 9, rate=10)
    sent = {Path(name).name: target["sent"] for name, target in outputs.summary().items()}
    assert sent == {"a.mkv": 20, "b.mkv": 20}
    levels = [round(picture.mean() / 8) for picture in pictures(tmp_path / "b.mkv")]
    assert levels == list(range(10, 30))


def test_who_waits_is_told_that_the_source_is_away(tmp_path: Path) -> None:
    wall = Wall(TilesSpec(size="160x90", names=False), lambda picture, moment: None)
    wall.arrange(["door"])
    outputs = Outputs("door", print)
    outputs.away("waiting")  # before the first picture nothing is known of its size
    outputs.connect((parse_target(str(tmp_path / "a.mkv")),), wall=wall)
    outputs.picture(flat(200), time.monotonic(), rate=10)
    assert wall.picture()[45, 80].tolist() == [200, 200, 200]
    outputs.away("waiting")
    time.sleep(1.1)
    outputs.away("waiting")
    outputs.close()
    wall.close()
    assert wall.picture()[3, 3].tolist() == [24, 24, 24]
    seen = pictures(tmp_path / "a.mkv")
    assert len(seen) == 2
    assert seen[0].mean() > 190
    assert np.allclose(seen[1][:3, :3], 24, atol=4)
