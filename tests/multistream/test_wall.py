"""All streams in one picture: where each tile is, and what is in it."""

from __future__ import annotations

import threading

import numpy as np
import pytest

pytest.importorskip("yaml")

from limner.live.drawing import text_width
from limner.multistream.config import TilesSpec
from limner.multistream.wall import Wall, columns_for, grid, label_height


@pytest.mark.parametrize(
    ("count", "columns", "boxes"),
    [
        (1, 1, [(0, 0, 90, 160)]),
        (2, 2, [(0, 0, 90, 80), (0, 80, 90, 160)]),
        (3, 2, [(0, 0, 45, 80), (0, 80, 45, 160), (45, 0, 90, 80)]),
        (2, 1, [(0, 0, 45, 160), (45, 0, 90, 160)]),
        (3, 3, [(0, 0, 90, 53), (0, 53, 90, 106), (0, 106, 90, 160)]),
        (0, 1, []),
    ],
)
def test_a_grid_fills_the_picture(count: int, columns: int, boxes: list[tuple[int, int, int, int]]) -> None:
    found = grid(count, (160, 90), columns)
    assert [(rows.start, cols.start, rows.stop, cols.stop) for rows, cols in found] == boxes


WIDE, SCOPE, UPRIGHT = 16 / 9, 2.39, 9 / 16


@pytest.mark.parametrize(
    ("shapes", "size", "columns"),
    [
        ([WIDE], (1280, 720), 1),
        ([WIDE] * 2, (1280, 720), 2),  # one above the other shows as much
        ([WIDE] * 3, (1280, 720), 2),
        ([WIDE] * 4, (1280, 720), 2),
        ([WIDE] * 9, (1280, 720), 3),
        ([SCOPE] * 2, (1280, 720), 1),
        ([WIDE] * 2, (1280, 900), 1),
        ([WIDE] * 2, (1280, 360), 2),
        ([UPRIGHT] * 3, (1280, 720), 3),
        ([UPRIGHT] * 2, (720, 1280), 2),
        ([WIDE] * 3, (720, 1280), 1),
        ([], (1280, 720), 1),
    ],
)
def test_the_grid_that_shows_the_most(shapes: list[float], size: tuple[int, int], columns: int) -> None:
    assert columns_for(shapes, size) == columns


def test_names_are_as_high_in_a_small_tile_as_in_a_large_one() -> None:
    one, nine = grid(1, (1280, 720), 1), grid(9, (1280, 720), 3)
    assert label_height(["door"], one, 720) == label_height(["door"] * 9, nine, 720) == pytest.approx(32.4)
    narrow = label_height(["the-door-behind-the-house-on-the-hill"] * 9, nine, 720)
    assert 10 < narrow < 25
    assert text_width("the-door-behind-the-house-on-the-hill", narrow) < 1280 / 3


def flat(color: tuple[int, int, int]) -> np.ndarray:
    return np.full((45, 80, 3), color, np.uint8)


def test_each_stream_in_its_own_tile() -> None:
    sent: list[tuple[np.ndarray, float]] = []
    twice = threading.Event()

    def take(picture: np.ndarray, moment: float) -> None:
        sent.append((picture, moment))
        if len(sent) >= 3:
            twice.set()

    wall = Wall(TilesSpec(size="160x90", rate=30.0, names=False), take)
    wall.arrange(["a", "b", "c"])
    wall.show("a", flat((250, 0, 0)))
    wall.show("b", np.dstack([flat((0, 250, 0)), np.zeros((45, 80), np.uint8)]))  # transparent
    wall.show("nobody", flat((9, 9, 9)))
    picture = wall.picture()
    assert picture[20, 40].tolist() == [250, 0, 0]
    assert picture[20, 120].tolist() == [0, 0, 0]
    assert picture[80, 120].tolist() == [0, 0, 0]  # no fourth stream
    assert picture[65, 3].tolist() == [24, 24, 24]  # the card of the third
    assert picture[55:80, :80].max() > 150
    wall.cover("a", "gone")
    assert wall.picture()[3, 3].tolist() == [24, 24, 24]
    wall.arrange(["b"])
    wall.show("b", flat((0, 250, 0)))
    assert wall.picture()[45, 80].tolist() == [0, 250, 0]
    assert twice.wait(20)
    wall.close()
    moments = [moment for _, moment in sent]
    assert moments == sorted(moments)
    count = len(sent)
    assert not threading.Event().wait(0.2)
    assert len(sent) == count


def test_wide_streams_stand_above_each_other_once_they_are_seen() -> None:
    wall = Wall(TilesSpec(size="160x90", names=False), lambda picture, moment: None)
    wall.arrange(["a", "b"])
    wide = np.full((20, 80, 3), (250, 0, 0), np.uint8)
    wall.show("a", wide)
    wall.show("b", wide)
    red = wall.picture()[..., 0] > 200
    wall.close()
    assert red.mean() == pytest.approx(160 * 40 * 2 / (160 * 90), abs=0.02)


def test_a_tile_can_be_filled() -> None:
    wall = Wall(TilesSpec(size="160x90", names=False, fit="cover"), lambda picture, moment: None)
    wall.arrange(["a", "b"])
    for name in ("a", "b"):
        wall.show(name, flat((250, 0, 0)))
    assert wall.picture()[..., 0].min() == 250
    wall.close()


def test_names_are_written_into_tiles() -> None:
    wall = Wall(TilesSpec(size="160x90"), lambda picture, moment: None)
    wall.arrange(["door"])
    frame = flat((100, 100, 100))
    wall.show("door", frame)
    assert wall.picture()[:14, :40].max() > 200
    assert frame.max() == 100
    wall.close()
