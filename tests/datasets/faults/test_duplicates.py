"""The same photo is found again however it was saved, and other photos are not taken for it."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from drawn_people import draw_person
from limner.datasets.faults.duplicates import Twin, find_twins, print_of

Rgb = NDArray[np.uint8]


def photo(seed: int) -> Rgb:
    """A person at 4 times the size, before a background of its own."""
    rng = np.random.default_rng(seed)
    rgb, mask = draw_person(seed)
    background = cv2.resize(rng.integers(0, 256, (5, 4, 3)).astype(np.uint8), (72, 96), interpolation=cv2.INTER_CUBIC)
    rgb = np.where(mask[..., None] > 0, rgb, background)
    return np.asarray(cv2.resize(rgb, (288, 384), interpolation=cv2.INTER_CUBIC), np.uint8)


def change(rgb: Rgb, how: str) -> Rgb:
    if how == "jpeg":
        file = io.BytesIO()
        Image.fromarray(rgb).save(file, "JPEG", quality=40)
        return np.asarray(Image.open(file).convert("RGB"))
    if how == "small":
        return np.asarray(cv2.resize(rgb, (120, 160), interpolation=cv2.INTER_AREA), np.uint8)
    if how == "brighter":
        return np.clip(rgb.astype(float) * 1.05 + 6, 0, 255).astype(np.uint8)
    if how == "cut":
        return np.ascontiguousarray(rgb[3:-3, 2:-2])
    assert how == "mirrored"
    return np.ascontiguousarray(rgb[:, ::-1])


@pytest.mark.parametrize("how", ["jpeg", "small", "brighter", "cut", "mirrored"])
def test_a_changed_photo_is_found_again(how: str) -> None:
    photos = [photo(seed) for seed in range(12)]
    photos.append(change(photos[5], how))
    twins = list(find_twins([print_of(rgb) for rgb in photos]))
    assert twins == [Twin(5, 12, exact=False, mirrored=how == "mirrored")]


def test_the_same_pixels_are_exact_and_others_are_not() -> None:
    photos = [photo(0), photo(1), photo(0).copy(), photo(2)]
    assert list(find_twins([print_of(rgb) for rgb in photos])) == [Twin(0, 2, exact=True, mirrored=False)]


def test_many_photos_in_blocks() -> None:
    rng = np.random.default_rng(4)
    noise = [
        np.asarray(
            cv2.resize(rng.integers(0, 256, (6, 6, 3)).astype(np.uint8), (48, 48), interpolation=cv2.INTER_CUBIC)
        )
        for _ in range(600)
    ]
    noise[599] = noise[3]
    assert list(find_twins([print_of(rgb) for rgb in noise])) == [Twin(3, 599, exact=True, mirrored=False)]


def test_plain_pictures_of_other_colours_are_not_the_same() -> None:
    plain = [np.full((40, 40, 3), value, np.uint8) for value in (0, 90, 200)]
    assert list(find_twins([print_of(rgb) for rgb in plain])) == []
    assert list(find_twins([])) == []
