"""What a net makes of training pictures, drawn side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from limner.augment.priors import Priors
from limner.datasets.mix import Mix
from limner.datasets.photo_map import prepare
from limner.datasets.sampler import Sampler
from limner.nets import make_net
from limner.tasks.sheet import prediction_sheet


def test_the_sheet_shows_photo_target_and_prediction(data_folder: Path, tmp_path: Path) -> None:
    mix = Mix(sets={"faces_close_up": 1.0}, priors=Priors())
    sampler = Sampler(prepare(data_folder, tmp_path / "cache"), mix, seed=2)
    net = make_net("fast", width=0.25, in_channels=4).eval()
    drawn = prediction_sheet(net, sampler, size=32)
    sample = sampler.draw(1, 32)
    assert drawn.shape == (3, 6 * 32, 3 * 32)
    row = drawn[:, 32:64]
    np.testing.assert_array_equal(row[:, :, :32].transpose(1, 2, 0), sample.image)
    np.testing.assert_allclose(row[0, :, 32:64], sample.target * 255, atol=0.51)
    assert (row[0] == row[2])[:, 32:].all()
