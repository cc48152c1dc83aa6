"""Frame in frame: where the small person lands, in which shape, over what."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from limner.effects import make_effect
from limner.matte import Matte

SIZE = (200, 300)
FRAME = np.full((*SIZE, 3), (0, 0, 255), np.uint8)
ALPHA = np.zeros(SIZE, np.float32)
ALPHA[40:, 100:200] = 1.0
FRAME[40:, 100:200] = (255, 0, 0)


def shown(**options: object) -> np.ndarray:
    return make_effect("frame_in_frame", presentation="white", **options)(FRAME, Matte(ALPHA))


def box(changed: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


@pytest.mark.parametrize(
    ("position", "expected"),
    [("bottom-right", (110, 190, 170, 290)), ("bottom-left", (110, 190, 10, 130)),
     ("top-right", (10, 90, 170, 290)), ("top-left", (10, 90, 10, 130))],
)  # fmt: skip
def test_a_rectangle_lies_in_its_corner_with_its_margin(position: str, expected: tuple[int, ...]) -> None:
    result = shown(shape="rectangle", size=0.4, margin=0.05, position=position)
    assert box((result != 255).any(2)) == expected
    top, bottom, left, right = expected
    np.testing.assert_array_equal(result[top + 2, left + 2], (0, 0, 255))
    np.testing.assert_array_equal(result[bottom - 2, (left + right) // 2], (255, 0, 0))


def test_a_circle_is_round_and_shows_the_middle() -> None:
    result = shown(shape="circle", size=0.5, margin=0.05)
    changed = (result != 255).any(2)
    assert box(changed) == (90, 190, 190, 290)
    y, x = np.mgrid[:200, :300]
    away = np.hypot(y - 139.5, x - 239.5)
    assert changed[away < 49].all()
    assert not changed[away > 51].any()
    np.testing.assert_array_equal(result[180, 240], (255, 0, 0))
    assert result[130, 194, 2] > 250
    assert shown(shape="rounded")[-7, -11].min() == 255


def test_only_the_person_stands_on_the_lower_edge() -> None:
    result = shown(size=0.5, margin=0.1)
    changed = (result != 255).any(2)
    assert box(changed) == (120, 200, 180, 230)
    assert (result[changed] == (255, 0, 0)).all()


def test_no_blue_of_the_old_background_is_in_a_soft_edge() -> None:
    x = np.arange(300, dtype=np.float32)[None]
    alpha = np.ascontiguousarray(np.broadcast_to(np.clip((60 - np.abs(x - 150)) / 12, 0, 1), SIZE), np.float32)
    frame = np.rint(alpha[..., None] * (255, 0, 0) + (1 - alpha[..., None]) * (0, 0, 255)).astype(np.uint8)
    for spec in ("frame_in_frame:black", "stylize:vivid@person,frame_in_frame:black"):
        result = make_effect(spec)(frame, Matte(alpha))
        assert result[..., 2].max() <= 30, spec
        assert result[..., 0].max() >= 250


def test_what_fits_a_person_fits_them_to_the_presentation() -> None:
    dark, bright = (
        make_effect(f"seamless_clone:1,frame_in_frame:{name}")(np.full((*SIZE, 3), 120, np.uint8), Matte(ALPHA))
        for name in ("#303030", "#d0d0d0")
    )
    assert np.abs(dark.astype(int) - 0x30).max() <= 4
    assert np.abs(bright.astype(int) - 0xD0).max() <= 6


def test_the_presentation_is_asked_for_the_time_of_the_frame_and_never_written_to() -> None:
    asked = []
    page = np.full((*SIZE, 3), 200, np.uint8)

    class Clock:
        def frame_at(self, time, size, fit, fill=(0, 0, 0)):  # type: ignore[no-untyped-def]
            asked.append((time, size, fit, fill))
            return page

    effect = make_effect("frame_in_frame", presentation=Clock(), fill="red")
    effect.at(Fraction(5, 2))
    effect(FRAME, Matte(ALPHA))
    assert asked == [(Fraction(5, 2), SIZE, "contain", (255, 0, 0))]
    assert (page == 200).all()


def test_a_background_is_seen_in_shapes_and_refused_where_only_the_person_is() -> None:
    from limner.effects import Chain
    from limner.errors import OptionError

    color = make_effect("color", color="lime")
    inset = make_effect("frame_in_frame", presentation="white", shape="rectangle", size=0.4, margin=0.05)
    result = Chain([inset, color])(FRAME, Matte(ALPHA))
    np.testing.assert_array_equal(result[112, 172], (0, 255, 0))
    with pytest.raises(OptionError, match="color and frame_in_frame each make the background"):
        make_effect("color:lime,frame_in_frame:white")
