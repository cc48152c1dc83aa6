"""A set of composites is the same however it was made: at once, in parts, by several processes; all is on record."""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cast_folders import write_cast
from limner.datasets.compositing.making import Request, make
from limner.datasets.compositing.options import CompositeOptions
from limner.datasets.faults.checking import check
from limner.datasets.faults.listed import list_photos
from limner.datasets.manifest import PhotoFolder, read_manifest
from limner.datasets.mix import Mix
from limner.datasets.photo_map import prepare
from limner.datasets.sampler import Sampler
from limner.errors import DataError, OptionError

OPTIONS = CompositeOptions(longest=160, several=0.5, things=0.5)


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cast(tmp_path_factory.mktemp("cast") / "data")


def content(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "journal.jsonl"
    }


def test_parts_and_processes_make_the_same(cast: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    request = Request(people=cast, out=tmp_path / "whole", options=OPTIONS)
    made = make(request, 10, processes=1, progress=lambda done, of: told.append((done, of)))
    assert (made.photos, made.before, made.failures) == (10, 0, [])
    assert told[-1] == (10, 10)

    def stop(done: int, of: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    parts = replace(request, out=tmp_path / "parts")
    with pytest.raises(KeyboardInterrupt):
        make(parts, 10, processes=1, progress=stop)
    assert not (tmp_path / "parts/manifest.csv").exists()
    journal = tmp_path / "parts/composites/journal.jsonl"
    journal.write_text(journal.read_text() + '{"number": 4, "stem": "0000')  # killed while it wrote
    assert make(parts, 6, processes=1).before == 4
    assert make(parts, 10, processes=2).before == 6
    assert content(tmp_path / "parts") == content(tmp_path / "whole")


def test_rows_tell_everything_and_training_reads_them(cast: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    make(Request(people=cast, out=out, options=OPTIONS), 14, processes=1)
    rows = list(csv.DictReader((out / "manifest.csv").open(newline="", encoding="utf-8")))
    people = {f"{photo.set}/{photo.stem}": photo for photo in read_manifest(cast)}
    for row in rows:
        names = row["people"].split(" ")
        assert {people[name].split for name in names} == {row["split"]}
        assert all(people[name].source in row["source"] for name in names)
        assert people[row["background"]].source in row["source"]
        assert "CC0" in row["rights"]
        assert row["group"].startswith(f"people {row['split']}-")
        parameters = json.loads(row["parameters"])
        assert len(parameters["places"]) == len(parameters["light"]) == len(parameters["flip"]) == len(names)
        assert {"background", "camera"} <= set(parameters)
    folder = PhotoFolder(out)
    assert {photo.mask for photo in folder.photos} == {"composite"}
    for photo in folder.photos:
        rgb, mask = folder.load(photo)
        assert rgb.shape == (photo.height, photo.width, 3)
        assert mask.shape == rgb.shape[:2]
        assert len(np.unique(mask)) > 20
    samples = Sampler(prepare(out, tmp_path / "cache"), Mix({"composites": 1.0}, whole=1.0, replace_hand=1.0), seed=0)
    drawn = samples.draw(0, 48)  # as it is: it needs no photo of nobody, and its edge counts in full
    assert drawn.weight.min() == 1
    wrong = ("leak", "empty", "range", "size", "shape")
    assert not [fault for fault in check(list_photos(out)).faults if fault.kind in wrong]


def test_other_sets_stay_and_other_options_are_refused(cast: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    request = Request(people=cast, out=out, options=OPTIONS, split="train")
    make(request, 2, processes=1)
    make(replace(request, name="more", options=replace(OPTIONS, seed=1)), 3, processes=1)
    assert [photo.set for photo in read_manifest(out)] == ["composites"] * 2 + ["more"] * 3
    make(request, 4, processes=1)
    assert sorted(photo.set for photo in read_manifest(out)) == ["composites"] * 4 + ["more"] * 3
    with pytest.raises(DataError, match="is of other photos or options"):
        make(replace(request, options=replace(OPTIONS, light=0.1)), 2, processes=1)
    with pytest.raises(DataError, match="is of other photos or options"):
        make(replace(request, split=None), 2, processes=1)
    (out / "own").mkdir()
    with pytest.raises(DataError, match="is there already, and was not made by limner data composite"):
        make(replace(request, name="own"), 2, processes=1)
    with pytest.raises(OptionError, match="count: must be 1 or more"):
        make(request, 0)
    with pytest.raises(OptionError, match="is no name of a folder"):
        make(replace(request, name="a/b"), 1)


def test_a_broken_photo_stops_nothing(tmp_path: Path) -> None:
    data = write_cast(tmp_path / "data", people=3, val=0)
    (data / "busts/images/1.png").write_bytes(b"no picture")
    Image.fromarray(np.zeros((160, 160), np.uint8)).save(data / "busts/masks/2.png")
    made = make(Request(people=data, out=tmp_path / "out", options=replace(OPTIONS, several=0)), 4, processes=1)
    assert made.photos == 2
    assert sorted(reason.partition(":")[0] for _, reason in made.failures) == ["busts/1", "busts/2"]
    assert made.failures_at is not None
    assert len(made.failures_at.read_text().splitlines()) == 2
    assert {row.stem for row in read_manifest(tmp_path / "out")} == {
        path.stem for path in (tmp_path / "out/composites/images").iterdir()
    }


def test_things_of_ones_own(cast: Path, tmp_path: Path) -> None:
    (tmp_path / "things").mkdir()
    rgba = np.full((40, 30, 4), (250, 240, 0, 255), np.uint8)
    Image.fromarray(rgba).save(tmp_path / "things/box.png")
    (tmp_path / "things/sources.csv").write_text("file,source,rights\nbox.png,a joiner,CC BY 4.0\n")
    options = replace(OPTIONS, things=1.0, thing_files=tmp_path / "things")
    make(Request(people=cast, out=tmp_path / "out", options=options), 12, processes=1)
    rows = list(csv.DictReader((tmp_path / "out/manifest.csv").open(newline="", encoding="utf-8")))
    own = [row for row in rows if "box.png" in row["things"]]
    assert own
    assert all("a joiner" in row["source"] and "CC BY 4.0" in row["rights"] for row in own)
