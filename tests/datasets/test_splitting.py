"""Splits keep groups and near duplicates whole, come near to the shares, and are always the same."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from drawn_people import draw_person
from layout_folders import save
from limner.datasets.manifest import read_manifest
from limner.datasets.splitting import SplitOptions, assign, split, val_groups
from limner.errors import DataError, OptionError
from limner.one_writer import OneWriter


@pytest.mark.parametrize("seed", range(4))
def test_groups_stay_whole_and_shares_are_near(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = [f"g{number}" for number in rng.integers(0, 60, 600)]
    splits = assign(groups, val=0.2, test=0.1, seed=seed)
    places = defaultdict(set)
    for group, place in zip(groups, splits, strict=True):
        places[group].add(place)
    assert all(len(found) == 1 for found in places.values())
    counts = Counter(splits)
    assert counts["val"] == pytest.approx(120, abs=12)
    assert counts["test"] == pytest.approx(60, abs=12)


def test_the_same_photos_are_chosen_in_any_order_and_others_by_another_seed() -> None:
    names = [f"p{number}" for number in range(200)]
    chosen = val_groups(names, 0.1)
    assert len(chosen) == 20
    assert val_groups(names[::-1], 0.1) == chosen
    splits = [assign(names, val=0.1, test=0.1, seed=seed) for seed in (0, 0, 1)]
    assert splits[0] == splits[1] != splits[2]


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (1.0, 7), (0.5, 4)])
def test_shares_at_the_ends(share: float, count: int) -> None:
    assert len(val_groups(list("abcdefg"), share)) == count


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """40 photos of 8 people in two sets; the last two of each set are nearly the same, of different people."""
    rows: list[list[object]] = []
    for number in range(40):
        name, stem = ("a", "b")[number % 2], f"p{number:02}"
        rgb, mask = draw_person(number if number < 38 else number - 2)
        rgb = np.clip(rgb.astype(int) + (number >= 38), 0, 255).astype(np.uint8)
        save(tmp_path / f"{name}/images/{stem}.png", rgb)
        save(tmp_path / f"{name}/masks/{stem}.png", mask)
        rows.append(
            [name, stem, "train", "hand", 72, 96, "drawn", f"person {number % 8}" if number < 30 else "", number]
        )
    with (tmp_path / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        head = ["set", "stem", "split", "mask", "width", "height", "source", "group", "note"]
        csv.writer(file).writerows([head, *rows])
    return tmp_path


def test_people_and_near_duplicates_are_never_in_two_splits(data: Path) -> None:
    told: list[int] = []
    done = split(data, SplitOptions(val=0.3, test=0.2), progress=lambda done, of: told.append(done))
    assert told == list(range(1, 41))
    photos = read_manifest(data)
    places = defaultdict(set)
    for photo in photos:
        places[photo.group or photo.stem].add(photo.split)
    assert all(len(found) == 1 for found in places.values())
    by_stem = {photo.stem: photo.split for photo in photos}
    assert by_stem["p36"] == by_stem["p38"]
    assert by_stem["p37"] == by_stem["p39"]
    assert done.joined >= 2
    assert (done.groups, done.unreadable) == (18 - done.joined, 0)
    counts = Counter(photo.split for photo in photos)
    assert counts["val"] == pytest.approx(12, abs=3)
    assert counts["test"] == pytest.approx(8, abs=3)
    assert sum(done.counts.values()) == 40
    assert "note" in (data / "manifest.csv").read_text(encoding="utf-8").splitlines()[0]
    assert split(data, SplitOptions(val=0.3, test=0.2)).moved == 0


def test_dry_runs_and_single_sets(data: Path) -> None:
    before = (data / "manifest.csv").read_bytes()
    assert split(data, SplitOptions(val=0.5, by="stem"), dry=True).moved > 0
    assert (data / "manifest.csv").read_bytes() == before
    split(data, SplitOptions(val=1, by="stem", sets=("b",), twins=False))
    assert {(photo.set, photo.split) for photo in read_manifest(data)} == {("a", "train"), ("b", "val")}


def test_a_photo_that_cannot_be_read_is_counted(data: Path) -> None:
    (data / "a/images/p00.png").write_bytes(b"no picture")
    assert split(data, SplitOptions(val=0.2)).unreadable == 1


def test_wrong_values(data: Path, tmp_path: Path) -> None:
    for wrong in ({"val": 1.5}, {"test": -1.0}, {"val": 0.7, "test": 0.7}, {"val": float("nan")}):
        with pytest.raises(OptionError):
            SplitOptions(**wrong)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="has no column by person; its columns are set, stem"):
        split(data, SplitOptions(by="person"))
    with pytest.raises(DataError, match="there is no set 'c'; its sets are a, b"):
        split(data, SplitOptions(sets=("c",)))
    with pytest.raises(DataError, match="no photo would be in the split val: by the column source there are 1 groups"):
        split(data, SplitOptions(by="source", twins=False))
    with pytest.raises(DataError, match="is no data folder"):
        split(data / "a", SplitOptions())
    with OneWriter(data), pytest.raises(DataError, match="another run of limner"):
        split(data, SplitOptions(val=0.5, twins=False))
    assert {photo.split for photo in read_manifest(data)} == {"train"}
