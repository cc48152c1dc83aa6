"""Statistics of photos whose measures are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from layout_folders import save
from limner.datasets.faults.listed import list_photos
from limner.datasets.statistics import QUANTITIES, statistics_of


def test_rectangles_of_known_size(tmp_path: Path) -> None:
    for number in range(5):
        rgb = np.full((100, 200, 3), (100, 80, 60), np.uint8)
        mask = np.zeros((100, 200), np.uint8)
        mask[40:, 50 + number : 90 + number] = 255
        rgb[mask > 0] += 40
        save(tmp_path / f"in/images/{number}.png", rgb)
        save(tmp_path / f"in/masks/{number}.png", mask)
    (tmp_path / "in/images/9.png").write_bytes(b"no picture")
    save(tmp_path / "in/masks/9.png", mask)
    told: list[int] = []
    (found,) = statistics_of(list_photos(tmp_path / "in"), progress=lambda done, of: told.append(done))
    assert told == [1, 2, 3, 4, 5, 6]
    assert (found.name, found.photos, found.unreadable) == ("in", 5, 1)
    assert (found.splits, found.masks) == ({"train": 6}, {"hand": 6})
    assert found.cut == (0, 0, 0, 1)
    medians = {name: middle for name, (_, middle, _) in found.quantities.items()}
    assert medians.keys() == QUANTITIES.keys()
    assert medians["megapixels"] == pytest.approx(0.02)
    assert medians["aspect"] == pytest.approx(2)
    assert medians["area"] == pytest.approx(12)
    assert medians["centre_x"] == pytest.approx(36)
    assert medians["centre_y"] == pytest.approx(70)
    assert medians["height"] == pytest.approx(60)
    assert medians["warmth"] == pytest.approx(40)
    assert medians["contrast"] == pytest.approx(40, abs=1)
    assert medians["softness"] == 0


def test_sets_and_all_together(data_folder: Path) -> None:
    found = statistics_of(list_photos(data_folder))
    assert [each.name for each in found][-2:] == ["rendered_people", ""]
    assert len(found) == 8
    assert found[-1].photos == sum(each.photos for each in found[:-1]) == 37
    rooms = next(each for each in found if each.name == "no_people_rooms")
    assert rooms.masks == {"none": 5}
    assert "area" not in rooms.quantities
