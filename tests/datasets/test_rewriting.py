"""A data folder is written anew with changed photos and the same rows, whole or not at all."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from limner.datasets import rewriting
from limner.datasets.faults.listed import Listed
from limner.datasets.manifest import PhotoFolder, read_manifest
from limner.datasets.rewriting import Mask, Rgb, fitted, rewrite, shrunk
from limner.errors import DataError, OptionError
from limner.one_writer import OneWriter


def same(item: Listed, rgb: Rgb, mask: Mask | None) -> tuple[Rgb, Mask | None]:
    return rgb, mask


def half(item: Listed, rgb: Rgb, mask: Mask | None) -> tuple[Rgb, Mask | None]:
    return shrunk(rgb, mask, 48, nearest=item.has_void)


@pytest.mark.parametrize("format", ["png", "webp"])
def test_lossless_formats_keep_all_pixels_and_rows(data_folder: Path, tmp_path: Path, format: str) -> None:
    done = rewrite(data_folder, tmp_path / "out", same, format=format)  # type: ignore[arg-type]
    assert (done.photos, done.failures, done.failures_at) == (37, [], None)
    assert read_manifest(tmp_path / "out") == read_manifest(data_folder)
    before, after = PhotoFolder(data_folder), PhotoFolder(tmp_path / "out")
    for photo in before.photos:
        for a, b in zip(before.load(photo), after.load(photo), strict=True):
            np.testing.assert_array_equal(a, b)


def test_sizes_columns_and_values(data_folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(data_folder, data)
    rows = list(csv.DictReader((data / "manifest.csv").open(newline="")))
    with (data / "manifest.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, [*rows[0], "note"])
        table.writeheader()
        table.writerows({**row, "note": number} for number, row in enumerate(rows))
    told: list[int] = []
    rewrite(data, tmp_path / "out", half, progress=lambda done, of: told.append(done))
    assert told == list(range(1, 38))
    written = list(csv.DictReader((tmp_path / "out/manifest.csv").open(newline="")))
    assert [row["note"] for row in written] == [str(number) for number in range(37)]
    assert {(row["width"], row["height"]) for row in written} == {("36", "48")}
    before, after = PhotoFolder(data), PhotoFolder(tmp_path / "out")
    for old, new in zip(before.photos, after.photos, strict=True):
        rgb, mask = after.load(new)
        assert rgb.shape == (48, 36, 3)
        large = before.load(old)
        assert np.abs(rgb - cv2.resize(large[0], (36, 48), interpolation=cv2.INTER_AREA).astype(int)).mean() < 6
        if old.set == "people_with_animals":
            assert set(np.unique(mask)) <= {0, 128, 255}
        else:
            np.testing.assert_array_equal(mask, cv2.resize(large[1], (36, 48), interpolation=cv2.INTER_AREA))


def test_what_fails_is_listed_and_the_rest_written(data_folder: Path, tmp_path: Path) -> None:
    def picky(item: Listed, rgb: Rgb, mask: Mask | None) -> tuple[Rgb, Mask | None]:
        if item.photo.stem == "0001":
            raise DataError("not this one")
        return rgb, mask

    done = rewrite(data_folder, tmp_path / "out", picky, sets=("auto_selfies", "faces_close_up"))
    assert done.photos == 10
    assert done.failures == [("faces_close_up/0001", "not this one"), ("auto_selfies/0001", "not this one")]
    assert done.failures_at is not None
    lines = [json.loads(line) for line in done.failures_at.read_text(encoding="utf-8").splitlines()]
    assert lines[0] == {"input": "faces_close_up/0001", "error": "not this one"}
    assert len(PhotoFolder(tmp_path / "out").photos) == 10


def test_what_is_refused_leaves_nothing(data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(item: Listed, rgb: Rgb, mask: Mask | None) -> tuple[Rgb, Mask | None]:
        raise DataError("no")

    out = tmp_path / "out"
    with pytest.raises(DataError, match=r"fashion_full_body/0000: no \(37 such photos"):
        rewrite(data_folder, out, never)
    with pytest.raises(DataError, match="there is no set 'x'"):
        rewrite(data_folder, out, same, sets=("x",))
    with pytest.raises(DataError, match="has no photos of this kind"):
        rewrite(data_folder, out, same, wanted=lambda _: False)
    with pytest.raises(OptionError, match="format: must be one of jpg, png, webp"):
        rewrite(data_folder, out, same, format="gif")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="is no data folder"):
        rewrite(tmp_path, out, same)
    with pytest.raises(DataError, match="is a data folder already"):
        rewrite(data_folder, data_folder, same)
    with OneWriter(tmp_path / "busy"), pytest.raises(DataError, match="another run of limner"):
        rewrite(data_folder, tmp_path / "busy", same)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rewriting, "in_order", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rewrite(data_folder, out, same)
    assert not out.exists()


def test_a_set_that_is_there_is_kept(data_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out/auto_selfies").mkdir(parents=True)
    with pytest.raises(DataError, match="auto_selfies: is there already"):
        rewrite(data_folder, tmp_path / "out", same)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["auto_selfies"]


def test_masks_of_other_sizes() -> None:
    rgb = np.zeros((80, 60, 3), np.uint8)
    mask = np.zeros((40, 30), np.uint8)
    mask[20:] = 255
    for nearest in (True, False):
        assert fitted(rgb, mask, nearest=nearest).shape == (80, 60)
    with pytest.raises(DataError, match="the mask has 30×30 pixels, but the photo 60×80"):
        fitted(rgb, mask[:30], nearest=True)


def test_nearest_keeps_values_and_area_takes_the_mean() -> None:
    rgb = np.zeros((64, 64, 3), np.uint8)
    mask = np.random.default_rng(0).integers(0, 2, (64, 64)).astype(np.uint8) * 255
    hard = shrunk(rgb, mask, 20, nearest=True)[1]
    soft = shrunk(rgb, mask, 20, nearest=False)[1]
    assert hard is not None
    assert soft is not None
    assert set(np.unique(hard)) == {0, 255}
    assert len(np.unique(soft)) > 10
    assert shrunk(rgb, mask, 64, nearest=True)[1] is mask
