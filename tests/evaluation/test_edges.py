"""Scores of fine edges: who draws better has the lower errors, and only the unknown band counts."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from limner.datasets.sampler import Sample
from limner.evaluation.edges import GUIDED, edge_cases, guided, model_drawer, score_drawers, trimap, unknown_band
from limner.segment.fine import FineEdges


def disc(size: int = 80) -> np.ndarray:
    truth = np.zeros((size, size), np.float32)
    cv2.circle(truth, (size // 2, size // 2), size // 4, 1.0, -1, cv2.LINE_AA)
    return truth


def test_the_band_lies_along_the_edge_of_the_truth() -> None:
    truth = disc()
    band = unknown_band(truth)
    assert band[40, 20]
    assert band[40, 60]
    assert not band[40, 40]
    assert not band[3, 3]
    told = trimap(truth)
    assert set(np.unique(told).tolist()) == {0.0, 0.5, 1.0}
    assert told[40, 40] == 1
    assert told[3, 3] == 0
    assert told[40, 20] == 0.5
    hard = (truth > 0.5).astype(np.float32)
    assert unknown_band(hard)[40, 20]


def test_better_mattes_score_better() -> None:
    truth = disc()
    picture = np.repeat((truth * 200 + 20).astype(np.uint8)[..., None], 3, 2)
    rough = cv2.GaussianBlur(truth, (0, 0), 4)
    drawers = {
        GUIDED: guided,
        "right": lambda picture, rough: truth,
        "far": lambda picture, rough: np.where(unknown_band(truth), truth, 1 - truth),
    }
    told: list[int] = []
    scores = score_drawers(drawers, [("set", picture, rough, truth)] * 2, told.append)
    assert told == [1, 2]
    assert scores["right"].sad == 0
    assert scores["right"].gradient < 1e-9
    assert scores["far"].sad == 0  # outside the band
    assert scores[GUIDED].sad > 0.1
    assert scores[GUIDED].gradient > 0
    assert scores[GUIDED].connectivity > 0
    assert scores[f"{GUIDED} set"] == scores[GUIDED]


def test_who_is_not_found_is_left_out() -> None:
    nobody = Sample(np.zeros((64, 64, 3), np.uint8), disc(64), np.ones((64, 64), np.float32))
    assert edge_cases([("set", nobody)]) == []


def test_a_model_file_draws() -> None:
    truth = disc()
    picture = np.repeat((truth * 200 + 20).astype(np.uint8)[..., None], 3, 2)
    rough = cv2.GaussianBlur(truth, (0, 0), 3)
    drawn = model_drawer("edges")(picture, rough)
    assert drawn.shape == truth.shape
    np.testing.assert_array_equal(drawn, FineEdges("edges").redraw(picture, rough))


def test_fine_edges_of_the_shipped_model_are_no_worse_than_its_card_says() -> None:
    from limner.models.catalogue import find_model

    metrics = find_model("edges").card.measured[-1].metrics
    for name in ("sad", "gradient", "connectivity"):
        assert metrics[name] < metrics[f"guided_{name}"]


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_trimap_without_an_edge_has_nothing_unknown(value: float) -> None:
    assert not unknown_band(np.full((20, 20), value, np.float32)).any()
