"""The benchmark of the import measures real imports, and says where one failed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.data_import import cost, measure, write_coco
from limner.datasets.importing import ImportOptions, import_photos
from limner.datasets.manifest import PhotoFolder


def test_its_pairs_are_people(tmp_path: Path) -> None:
    write_coco(tmp_path / "coco", 3)
    assert import_photos(tmp_path / "coco", tmp_path / "data", ImportOptions(name="own")).layout == "coco"
    folder = PhotoFolder(tmp_path / "data")
    for photo in folder.photos:
        rgb, mask = folder.load(photo)
        assert rgb.shape == (240, 320, 3)
        assert 0.15 < (mask > 127).mean() < 0.4


def test_both_imports_are_measured() -> None:
    found = measure(2)
    assert list(found) == ["limner data import, 2 pairs", "limner data import, 20 pairs"]
    assert all(each.processor > 0 and each.mib > 10 for each in found.values())


def test_a_process_that_fails_is_told() -> None:
    with pytest.raises(RuntimeError, match="ended with 3"):
        cost([sys.executable, "-c", "raise SystemExit(3)"])
