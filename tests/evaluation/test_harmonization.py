"""Scores of harmonization: Reinhard's transfer does what its paper says, and everybody meets the same pairs."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from limner.datasets.manifest import PhotoFolder
from limner.datasets.pairs import held_out_pairs
from limner.evaluation.harmonization import (
    NOTHING,
    REINHARD,
    HarmonizationScorer,
    model_fitter,
    net_fitter,
    reinhard,
    score_fitters,
    usual_fitters,
)
from limner.nets.harmonizer import Harmonizer


def test_reinhard_gives_the_person_the_backgrounds_statistics() -> None:
    rng = np.random.default_rng(0)
    composite = rng.normal((100, 120, 140), 12, (64, 64, 3)).clip(0, 255).astype(np.uint8)
    mask = np.zeros((64, 64), np.uint8)
    mask[16:48, 16:48] = 255
    composite[mask > 0] = rng.normal((170, 150, 120), 25, (32 * 32, 3)).clip(0, 255).astype(np.uint8)
    said = reinhard(composite, mask)
    np.testing.assert_array_equal(said[mask == 0], composite[mask == 0])
    lab = cv2.cvtColor(said.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    np.testing.assert_allclose(lab[mask > 0].mean(0), lab[mask == 0].mean(0), atol=0.5)
    np.testing.assert_allclose(lab[mask > 0].std(0), lab[mask == 0].std(0), rtol=0.05)


@pytest.mark.parametrize("value", [0, 255])
def test_reinhard_without_person_or_background_does_nothing(value: int) -> None:
    composite = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    np.testing.assert_array_equal(reinhard(composite, np.full((8, 8), value, np.uint8)), composite)


def test_scores_are_means_over_pairs(data_folder: Path) -> None:
    pairs = list(held_out_pairs(PhotoFolder(data_folder), size=64))
    truths = {pair.composite.tobytes(): pair.truth for pair in pairs}
    fitters = usual_fitters() | {"perfect": lambda composite, _: truths[composite.tobytes()]}
    scores = score_fitters(fitters, pairs)
    assert scores.keys() == {NOTHING, REINHARD, "color_transfer", "perfect"}
    assert scores["perfect"].fmse == 0
    assert scores["perfect"].better == 1
    assert scores[NOTHING].better == 0
    surely = [np.square(p.composite.astype(float) - p.truth)[p.mask > 127].mean() for p in pairs]
    assert scores[NOTHING].fmse == pytest.approx(np.mean(surely))


def test_a_net_in_memory_and_a_model_file_are_contenders(data_folder: Path) -> None:
    torch.manual_seed(0)
    net = Harmonizer(width=0.25, hidden=16).eval()
    pair = next(held_out_pairs(PhotoFolder(data_folder), size=64))
    for fit in (net_fitter(net, 64), model_fitter("harmonize")):
        said = fit(pair.composite, pair.matte)
        assert said.shape == pair.composite.shape
        np.testing.assert_array_equal(said[pair.mask == 0], pair.composite[pair.mask == 0])
    values = HarmonizationScorer().net_scores(net, 64, data_folder)
    below = 1 - values["fMSE net"] / min(values[f"fMSE {NOTHING}"], values[f"fMSE {REINHARD}"])
    assert values["score"] == pytest.approx(100 * below)
