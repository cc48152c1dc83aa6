"""The edge belongs to a stream: several streams of one segmenter each have their own."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from limner import Segmenter, TemporalSegmenter
from limner.errors import OptionError
from limner.segment.edge import Edge
from limner.segment.scene.background_subtraction import BackgroundSubtraction


@pytest.fixture
def segmenter(tmp_path: Path, make_onnx: Callable, make_card: Callable) -> Segmenter:
    """A net whose logit is 10 times red minus 5: probability one half at half red."""
    model = make_onnx(tmp_path / "own.onnx", weights=((10.0, 0.0, -10.0),))
    make_card(model)
    return Segmenter(model, refine=False, clean=False)


RAMP = np.zeros((64, 96, 3), np.uint8)
RAMP[..., 0] = np.linspace(0, 255, 96).astype(np.uint8)
RAMP[..., 2] = 128


def area(alpha: np.ndarray) -> float:
    return float((alpha > 0.5).mean())


def test_two_streams_of_one_segmenter_each_have_their_edge(segmenter: Segmenter) -> None:
    plain = segmenter.matte(RAMP).alpha
    low, high = (TemporalSegmenter(segmenter, temporal="off", edge=Edge(threshold=t)) for t in (0.2, 0.8))
    mattes = [(low.matte(RAMP).alpha, high.matte(RAMP).alpha) for _ in range(2)]
    for keeps_more, keeps_less in mattes:
        assert area(keeps_less) < area(plain) - 0.04 < area(plain) + 0.04 < area(keeps_more)
    np.testing.assert_array_equal(segmenter.matte(RAMP).alpha, plain)


@pytest.mark.parametrize("ahead", [False, True])
def test_an_edge_may_change_between_frames(segmenter: Segmenter, ahead: bool) -> None:
    stream = TemporalSegmenter(segmenter, temporal="off")
    assert stream.edge == segmenter.edge == Edge()
    areas = []
    for threshold in (0.2, 0.5, 0.8):
        stream.edge = Edge(threshold=threshold)
        if ahead:
            stream.ahead(RAMP)
        areas += [area(matte.alpha) for _, _, matte in stream.push(RAMP)]
    assert areas == sorted(areas, reverse=True)
    assert len(set(areas)) == 3


def test_softness_is_the_streams_too(segmenter: Segmenter) -> None:
    hard = segmenter.matte(RAMP, edge=Edge(softness=0)).alpha
    assert set(np.unique(hard)) == {0.0, 1.0}
    assert len(np.unique(segmenter.matte(RAMP).alpha)) > 10


def test_who_draws_edges_another_way_says_so() -> None:
    stream = TemporalSegmenter(BackgroundSubtraction())
    assert stream.edge is None
    with pytest.raises(OptionError, match="edge: BackgroundSubtraction draws its edges its own way"):
        stream.edge = Edge()
    with pytest.raises(OptionError, match="edge: BackgroundSubtraction"):
        TemporalSegmenter(BackgroundSubtraction(), edge=Edge())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"threshold": 0.0}, "threshold must lie"),
        ({"threshold": 1.5}, "threshold"),
        ({"softness": -1}, "softness must"),
    ],
)
def test_an_edge_that_cannot_be(options: dict[str, float], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        Edge(**options)


def test_the_old_way_still_works_for_a_release(segmenter: Segmenter) -> None:
    with pytest.warns(DeprecationWarning, match=r"TemporalSegmenter\.edge"):
        segmenter.threshold = 0.8
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        moved = segmenter.matte(RAMP).alpha
        assert segmenter.threshold == 0.8
    with pytest.warns(DeprecationWarning, match="edge"):
        segmenter.threshold = None
    assert area(moved) < area(segmenter.matte(RAMP).alpha)
