"""What many streams cost: the clip, the floor, and the page that the figures stand on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("yaml")

from benchmarks.multistream import LINES, RATE, SIZE, STREAMS, WAYS, Cost, Net4, floor, make_clip, page, time_net
from benchmarks.table import Surroundings
from multistream_parts import pictures


def test_the_floor_decodes_and_encodes_every_stream(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_clip(tmp_path / "clip.mp4")
    assert len(pictures(tmp_path / "clip.mp4")) == 10 * RATE
    floor(str(tmp_path / "clip.mp4"), str(tmp_path), 1.5)
    told = json.loads(capsys.readouterr().out)["streams"]
    for number in range(STREAMS):
        made = pictures(tmp_path / f"{number}.mkv")
        assert len(made) == told[f"s{number}"]["frames"] > 0
        assert made[0].shape == (SIZE[1], SIZE[0], 3)


def test_a_net_is_timed_every_way() -> None:
    found = time_net("tiny", rounds=3)
    assert found.times.keys() == WAYS.keys()
    assert min(found.times.values()) > 0


def test_the_page() -> None:
    costs = {line.what: [Cost(25.0, 4.0, 100.0, 0.0), Cost(27.0, 4.0, 120.0, 0.0)] for line in LINES[:1]}
    costs[LINES[1].what] = [Cost(9.0, 60.0, 300.0, 1.5)] * 2
    nets = [Net4("tiny", dict.fromkeys(WAYS, 8.0) | {"together, 2 threads": 4.0})]
    text = page(costs, nets, 20.0, Surroundings.here())
    assert "| floor: decode and encode | 4.0 | 1.00 | 0.16 | 26.0 | 110 | – |" in text
    assert "| `fast`, batches of up to 8 | 60.0 | 15.00 | 2.40 **(too many)** | 9.0 | 300 | 1.50 |" in text
    assert "| `tiny` | 8.0 | 4.0 | 8.0 | 8.0 | 8.0 | 2.00× | 1.00× |" in text
