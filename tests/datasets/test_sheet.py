"""The contact sheet shows as many pictures a sample as the mix asks for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from limner.augment.priors import Priors
from limner.datasets.mix import Mix
from limner.datasets.photo_map import PhotoMap, prepare
from limner.datasets.sampler import Sampler
from limner.datasets.sheet import draw_sheet


@pytest.fixture(scope="module")
def photos(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> PhotoMap:
    return prepare(data_folder, tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize(
    ("extras", "pictures", "columns"),
    [({}, 2, 6), ({"priors": Priors(full=0.7, empty=0.1)}, 3, 4), ({"twins": True, "previous": True}, 5, 2)],
)
def test_a_sheet_shows_all_of_a_sample(photos: PhotoMap, extras, pictures: int, columns: int) -> None:  # type: ignore[no-untyped-def]
    sampler = Sampler(photos, Mix({"faces_close_up": 1.0}, **extras), seed=1)
    sheet = draw_sheet(sampler, count=5, size=32)
    assert sheet.dtype == np.uint8
    assert sheet.shape == (-(-5 // columns) * 32, columns * pictures * 32, 3)
    np.testing.assert_array_equal(sheet[:32, :32], sampler.draw(0, 32).image)
    if pictures == 3:
        prior = sheet[:32, 64:96].astype(int)
        assert (prior[..., 2] >= prior[..., 0]).all()
        assert prior[..., 2].max() > prior[..., 0].max() > 0
