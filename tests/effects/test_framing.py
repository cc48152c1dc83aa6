"""Crops that suit who is in the frame, and a camera that neither shakes nor hurries."""

from __future__ import annotations

import numpy as np
import pytest

from limner.effects.framing import WHOLE, Crop, Operator, wanted

STEP = 1 / 25


def standing(
    *, left: float = 0.4, right: float = 0.5, top: float = 0.2, bottom: float = 0.8, size: tuple[int, int] = (360, 640)
) -> np.ndarray:
    """Somebody whose matte is a box, told by shares of the frame."""
    height, width = size
    alpha = np.zeros(size, np.float32)
    alpha[round(top * height) : round(bottom * height), round(left * width) : round(right * width)] = 1
    return alpha


def edges(crop: Crop) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    half = 0.5 / crop.zoom
    return crop.x - half, crop.y - half, crop.x + half, crop.y + half


@pytest.mark.parametrize(("framing", "shown"), [("close", 0.32), ("half", 0.55), ("full", 1.0)])
def test_the_head_has_room_and_as_much_is_shown_as_asked_for(framing: str, shown: float) -> None:
    crop = wanted(standing(top=0.15, bottom=0.9), framing, 4.0)
    assert crop is not None
    left, top, right, bottom = edges(crop)
    assert 0.05 < (0.15 - top) / (bottom - top) < 0.16, "room above the head"
    assert bottom == pytest.approx(0.15 + shown * 0.75 + (0.06 / crop.zoom if framing == "full" else 0), abs=0.02)
    assert left < 0.4 < 0.5 < right
    assert (left + right) / 2 == pytest.approx(0.45, abs=0.01)


def test_it_never_zooms_further_than_allowed() -> None:
    crop = wanted(standing(top=0.4, bottom=0.6), "close", 2.0)
    assert crop is not None
    assert crop.zoom == 2


def test_somebody_whom_the_frame_cuts_off_is_as_tall_as_they_are_wide() -> None:
    bust = standing(left=0.3, right=0.6, top=0.3, bottom=1.0)
    close, full = wanted(bust, "close", 4.0), wanted(bust, "full", 4.0)
    assert close is not None
    assert full is not None
    assert edges(full)[3] == pytest.approx(1, abs=0.01)
    assert 1 < full.zoom < close.zoom < 2


def test_all_of_several_people_are_shown() -> None:
    both = np.maximum(standing(left=0.1, right=0.2), standing(left=0.7, right=0.85, top=0.3))
    crop = wanted(both, "half", 4.0)
    assert crop is not None
    left, _, right, _ = edges(crop)
    assert left <= 0.1
    assert right >= 0.85


@pytest.mark.parametrize("left", [0.0, 0.9])
def test_a_crop_stays_within_the_frame(left: float) -> None:
    crop = wanted(standing(left=left, right=left + 0.1, top=0.0, bottom=0.5), "half", 4.0)
    assert crop is not None
    assert min(edges(crop)) >= -1e-9
    assert max(edges(crop)) <= 1 + 1e-9


def test_specks_do_not_count_and_nobody_is_nobody() -> None:
    alone = wanted(standing(), "half", 4.0)
    speck = standing()
    speck[330:345, 610:630] = 1
    assert wanted(speck, "half", 4.0) == alone
    assert wanted(np.zeros((360, 640), np.float32), "half", 4.0) is None
    faint = standing()
    assert wanted(faint * np.float32(0.3), "half", 4.0) is None


def follow(targets: list[Crop | None], speed: float = 0.2) -> np.ndarray:
    """x, y and zoom of the crop at each frame."""
    operator = Operator(speed=speed)
    crops = [operator(target, STEP if number else 0.0) for number, target in enumerate(targets)]
    return np.array([(crop.x, crop.y, crop.zoom) for crop in crops])


def test_it_stands_still_while_somebody_fidgets() -> None:
    rng = np.random.default_rng(0)
    targets: list[Crop | None] = [
        Crop(0.5 + rng.normal(0, 0.006), 0.5 + rng.normal(0, 0.006), 1.8 * float(np.exp(rng.normal(0, 0.01))))
        for _ in range(250)
    ]
    path = follow(targets)
    assert np.ptp(path, axis=0).max() == 0


def test_it_follows_without_hurry_or_jerks_and_arrives() -> None:
    targets: list[Crop | None] = [Crop(0.35, 0.5, 2.0)] * 50
    targets += [Crop(0.35 + min(0.3, 0.2 * number * STEP), 0.5, 2.0) for number in range(250)]
    path = follow(targets)
    speed = np.diff(path[:, 0]) / STEP
    assert abs(path[-1, 0] - 0.65) < 0.03
    assert speed.max() <= 0.2 / 2.0 + 1e-9
    assert speed.min() >= -1e-9, "it never swings back"
    assert np.abs(np.diff(speed)).max() <= 0.2 / 2.0 / Operator.BREAK_IN * STEP + 1e-9


def test_it_zooms_out_once_nobody_has_been_there_for_a_while() -> None:
    path = follow([Crop(0.4, 0.5, 2.0)] * 25 + [None] * 250)
    waits = round(Operator.PATIENCE / STEP)
    assert np.ptp(path[: 25 + waits - 2], axis=0).max() == 0
    assert path[-1, 2] < 1.1


def test_a_cut_is_a_cut() -> None:
    path = follow([Crop(0.3, 0.5, 2.0)] * 25 + [Crop(0.7, 0.5, 1.5)] * 5)
    np.testing.assert_allclose(path[25], [0.7, 0.5, 1.5])
    operator = Operator(speed=0.2)
    operator(Crop(0.4, 0.5, 2.0), 0.0)
    assert operator(Crop(0.5, 0.5, 1.2), 5.0) == Crop(0.5, 0.5, 1.2), "frames that are far apart in time"


def test_nobody_at_first_is_the_whole_frame() -> None:
    assert Operator(speed=0.2)(None, 0.0) == WHOLE
