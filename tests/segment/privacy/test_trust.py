"""Trust, cell by cell: every limit on its two sides, and every count to the frame."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from limner.matte import Matte
from limner.segment.privacy import trust
from limner.segment.privacy.trust import (
    COLLAPSE,
    EMPTY,
    JUMP,
    SWALLOWED,
    Glance,
    Trust,
    TrustRules,
    changed_share,
)

CELLS = (40, 50)
ROOM = np.random.default_rng(1).uniform(60, 180, CELLS).astype(np.float32)
OTHER = np.random.default_rng(2).uniform(60, 180, CELLS).astype(np.float32)
SEAT = (slice(8, 40), slice(15, 40))  # 32 × 25 of 40 × 50 cells: a share of 0.4


def mask(*places: tuple[slice, slice]) -> NDArray[np.bool_]:
    made = np.zeros(CELLS, bool)
    for place in places:
        made[place] = True
    return made


def glance(
    places: NDArray[np.bool_] | None = None, *, grey: NDArray[np.float32] = ROOM, coverage: float | None = None
) -> Glance:
    """Somebody in the seat, or in other places; the coverage is that of the mask unless it is given."""
    found = mask(SEAT) if places is None else places
    return Glance(grey, found, float(found.mean()) if coverage is None else coverage)


NOBODY = mask()


def sitting(rules: TrustRules | None = None, frames: int = 10) -> Trust:
    """Somebody sat there for a while, at a share of 0.4, and was shown."""
    made = Trust(rules or TrustRules())
    for _ in range(frames):
        assert made.doubt(glance()) is None
        made.shown(glance())
    return made


def hidden_for(made: Trust, glances: list[Glance]) -> int:
    """How many come before the first that is trusted; all of them where none is."""
    for index, each in enumerate(glances):
        if made.doubt(each) is None:
            return index
    return len(glances)


def test_the_reasons_differ_in_words() -> None:
    reasons = {COLLAPSE, SWALLOWED, JUMP, EMPTY}
    assert len(reasons) == 4
    assert all(isinstance(reason, str) and reason for reason in reasons)


@pytest.mark.parametrize(("size", "cells"), [((480, 640), (60, 80)), ((60, 30), (60, 30)), ((1000, 100), (80, 8))])
def test_a_glance_is_80_cells_long_at_most(size: tuple[int, int], cells: tuple[int, int]) -> None:
    frame = np.full((*size, 3), (90, 90, 90), np.uint8)
    seen = Glance.of(frame, Matte(np.ones(size, np.float32)))
    assert (seen.grey.shape, seen.grey.dtype, seen.mask.shape) == (cells, np.float32, cells)
    np.testing.assert_allclose(seen.grey, 90, atol=0.5)
    assert seen.mask.all()
    assert seen.coverage == 1


def test_a_cell_is_the_mean_of_its_pixels() -> None:
    alpha = np.zeros((480, 640), np.float32)
    alpha[:, np.arange(640) % 8 < 6] = 1  # of the four looked at of each cell's eight, three
    seen = Glance.of(np.zeros((480, 640, 3), np.uint8), Matte(alpha))
    assert seen.coverage == pytest.approx(0.75)
    assert seen.mask.all()


@pytest.mark.parametrize(("coverage", "doubt"), [(0.97, None), (0.98, SWALLOWED)])
def test_nobody_covers_all_of_the_first_picture(coverage: float, doubt: str | None) -> None:
    made = Trust(TrustRules())
    assert not made.known
    assert made.doubt(glance(coverage=coverage)) == doubt
    made.shown(glance())
    assert made.known


@pytest.mark.parametrize(("coverage", "doubt"), [(0.1, None), (0.099, COLLAPSE)])
def test_a_quarter_of_the_usual_area_is_enough(coverage: float, doubt: str | None) -> None:
    assert sitting().doubt(glance(coverage=coverage)) == doubt


def test_a_sudden_loss_is_a_collapse_whether_the_picture_changed_there_or_not() -> None:
    moved = ROOM.copy()
    moved[SEAT] = OTHER[SEAT]
    assert changed_share(ROOM, moved) < 0.5  # no cut
    assert sitting().doubt(glance(NOBODY)) == COLLAPSE
    assert sitting().doubt(glance(NOBODY, grey=moved)) == COLLAPSE


@pytest.mark.parametrize(("four_frames_ago", "doubt"), [(0.4, COLLAPSE), (0.39, None)])
def test_who_walks_out_dwindles_first(four_frames_ago: float, doubt: str | None) -> None:
    made, moved = sitting(), ROOM.copy()
    moved[SEAT] = OTHER[SEAT]
    for coverage in (0.5, four_frames_ago, 0.3, 0.2, 0.11):
        made.shown(glance(coverage=coverage))
    assert made.doubt(glance(NOBODY, grey=moved)) == doubt


def test_a_still_room_after_a_cut_is_shown_after_a_second() -> None:
    assert hidden_for(sitting(), [glance(NOBODY, grey=OTHER)] * 60) == 30


def restless(count: int) -> list[Glance]:
    """An empty room with a television in it: 4 of 100 cells change by 20 grey levels in every frame."""
    flicker = np.where(mask((slice(0, 4), slice(0, 20))), 20, 0).astype(np.float32)
    return [glance(NOBODY, grey=OTHER + flicker * (index % 2)) for index in range(count)]


def test_a_restless_one_after_five_seconds() -> None:
    assert hidden_for(sitting(), restless(200)) == 149
    assert hidden_for(sitting(frames=1), restless(200)) == 149


def test_a_frame_without_a_matte_begins_the_count_anew() -> None:
    made = sitting()
    assert hidden_for(made, [glance(NOBODY, grey=OTHER)] * 20) == 20
    made.lost_sight()
    assert hidden_for(made, [glance(NOBODY, grey=OTHER)] * 60) == 29
    made = sitting()
    assert hidden_for(made, restless(100)) == 100
    made.lost_sight()
    assert hidden_for(made, restless(200)) == 149


@pytest.mark.parametrize(("change", "hidden"), [(0.0, 299), (1.4, 299), (2.0, 400)])
def test_a_place_where_nobody_can_sit_so_still_is_empty_after_ten_seconds(change: float, hidden: int) -> None:
    swaying = [glance(NOBODY, grey=ROOM + np.float32(change * (index % 2))) for index in range(400)]
    assert hidden_for(sitting(), swaying) == hidden


@pytest.mark.parametrize(("coverage", "doubt"), [(0.75, SWALLOWED), (0.74, None), (0.97, SWALLOWED)])
def test_a_mask_that_grew_over_what_looks_as_before_swallowed_it(coverage: float, doubt: str | None) -> None:
    everywhere = ~mask()
    assert sitting().doubt(glance(everywhere, coverage=coverage)) == doubt


def test_who_comes_close_changes_the_picture_there() -> None:
    close = np.where(mask(SEAT), ROOM, OTHER * np.float32(0.9) + 10).astype(np.float32)
    assert sitting().doubt(glance(~mask(), grey=close, coverage=0.8)) is None


def strip(start: int) -> NDArray[np.bool_]:
    """Twelve columns."""
    return mask((slice(0, 40), slice(start, start + 12)))


@pytest.mark.parametrize(
    ("shift", "doubt"),
    [(8, None), (9, JUMP), (20, JUMP)],  # 4 of 20 columns in both are a fifth, 3 of 21 are less
)
def test_a_mask_may_overlap_a_fifth_with_the_one_before(shift: int, doubt: str | None) -> None:
    made = Trust(TrustRules())
    assert made.doubt(glance(strip(5))) is None
    made.shown(glance(strip(5)))
    assert made.doubt(glance(strip(5 + shift))) == doubt


def test_where_the_picture_changed_a_mask_may_be_anywhere() -> None:
    made = Trust(TrustRules())
    made.doubt(glance(strip(0)))
    made.shown(glance(strip(0)))
    moved = np.where(strip(0) | strip(30), OTHER, ROOM).astype(np.float32)
    assert changed_share(ROOM, moved) < 0.5
    assert made.doubt(glance(strip(30), grey=moved)) is None


@pytest.mark.parametrize(("coverage", "doubt"), [(0.009, None), (0.01, JUMP)])
def test_specks_do_not_jump(coverage: float, doubt: str | None) -> None:
    made = Trust(TrustRules())
    made.doubt(glance(strip(0), coverage=coverage))
    made.shown(glance(strip(0), coverage=coverage))
    assert made.doubt(glance(strip(30), coverage=coverage)) == doubt


def test_another_size_begins_anew() -> None:
    made = sitting()
    small = Glance(ROOM[:20], mask(SEAT)[:20], 0.4)
    assert made.doubt(small) is None
    assert not made.known
    made.shown(small)
    assert made.known
    assert made.doubt(small) is None


def test_after_a_cut_people_may_have_any_size() -> None:
    made = sitting()
    small = mask((slice(30, 40), slice(20, 30)))
    assert made.doubt(glance(small, grey=OTHER, coverage=0.05)) is None


@pytest.mark.parametrize(("change", "share"), [(0, 0.0), (23, 0.0), (25, 1.0)])
def test_changes_count_from_eight_times_the_noise(change: float, share: float) -> None:
    one = np.full((10, 10), 100, np.float32)
    step = np.where(np.indices((10, 10)).sum(0) % 2, change, -change).astype(np.float32)
    assert changed_share(one, one + step) == share
    assert changed_share(one, one * 2) == 0  # exposure is no change


def test_pictures_look_alike_whatever_their_exposure_and_flat_ones_cannot_be_told() -> None:
    place = mask(SEAT)
    flat, alike = np.full(CELLS, 90, np.float32), trust._looks_alike
    assert alike(ROOM, ROOM * 2 + 5, place) == pytest.approx(1, abs=1e-5)
    assert alike(ROOM, 255 - ROOM, place) == pytest.approx(-1, abs=1e-5)
    assert abs(alike(ROOM, OTHER, place)) < 0.2
    assert alike(flat, flat + 9, place) == 1
    assert alike(ROOM, flat, place) == 0
    assert alike(ROOM, OTHER, NOBODY) == 1


def test_an_outline_is_seen_one_cell_around() -> None:
    grown = trust._grown(mask((slice(5, 6), slice(7, 8))))
    np.testing.assert_array_equal(grown, mask((slice(4, 7), slice(6, 9))))
