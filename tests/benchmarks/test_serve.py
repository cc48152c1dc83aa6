"""The arithmetic of benchmarks.serve, and that its batches give what photos alone give."""

from __future__ import annotations

import json

import pytest

from benchmarks.serve import Cell, summary, table
from benchmarks.serve_batched import Batched
from benchmarks.serve_client import asked, of_times
from limner.assembly import MatteOptions, PhotoOptions
from limner.media.images import read_image
from limner.processing.one_photo import process_photo
from limner.samples import PORTRAIT


def cell(what: str, clients: int, rate: float, refused: int = 0) -> Cell:
    return Cell(what, clients, rate, 10.0, 20.0, 30.0, refused)


def test_ratios_are_of_the_faster_loop_of_their_own_round() -> None:
    rounds = [
        [cell("bare loop, 1 at once", 0, 10), cell("bare loop, 2 at once", 0, 20), cell("limner", 4, 18)],
        [cell("bare loop, 1 at once", 0, 5), cell("bare loop, 2 at once", 0, 4), cell("limner", 4, 5, 2)],
        [cell("bare loop, 1 at once", 0, 10), cell("bare loop, 2 at once", 0, 10), cell("limner", 4, 8)],
    ]
    found = summary(rounds, [0.9, 1.1, 1.0])
    assert found["ratio"] == {"limner 4": 0.9}
    assert found["batch"] == 1.0
    assert [made["rate"] for made in found["cells"]] == [10, 10, 8]
    lines = table(found).splitlines()
    assert lines[4] == "| limner | 4 | 8.0 | 90% | 10 | 20 | 30 | 0 |"
    assert len({line.count("|") for line in lines[:5]}) == 1


def test_percentiles() -> None:
    found = of_times([0.001 * number for number in range(1, 101)], 5.0)
    assert found == pytest.approx({"rate": 20.0, "p50": 51.0, "p95": 96.0, "p99": 100.0})


def test_every_server_gets_the_same_photo() -> None:
    photo = PORTRAIT.read_bytes()
    assert asked("limner", photo)[2] == asked("ray", photo)[2] == photo
    assert len(json.loads(asked("litserve", photo)[2])["photo"]) > len(photo)


def test_a_batch_gives_what_photos_alone_give() -> None:
    photo = PORTRAIT.read_bytes()
    alone = process_photo(photo, PhotoOptions(matte=MatteOptions(runtime="onnxruntime", threads=1))).data
    expected = read_image(alone).pixels.astype(int)
    for result in Batched()([photo] * 3):
        assert abs(read_image(result).pixels - expected).mean() < 0.1


def test_a_server_that_failed_in_a_round_is_left_out() -> None:
    bare = cell("bare loop, 1 at once", 0, 10)
    found = summary([[bare, cell("limner", 1, 9), cell("ray", 1, 5)], [bare, cell("limner", 1, 9)]], [1.0])
    assert found["ratio"] == {"limner 1": 0.9}
