"""A composite's mask is exactly what its pixels say, nothing of the old background is left, and nobody floats."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cast_folders import write_cast, write_walls
from limner.datasets.compositing.casting import Casting
from limner.datasets.compositing.composing import Composer, Composite
from limner.datasets.compositing.options import CompositeOptions

BARE = CompositeOptions(longest=192, several=0, things=0, chair=0, shadow=0, light=0, camera=0)


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cast(tmp_path_factory.mktemp("cast") / "data", val=0)


@pytest.fixture(scope="module")
def walls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("walls")
    return {name: write_walls(folder / name, (level,) * 3) for name, level in (("black", 0), ("white", 255))}


def composer(cast: Path, walls: Path, options: CompositeOptions) -> Composer:
    return Composer(Casting(cast, walls, options), options)


@pytest.mark.parametrize(
    "options",
    [BARE, replace(BARE, several=1.0), replace(BARE, things=1.0), replace(BARE, several=1.0, things=1.0, chair=1.0)],
    ids=["alone", "several", "things", "all"],
)
def test_what_shows_through_is_what_the_mask_says(
    cast: Path, walls: dict[str, Path], options: CompositeOptions
) -> None:
    """Before black and before white a pixel differs by as much of 255 as is not the person's (or a thing's)."""
    black, white = (composer(cast, walls[name], options) for name in ("black", "white"))
    for number in range(8):
        one, other = black.compose(number), white.compose(number)
        np.testing.assert_array_equal(one.mask, other.mask)
        through = (other.rgb.astype(int) - one.rgb).mean(2)
        assert (through <= 255 - one.mask.astype(int) + 4).all()
        if not one.record.things:
            assert np.abs(through - (255 - one.mask.astype(int))).max() <= 4
        assert one.mask.max() > 200
        assert 0 < ((one.mask > 10) & (one.mask < 245)).sum() < 0.2 * one.mask.size, "soft at the edge alone"


def test_nothing_of_the_old_background_is_left(cast: Path, walls: dict[str, Path]) -> None:
    options = replace(BARE, several=1.0)
    for number in range(8):
        made = composer(cast, walls["black"], options).compose(number)
        red, green = made.rgb[..., 0].astype(int), made.rgb[..., 1].astype(int)
        if all(name.startswith("busts") for name in made.record.people):
            assert (green - red).max() < 40, "a green rim"


def test_cut_bodies_reach_the_lower_border(cast: Path, walls: dict[str, Path]) -> None:
    options = replace(BARE, several=1.0, most=3)
    drawn = composer(cast, walls["black"], options)
    together = 0
    for number in range(24):
        made = drawn.compose(number)
        together += len(made.record.people) > 1
        if all(name.startswith("busts") for name in made.record.people):
            below = (made.mask[-1] > 127).any()
            assert below
    assert together > 6


def test_numbers_decide_everything(cast: Path) -> None:
    options = CompositeOptions(longest=160)
    one, other = (Composer(Casting(cast, None, options), options) for _ in range(2))
    other.compose(3)

    def same(a: Composite, b: Composite) -> bool:
        return a.rgb.shape == b.rgb.shape and np.array_equal(a.rgb, b.rgb) and np.array_equal(a.mask, b.mask)

    assert same(one.compose(5), other.compose(5))
    assert one.compose(5).record.parameters() == other.compose(5).record.parameters()
    assert not same(one.compose(5), one.compose(12))
    moved = replace(options, seed=1)
    assert not same(one.compose(5), Composer(Casting(cast, None, moved), moved).compose(5))


def test_light_and_shadow_change_pictures_and_no_masks(cast: Path, walls: dict[str, Path]) -> None:
    grey = write_walls(walls["black"].parent / "grey", (150, 140, 120))
    plain = composer(cast, grey, BARE)
    dark = composer(cast, grey, replace(BARE, shadow=1.0))
    darker = 0
    for number in range(10):
        one, other = plain.compose(number), dark.compose(number)
        if one.rgb.shape != other.rgb.shape:
            continue
        outside = (one.mask == 0) & (other.mask == 0)
        assert (other.rgb[outside].astype(int) <= one.rgb[outside].astype(int) + 2).all()
        darker += (one.rgb[outside].astype(int) - other.rgb[outside]).max() > 8
    assert darker >= 4
    lit = composer(cast, grey, replace(BARE, light=1.0)).compose(0)
    assert set(lit.record.values["light"][0]) >= {"match", "follow"}
