"""Views show the window they were asked for, with photo and mask in step."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from limner.datasets.framing import Window, cutout_window, photo_window, scene_window, view, whole
from limner.datasets.photo import Photo
from limner.datasets.photo_map import MappedPhoto

ENTRY = MappedPhoto(
    Photo("s", "0", "train", "hand", 200, 400, "x"), 0, 400, 200, (60, 40, 140, 400), (False, False, False, True)
)


def _marked(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture whose red square is also the mask."""
    rgb, mask = np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.uint8)
    rgb[100:180, 60:120, 0] = 255
    mask[100:180, 60:120] = 255
    return rgb, mask


def test_the_whole_photo_is_a_resize() -> None:
    rgb, mask = _marked(400, 200)
    image, seen = view(rgb, mask, whole(ENTRY), 64, flip=False, degrees=0, outside=cv2.BORDER_CONSTANT)
    expected = cv2.resize(mask, (64, 64), interpolation=cv2.INTER_AREA)
    assert np.abs(seen.astype(int) - expected).mean() < 4
    assert image.shape == (64, 64, 3)


@pytest.mark.parametrize("degrees", [0.0, 20.0, -35.0])
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("window", [Window(0, 0, 200, 400), Window(-40, 30, 260, 200), Window(50, 90, 40, 60)])
def test_photo_and_mask_move_together(window: Window, flip: bool, degrees: float) -> None:
    rgb, mask = _marked(400, 200)
    image, seen = view(rgb, mask, window, 96, flip=flip, degrees=degrees, outside=cv2.BORDER_REFLECT_101)
    assert np.abs(image[..., 0].astype(int) - seen).mean() < 1


def test_a_flip_is_exact() -> None:
    rgb, mask = _marked(400, 200)
    straight = view(rgb, mask, Window(20, 80, 128, 128), 128, flip=False, degrees=0, outside=cv2.BORDER_CONSTANT)
    mirrored = view(rgb, mask, Window(20, 80, 128, 128), 128, flip=True, degrees=0, outside=cv2.BORDER_CONSTANT)
    np.testing.assert_array_equal(straight[0][:, ::-1], mirrored[0])


def test_windows_of_photos_stay_inside() -> None:
    _, mask = _marked(400, 200)
    rng = np.random.default_rng(1)
    for _ in range(300):
        for window in (scene_window(ENTRY, rng), photo_window(ENTRY, mask, rng, whole_chance=0.25)):
            assert window.x >= -1e-6
            assert window.y >= -1e-6
            assert window.x + window.width <= 200 + 1e-6
            assert window.y + window.height <= 400 + 1e-6


def test_a_person_cut_at_the_bottom_stays_at_the_bottom() -> None:
    _, mask = _marked(400, 200)
    rng = np.random.default_rng(2)
    assert all((w := cutout_window(ENTRY, mask, rng)).y + w.height <= 400 + 1e-6 for _ in range(300))


def test_people_are_seen_at_many_sizes() -> None:
    _, mask = _marked(400, 200)
    rng = np.random.default_rng(3)
    heights = [cutout_window(ENTRY, mask, rng).height for _ in range(300)]
    assert min(heights) < 150
    assert max(heights) > 500


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_photos_are_shown_whole_as_often_as_asked(chance: float) -> None:
    rng, mask = np.random.default_rng(3), np.full((ENTRY.height, ENTRY.width), 255, np.uint8)
    views = [photo_window(ENTRY, mask, rng, whole_chance=chance) for _ in range(400)]
    assert np.mean([window == whole(ENTRY) for window in views]) == pytest.approx(chance, abs=0.08)
