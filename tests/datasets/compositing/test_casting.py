"""People, backgrounds and things by split, group and folder: what may be shown with what, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from cast_folders import write_cast, write_walls
from limner.datasets.compositing.casting import Casting
from limner.datasets.compositing.options import CompositeOptions
from limner.errors import DataError

OPTIONS = CompositeOptions()


def test_nothing_is_in_two_splits(tmp_path: Path) -> None:
    casting = Casting(write_cast(tmp_path / "data", people=9, val=3, rooms=8), None, OPTIONS)
    seen: dict[str, set[str]] = {"train": set(), "val": set()}
    for number in range(60):
        lead, rng = casting.lead(number), np.random.default_rng(number)
        assert lead.photo is not None
        mate = casting.companion(lead, rng)
        assert mate is not None
        assert mate.photo is not None
        assert (mate.photo.split, mate.pool) == (lead.photo.split, lead.pool)
        seen[lead.photo.split] |= {lead.name, casting.background(lead, rng).name}
    assert all(seen.values())
    assert not seen["train"] & seen["val"]


def test_everybody_comes_once_before_anybody_comes_again(tmp_path: Path) -> None:
    casting = Casting(write_cast(tmp_path / "data"), None, OPTIONS)
    turns = [{casting.lead(turn * 7 + place).name for place in range(7)} for turn in range(3)]
    assert all(len(turn) == 7 for turn in turns)
    assert [casting.lead(n).name for n in range(7)] != [casting.lead(n).name for n in range(7, 14)]


def test_backgrounds_that_have_splits_keep_them(tmp_path: Path) -> None:
    data = write_cast(tmp_path / "data", rooms=4)
    text = (data / "manifest.csv").read_text()
    (data / "manifest.csv").write_text(text.replace("rooms,3,train", "rooms,3,val"))
    casting = Casting(data, None, OPTIONS)
    for lead in casting.people:
        assert lead.photo is not None
        names = {casting.background(lead, np.random.default_rng(n)).name for n in range(30)}
        assert ("rooms/3" in names) == (lead.photo.split == "val")
        assert names == {"rooms/3"} or lead.photo.split == "train"


def test_a_folder_of_photos_will_do_and_its_sources_are_kept(tmp_path: Path) -> None:
    walls = write_walls(tmp_path / "walls", (1, 2, 3), (4, 5, 6), (7, 8, 9))
    (walls / "sources.csv").write_text("file,source,rights\n" + "".join(f"{n}.png,a painter,CC0\n" for n in range(3)))
    casting = Casting(write_cast(tmp_path / "data", rooms=1), walls, OPTIONS)
    room = casting.background(casting.lead(0), np.random.default_rng(0))
    assert (room.source, room.rights) == ("a painter", "CC0")
    rgb, mask = room.load()
    assert rgb.shape == (240, 320, 3)
    assert not mask.any()


def test_what_is_refused(tmp_path: Path) -> None:
    data = write_cast(tmp_path / "data", rooms=1)
    with pytest.raises(DataError, match="is no data folder"):
        Casting(tmp_path, None, OPTIONS)
    with pytest.raises(DataError, match="there is no set 'x'; its sets are bodies, busts, rooms"):
        Casting(data, None, OPTIONS, sets=["x"])
    with pytest.raises(DataError, match="there is no set 'y'"):
        Casting(data, None, OPTIONS, background_sets=["y"])
    with pytest.raises(DataError, match="has no such photos of people"):
        Casting(data, None, OPTIONS, sets=["rooms"])
    with pytest.raises(DataError, match="too few backgrounds for the splits train, val"):
        Casting(data, None, OPTIONS)
    assert Casting(data, None, OPTIONS, split="train").people
    with pytest.raises(DataError, match="no such folder"):
        Casting(data, tmp_path / "nowhere", OPTIONS)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no photos"):
        Casting(data, tmp_path / "empty", OPTIONS)
    with pytest.raises(DataError, match="holds no pictures"):
        Casting(data, None, CompositeOptions(thing_files=tmp_path / "empty"), split="train")
    shutil.rmtree(data / "rooms")
    (data / "manifest.csv").write_text(
        "".join(line for line in (data / "manifest.csv").read_text().splitlines(True) if not line.startswith("rooms"))
    )
    with pytest.raises(DataError, match="has no photos of the kind none to stand before"):
        Casting(data, None, OPTIONS)
