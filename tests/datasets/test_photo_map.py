"""The photo map gives back what the zips hold, decodes only what is new, and never keeps half of anything."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from limner.datasets import photo_decoding
from limner.datasets.manifest import PhotoFolder
from limner.datasets.photo import Photo
from limner.datasets.photo_decoding import Decoder, Task
from limner.datasets.photo_map import clean, outdated, prepare
from limner.errors import DataError


def test_holds_what_the_folder_holds(data_folder: Path, tmp_path: Path) -> None:
    folder, photos = PhotoFolder(data_folder), prepare(data_folder, tmp_path)
    assert [entry.photo for entry in photos.entries] == folder.photos
    for index in (0, 20, len(folder.photos) - 1):
        rgb, mask = folder.load(folder.photos[index])
        mapped_rgb, mapped_mask = photos.load(photos.entries[index])
        np.testing.assert_array_equal(mapped_rgb, rgb)
        np.testing.assert_array_equal(mapped_mask, mask)


def test_knows_where_the_person_is(data_folder: Path, tmp_path: Path) -> None:
    photos = prepare(data_folder, tmp_path)
    entry = photos.entries[0]
    _, mask = photos.load(entry)
    ys, xs = np.nonzero(mask > 127)
    assert entry.box == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
    assert entry.touches == (False, False, False, True)
    empty = next(e for e in photos.entries if e.photo.mask == "none")
    assert empty.box == (0, 0, 72, 96)


@pytest.fixture
def own(data_folder: Path, tmp_path: Path) -> Path:
    """A data folder that may be changed."""
    return Path(shutil.copytree(data_folder, tmp_path / "data"))


def _decoded(data: Path, cache: Path, **options: Any) -> list[str]:
    """What `prepare` decodes, in order: "set/stem" of photos, "set/stem mask" of masks."""
    seen: list[str] = []

    def listen(decoder: Decoder, source: PhotoFolder, task: Task) -> Any:
        name = f"{task.photo.set}/{task.photo.stem}"
        seen.extend([name] * bool(task.image) + [f"{name} mask"] * bool(task.mask))
        return one(decoder, source, task)

    one = Decoder._one
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Decoder, "_one", listen)
        prepare(data, cache, **options)
    return seen


def test_decodes_what_is_new_and_nothing_else(own: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert len(_decoded(own, cache)) == 37 + 29  # eight photos have nobody in them
    assert _decoded(own, cache) == []
    lines = (own / "manifest.csv").read_text().splitlines()
    (own / "manifest.csv").write_text("\n".join(lines[:-1]) + "\n")
    assert _decoded(own, cache) == []
    assert len(prepare(own, cache).entries) == 36
    (own / "manifest.csv").write_text("\n".join(lines).replace("faces_close_up,0003,train", "faces_close_up,0003,val"))
    assert _decoded(own, cache) == []
    assert len(_decoded(own, cache, longest_side=48)) == 37 + 29


def test_a_new_photo_in_a_zip_is_decoded_alone(own: Path, tmp_path: Path) -> None:
    prepare(own, tmp_path / "cache")
    with zipfile.ZipFile(own / "no_people_rooms.zip", "a") as archive:
        archive.writestr("images/new.avif", archive.read("images/0000.avif"))
    with (own / "manifest.csv").open("a") as file:
        file.write("no_people_rooms,new,train,none,72,96,x\n")
    assert _decoded(own, tmp_path / "cache") == ["no_people_rooms/new"]


def test_new_masks_leave_the_photos_alone(own: Path, tmp_path: Path) -> None:
    cache, masks = tmp_path / "cache", tmp_path / "masks"
    prepare(own, cache)
    (masks / "auto_selfies").mkdir(parents=True)
    (masks / "masks.csv").write_text("set,stem,use,weight,agreement,change\nauto_selfies,0001,new,1,1,1\n")
    for value in (200, 90):
        Image.fromarray(np.full((96, 72), value, np.uint8)).save(masks / "auto_selfies/0001.png")
        assert _decoded(own, cache, masks=masks) == ["auto_selfies/0001 mask"]
        photos = prepare(own, cache, masks=masks)
        entry = next(e for e in photos.entries if (e.photo.set, e.photo.stem) == ("auto_selfies", "0001"))
        assert (photos.load(entry)[1] == value).all()
    assert _decoded(own, cache) == []


def test_several_processes_decode_the_same(data_folder: Path, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    alone = prepare(data_folder, tmp_path / "one")
    together = prepare(data_folder, tmp_path / "two", processes=2, progress=lambda *call: calls.append(call))
    assert calls == [(37, 37)]
    assert alone.entries == together.entries
    for one, other in zip(alone.entries, together.entries, strict=True):
        for mine, theirs in zip(alone.load(one), together.load(other), strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_large_photos_are_shrunk(data_folder: Path, tmp_path: Path) -> None:
    photos = prepare(data_folder, tmp_path, longest_side=48)
    rgb, mask = photos.load(photos.entries[0])
    assert rgb.shape == (48, 36, 3)
    assert mask.shape == (48, 36)


def test_an_interruption_keeps_whole_segments(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_decoding, "SEGMENT", 4)

    def interrupt(done: int, _total: int) -> None:
        if done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(data_folder, tmp_path, progress=interrupt)
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.suffix for path in left] == [".pixels"] * 2  # nothing half-written
    assert len([name for name in _decoded(data_folder, tmp_path) if "mask" not in name]) == 37 - 8
    test_holds_what_the_folder_holds(data_folder, tmp_path)


def test_a_full_disk_is_said_in_one_line(data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Decoder, "_shrunk", full)
    with pytest.raises(
        DataError, match=r"photos-v\d+-512: decoded photos cannot be kept there \(No space left.*another cache"
    ):
        prepare(data_folder, tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_damaged_segment_is_named(data_folder: Path, tmp_path: Path) -> None:
    prepare(data_folder, tmp_path)
    segment = next(tmp_path.rglob("*.pixels"))
    segment.write_bytes(segment.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"\.pixels: is damaged .*; delete it"):
        prepare(data_folder, tmp_path)


def test_clean_deletes_what_is_not_used(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_decoding, "SEGMENT", 4)
    cache = tmp_path / "cache"
    old = cache / "photos-0123456789abcdef"
    old.mkdir(parents=True)
    (old / "photos.bin").write_bytes(bytes(1000))
    prepare(own, cache)
    assert "of other versions" in (outdated(cache) or "")
    lines = (own / "manifest.csv").read_text().splitlines()
    (own / "manifest.csv").write_text("\n".join(lines[:9]) + "\n")  # the first two segments
    assert clean(own, cache) > 1000 + 27 * 96 * 72 * 3
    assert outdated(cache) is None
    assert len(list(cache.rglob("*.pixels"))) == 2
    assert _decoded(own, cache) == []


def test_missing_photos_are_named_before_anything_is_decoded(own: Path, tmp_path: Path) -> None:
    with (own / "manifest.csv").open("a") as file:
        file.write("no_people_rooms,gone,train,none,72,96,x\n")
    with pytest.raises(DataError, match=r"no_people_rooms\.zip: holds no images/gone\.avif"):
        prepare(own, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_check_sees_what_is_listed_before_anything_is_decoded(own: Path, tmp_path: Path) -> None:
    listed: list[str] = []

    def check(photos: Sequence[Photo]) -> None:
        listed.extend(photo.set for photo in photos)
        raise DataError("not these")

    with pytest.raises(DataError, match="not these"):
        prepare(own, tmp_path / "cache", check=check)
    assert "no_people_rooms" in listed
    assert not (tmp_path / "cache").exists()
