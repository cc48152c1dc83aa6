"""Error tiles have their colours where the errors are, and the cases worth looking at come first."""

from __future__ import annotations

import numpy as np

from limner.datasets.photo import Photo
from limner.evaluation.evaluate import Score, score_photo
from limner.evaluation.tiles import (
    FALSE,
    MISSED,
    error_tile,
    false_people,
    grey_tile,
    matte_tile,
    most_different,
    worst,
)

TRUTH = np.zeros((20, 20), np.uint8)
TRUTH[:10] = 255


def _photo(stem: str, mask: str = "hand", name: str = "faces_close_up") -> Photo:
    return Photo(name, stem, "val", mask, 20, 20, "x")  # type: ignore[arg-type]


def _score(stem: str, rows: int, mask: str = "hand") -> Score:
    """The first ``rows`` rows are called person."""
    alpha = np.zeros((20, 20), np.float32)
    alpha[:rows] = 1
    return score_photo(alpha, TRUTH if mask == "hand" else np.zeros_like(TRUTH), _photo(stem, mask))


def test_red_is_missed_and_blue_is_false() -> None:
    alpha = np.zeros((20, 20), np.float32)
    alpha[5:12] = 1
    rgb = np.full((20, 20, 3), 100, np.uint8)
    tile = error_tile(rgb, TRUTH, alpha, _photo("0"))
    assert (tile[:5] == MISSED).all()
    assert (tile[10:12] == FALSE).all()
    assert (tile[5:10] == 35).all()
    assert (rgb == 100).all()
    void = TRUTH.copy()
    void[:5] = 128
    assert (error_tile(rgb, void, alpha, _photo("0", name="people_with_animals"))[:5] == 35).all()


def test_masks_and_mattes_become_grey() -> None:
    assert grey_tile(TRUTH).shape == (20, 20, 3)
    assert matte_tile(np.full((2, 2), 0.5, np.float32))[0, 0].tolist() == [127, 127, 127]


def test_which_cases_are_shown() -> None:
    one = [_score("a", 10), _score("b", 8), _score("c", 2), _score("n", 3, "none"), _score("z", 0, "none")]
    two = [_score("a", 4), _score("b", 8), _score("c", 3), _score("n", 6, "none"), _score("z", 0, "none")]
    both = {"one": one, "two": two}
    assert [photo.stem for photo in worst(both, 2)] == ["c", "a"]
    assert [photo.stem for photo in most_different(both, 1)] == ["a"]
    assert most_different({"one": one}, 3) == []
    assert [photo.stem for photo in false_people(both, 5)] == ["n"]
