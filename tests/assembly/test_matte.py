"""Segmenters from plain options: which edges photos get where nobody asks for any."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from limner.assembly.matte import MatteOptions, build_segmenter, sharing_net
from limner.media.images import read_image
from limner.models.catalogue import find_model
from limner.samples import PORTRAIT
from limner.segment.segmenter import Segmenter


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return np.ascontiguousarray(read_image(PORTRAIT).pixels[::3, ::3])


@pytest.fixture(scope="module")
def drawn(photo: np.ndarray) -> dict[tuple[str, str], np.ndarray]:
    """Model and edges -> the photo's alpha."""
    return {
        (model, edges): Segmenter(model, edges=edges).matte(photo).alpha
        for model in ("fast", "quality")
        for edges in ("guided", "fine")
    }


@pytest.mark.parametrize(
    ("model", "edges", "photos", "expected"),
    [
        ("quality", None, True, "fine"),
        ("quality", "guided", True, "guided"),
        ("quality", None, False, "guided"),
        ("quality", "fine", False, "fine"),
        ("fast", None, True, "guided"),
        ("fast", "fine", True, "fine"),
    ],
)
def test_edges_nobody_asked_for(
    photo: np.ndarray,
    drawn: dict[tuple[str, str], np.ndarray],
    model: str,
    edges: str | None,
    photos: bool,
    expected: str,
) -> None:
    options = MatteOptions(model=model, edges=edges)
    segmenter = build_segmenter(options, photos=photos)
    shared = sharing_net(build_segmenter(MatteOptions(model=model)), options, photos=photos)
    for each in (segmenter, shared):
        np.testing.assert_allclose(each.matte(photo).alpha, drawn[model, expected], atol=1e-5)
    other = {"fine": "guided", "guided": "fine"}[expected]
    assert np.abs(drawn[model, other] - drawn[model, expected]).mean() > 1e-4


def test_studio_keeps_its_own_edges(photo: np.ndarray, drawn: dict[tuple[str, str], np.ndarray]) -> None:
    """Fine ones are worse than what it gives; here another model goes by its name."""
    found = find_model("fast")
    named = Segmenter(found.path, card=replace(found.card, name="studio"))
    alpha = sharing_net(named, MatteOptions(), photos=True).matte(photo).alpha
    np.testing.assert_allclose(alpha, drawn["fast", "guided"], atol=1e-5)


def test_without_refinement_there_are_none(photo: np.ndarray) -> None:
    options = MatteOptions(model="quality", refine=False)
    bare = Segmenter("quality", refine=False).matte(photo).alpha
    np.testing.assert_array_equal(build_segmenter(options, photos=True).matte(photo).alpha, bare)
