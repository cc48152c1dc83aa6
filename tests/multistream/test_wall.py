"""All streams in one picture: where each tile is, and what is in it."""

from __future__ import annotations

import threading

import numpy as np
import pytest

pytest.importorskip("yaml")

from limner.multistream.config import TilesSpec
from limner.multistream.wall import Wall, grid


@pytest.mark.parametrize(
    ("count", "columns", "boxes"),
    [
        (1, None, [(0, 0, 90, 160)]),
        (2, None, [(0, 0, 90, 80), (0, 80, 90, 160)]),
        (3, None, [(0, 0, 45, 80), (0, 80, 45, 160), (45, 0, 90, 80)]),
        (2, 1, [(0, 0, 45, 160), (45, 0, 90, 160)]),
        (3, 3, [(0, 0, 90, 53), (0, 53, 90, 106), (0, 106, 90, 160)]),
        (0, None, []),
    ],
)
def test_a_grid_fills_the_picture(count: int, columns: int | None, boxes: list[tuple[int, int, int, int]]) -> None:
    found = grid(count, (160, 90), columns)
    assert [(rows.start, cols.start, rows.stop, cols.stop) for rows, cols in found] == boxes


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


def test_names_are_written_into_tiles() -> None:
    wall = Wall(TilesSpec(size="160x90"), lambda picture, moment: None)
    wall.arrange(["door"])
    frame = flat((100, 100, 100))
    wall.show("door", frame)
    assert wall.picture()[:14, :40].max() > 200
    assert frame.max() == 100
    wall.close()
