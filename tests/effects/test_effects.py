"""Effects against cases whose answer is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from limner.colors import is_color, parse_color
from limner.effects import EFFECTS, Effect, make_effect
from limner.effects.compose import blend_onto, halve
from limner.effects.cutout import person_box
from limner.effects.fill import fill_unknown
from limner.errors import LimnerError, OptionError
from limner.matte import Matte

SIZES = [(1, 1), (1, 4), (4, 1), (1, 9), (3, 2), (7, 301), (64, 64), (121, 77)]


CHAINS = [
    "smoothstep,color_transfer:1,light_wrap,replace:teal,stylize:warm",
    "seamless_clone:1,replace:teal,cutout",
    "color_transfer,frame_in_frame:teal",
    "bokeh,stylize:green@background,overlay",
    "smoothstep,mask",
]


def noise(size: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def disc(size: tuple[int, int], radius: float, soft: float = 0.0) -> np.ndarray:
    """A disc in the middle; `radius` as a share of the shorter side, `soft` the width of its edge in pixels."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    away = np.hypot(y - size[0] / 2, x - size[1] / 2)
    edge = radius * min(size) - away
    return (edge > 0).astype(np.float32) if not soft else np.clip(edge / soft + 0.5, 0, 1).astype(np.float32)


def every_effect() -> list[Effect]:
    options = {
        "replace": [{"background": "teal"}],
        "overlay": [{}, {"outline": 2.0}],
        "blur": [{}, {"strength": 0.02}],
        "bokeh": [{}, {"strength": 0.05, "highlights": 1.0}, {"strength": 1.0}],
        "light_wrap": [{}, {"strength": 1.0, "width": 0.2}],
        "stylize": [{"look": "cool@person"}, {"look": "bw@background"}, {"look": "vivid"}],
        "frame_in_frame": [{"presentation": "teal", "shape": shape} for shape in ("person", "circle", "rounded")],
    }
    alone = [make_effect(name, **kw) for name in EFFECTS for kw in options.get(name, [{}])]
    return [*alone, *map(make_effect, CHAINS)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["soft", "none", "all", "hard"])
def test_any_size_and_matte(size: tuple[int, int], kind: str) -> None:
    rng = np.random.default_rng(1)
    frame, soft = noise(size), rng.random(size, dtype=np.float32)
    alpha = {"soft": soft, "none": soft * 0, "all": soft * 0 + 1, "hard": np.float32(soft > 0.5)}[kind]
    frame_before, alpha_before = frame.copy(), alpha.copy()
    for effect in every_effect():
        result = effect(frame, Matte(alpha))
        assert result.shape == (*size, 4 if effect.has_alpha else 3), effect.name
        assert result.dtype == np.uint8
        assert result.flags.c_contiguous
        assert not np.shares_memory(result, frame)
        effect.reset()
        np.testing.assert_array_equal(effect(frame, Matte(alpha)), result, err_msg=effect.name)
        np.testing.assert_array_equal(frame, frame_before, err_msg=effect.name)
        np.testing.assert_array_equal(alpha, alpha_before, err_msg=effect.name)


@pytest.mark.parametrize("name", ["blur", "bokeh", "replace", "color", "cutout", "smoothstep", "seamless_clone"])
@pytest.mark.parametrize("soft", [0.0, 9.0])
def test_the_person_is_untouched(name: str, soft: float) -> None:
    frame, alpha = noise((90, 120)), disc((90, 120), 0.3, soft)
    effect = make_effect(name, **({"background": "teal"} if name == "replace" else {}))
    result = effect(frame, Matte(alpha))
    np.testing.assert_array_equal(result[alpha == 1.0][:, :3], frame[alpha == 1.0])


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("color", {}, (255, 0, 255)),
        ("color", {"color": "#102030"}, (16, 32, 48)),
        ("color", {"color": (1, 2, 3)}, (1, 2, 3)),
        ("replace", {"background": "rgb(9, 8, 7)"}, (9, 8, 7)),
        ("cutout", {}, (0, 0, 0, 0)),
        ("mask", {}, (0, 0, 0)),
    ],
)
def test_the_background_is_what_was_asked_for(name: str, options: dict, expected: tuple[int, ...]) -> None:
    frame, alpha = noise((60, 50)), disc((60, 50), 0.3, 5)
    result = make_effect(name, **options)(frame, Matte(alpha))
    assert (result[alpha == 0.0] == expected).all()


def test_mask_is_the_matte_in_grey() -> None:
    alpha = np.linspace(0, 1, 256, dtype=np.float32)[None].repeat(3, 0)
    result = make_effect("mask")(noise((3, 256)), Matte(alpha))
    np.testing.assert_array_equal(result, np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, 0).repeat(3, 2))


def test_cutout_alpha_is_the_matte() -> None:
    alpha = disc((40, 40), 0.3, 10)
    result = make_effect("cutout")(noise((40, 40)), Matte(alpha))
    np.testing.assert_array_equal(result[..., 3], np.rint(alpha * 255).astype(np.uint8))


def test_overlay_mixes_the_tint_by_its_opacity() -> None:
    frame = np.full((20, 20, 3), 100, np.uint8)
    alpha = np.zeros((20, 20), np.float32)
    alpha[:, 10:] = 1
    result = make_effect("overlay", tint=(200, 0, 100), opacity=0.25)(frame, Matte(alpha))
    assert (result[:, :10] == 100).all()
    assert (result[:, 10:] == (125, 75, 100)).all()


def test_overlay_draws_a_line_outside_the_person_only() -> None:
    frame = np.zeros((200, 200, 3), np.uint8)
    alpha = np.zeros((200, 200), np.float32)
    alpha[:, 100:] = 1
    result = make_effect("overlay", tint="white", opacity=0.0, outline=3.0)(frame, Matte(alpha))
    assert result[:, 94:100].all()
    assert not result[:, :93].any()
    assert not result[:, 100:].any()


@pytest.mark.parametrize("strength", [0.02, 0.1, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("soft", [0.0, 6.0])
def test_blur_takes_nothing_of_the_person_into_the_background(strength: float, soft: float) -> None:
    alpha = disc((270, 480), 0.3, soft)
    frame = np.zeros((270, 480, 3), np.uint8)
    frame[...] = np.rint(alpha[..., None] * (255, 0, 0) + (1 - alpha[..., None]) * (0, 0, 255))
    result = make_effect("blur", strength=strength)(frame, Matte(alpha))
    outside = result[alpha == 0.0]
    assert outside[:, 0].max() <= 2
    assert outside[:, 2].min() >= 253


def test_blur_under_the_person_shows_the_surroundings_and_no_dark_rim() -> None:
    alpha = disc((270, 480), 0.45) * np.float32(0.5)  # half-transparent everywhere: what lies below shows
    frame = np.where(alpha[..., None] > 0, 255, 100).astype(np.uint8).repeat(3, 2)
    result = make_effect("blur")(frame, Matte(alpha))
    assert np.abs(result[alpha > 0].astype(int) - 178).max() <= 2


def test_blur_of_a_plain_background_is_plain_and_a_step_becomes_a_gaussian_ramp() -> None:
    size, strength = (400, 800), 0.5
    frame = np.zeros((*size, 3), np.uint8)
    frame[:, 400:] = 200
    result = make_effect("blur", strength=strength)(frame, Matte(np.zeros(size, np.float32)))
    sigma = strength * 0.06 * min(size)
    from math import erf

    ramp = [100 * (1 + erf((x + 0.5 - 400) / sigma / 2**0.5)) for x in range(800)]
    assert np.abs(result[..., 0].astype(float) - ramp).max() < 4.0


def test_blur_strength_zero_changes_nothing() -> None:
    frame = noise((50, 60))
    np.testing.assert_array_equal(make_effect("blur", strength=0.0)(frame, Matte(disc((50, 60), 0.2))), frame)


def test_blur_looks_the_same_at_any_size() -> None:
    def blurred(scale: int) -> np.ndarray:
        frame = np.kron(noise((9, 16), 3), np.ones((30 * scale, 30 * scale, 1), np.uint8))
        return make_effect("blur")(frame, Matte(np.zeros(frame.shape[:2], np.float32)))

    small, large = blurred(1), halve(blurred(2), 1)
    assert np.abs(small.astype(int) - large).mean() < 3.0


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("sepia", {}, "effect 'sepia' is unknown: say blur, bokeh, replace, color, cutout, mask, overlay, smoothstep"),
        ("blur", {"strength": 1.5}, "blur strength 1.5"),
        ("bokeh", {"strength": -1.0}, "bokeh strength -1.0"),
        ("bokeh", {"highlights": float("nan")}, "highlights nan"),
        ("smoothstep", {"low": 0.5, "high": 0.5}, "smoothstep 0.5-0.5 is out of range"),
        ("smoothstep", {"low": float("nan")}, "smoothstep nan-0.8"),
        ("light_wrap", {"strength": 2.0}, "light_wrap strength 2.0"),
        ("light_wrap", {"width": 0.0}, "light_wrap width 0.0"),
        ("color_transfer", {"strength": 1.1}, "color_transfer strength 1.1"),
        ("seamless_clone", {"strength": float("inf")}, "seamless_clone strength inf"),
        ("stylize", {"look": "moody"}, "look 'moody' is unknown: say warm, cool, green, bw"),
        ("stylize", {"look": "warm@hair"}, "look warm@hair: say both, person, background"),
        ("stylize", {"look": "warm@person", "on": "both"}, "already says where"),
        ("frame_in_frame", {}, "frame_in_frame needs presentation"),
        (
            "frame_in_frame",
            {"presentation": "red", "shape": "star"},
            "inset shape 'star' is unknown: say person, circle",
        ),
        ("frame_in_frame", {"presentation": "red", "position": "middle"}, "inset position 'middle' is unknown"),
        ("frame_in_frame", {"presentation": "red", "size": 0.0}, "inset size 0.0"),
        ("frame_in_frame", {"presentation": "red", "margin": 0.3}, "inset margin 0.3"),
        ("frame_in_frame", {"presentation": "slides.png"}, "presentation slides.png: no such file"),
        ("replace", {}, "replace needs background"),
        ("blur", {"strength": float("nan")}, "blur strength nan"),
        ("color", {"color": "no such colour"}, "color 'no such colour' is no colour"),
        ("color", {"color": "#ff00ff80"}, "has transparency"),
        ("color", {"color": (1, 2, 300)}, "color (1, 2, 300)"),
        ("overlay", {"opacity": -0.1}, "opacity -0.1"),
        ("overlay", {"outline": 11.0}, "outline 11.0"),
        ("overlay", {"tint": ""}, "tint ''"),
        ("replace", {"background": "red", "fit": "stretch"}, "fit 'stretch' is unknown: say cover or contain"),
        ("replace", {"background": "red", "fill": "x"}, "fill 'x'"),
        ("replace", {"background": "nowhere.jpg"}, "nowhere.jpg"),
    ],
)
def test_a_wrong_option_is_named(name: str, options: dict, says: str) -> None:
    with pytest.raises(LimnerError) as caught:
        make_effect(name, **options)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "frame", [np.zeros((4, 5, 4), np.uint8), np.zeros((5, 4, 3), np.uint8), np.zeros((4, 5, 3), np.float32)]
)
def test_a_frame_that_does_not_belong_to_the_matte_is_refused(frame: np.ndarray) -> None:
    for effect in every_effect():
        with pytest.raises(ValueError, match=r"frame|matte"):
            effect(frame, Matte(np.zeros((4, 5), np.float32)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Magenta", (255, 0, 255)), (" #0f0 ", (0, 255, 0)), ("#0102ff", (1, 2, 255)), ("rgb(1,2,3)", (1, 2, 3)),
     ("rgb(100%,0%,0%)", (255, 0, 0))],
)  # fmt: skip
def test_colours_as_people_write_them(text: str, expected: tuple[int, int, int]) -> None:
    assert parse_color(text, option="x") == expected
    assert is_color(text)


def test_what_is_no_colour() -> None:
    assert not is_color("beach.jpg")
    with pytest.raises(OptionError):
        parse_color("beach.jpg", option="x")


@pytest.mark.parametrize("share", [0.02, 0.9])
def test_blend_agrees_with_the_formula_by_either_way(share: float) -> None:
    rng = np.random.default_rng(4)
    front, back = noise((80, 90), 1), noise((80, 90), 2)
    alpha = np.where(rng.random((80, 90)) < share, rng.random((80, 90)), rng.random((80, 90)) > 0.5).astype(np.float32)
    expected = front * alpha[..., None] + back * (1 - alpha[..., None])
    result = blend_onto(back.copy(), front, alpha)
    assert np.abs(result - expected).max() <= 1.01
    np.testing.assert_array_equal(result[alpha == 1], front[alpha == 1])
    np.testing.assert_array_equal(result[alpha == 0], back[alpha == 0])


def test_fill_keeps_what_is_known_and_reaches_any_distance() -> None:
    pixels = np.zeros((64, 200, 3), np.float32)
    pixels[:, :8], pixels[:, -8:] = (10, 20, 30), (210, 220, 230)
    weight = np.zeros((64, 200), np.float32)
    weight[:, :8] = weight[:, -8:] = 1
    filled = fill_unknown(pixels, weight)
    np.testing.assert_allclose(filled[:, :8], pixels[:, :8], atol=1e-3)
    np.testing.assert_allclose(filled[:, -8:], pixels[:, -8:], atol=1e-3)
    middle = filled[32, :, 0]
    assert middle.min() >= 9.99
    assert middle.max() <= 210.01
    assert middle[40] < 90 < 130 < middle[160]


def test_fill_without_any_knowledge_is_the_mean() -> None:
    pixels = noise((9, 7)).astype(np.float32)
    np.testing.assert_allclose(fill_unknown(pixels, np.zeros((9, 7), np.float32))[4, 3], pixels.mean((0, 1)), rtol=1e-4)


def test_person_box_is_tight_and_whole_where_nobody_is() -> None:
    rgba = np.zeros((10, 12, 4), np.uint8)
    assert rgba[person_box(rgba)].shape == (10, 12, 4)
    rgba[3:5, 2:9, 3] = 1
    assert person_box(rgba) == (slice(3, 5), slice(2, 9))


ALMOST_ONE, ALMOST_ZERO = np.float32(0.9999999), np.float32(6e-39)
"""What sigmoids of some runtimes give for the surest pixels."""


@pytest.mark.parametrize("soft", [0.0, 9.0])
def test_surest_pixels_need_no_exact_numbers(soft: float) -> None:
    size = (64, 96)
    frame, alpha = noise(size), disc(size, 0.4, soft)
    near = np.where(alpha == 1, ALMOST_ONE, np.where(alpha == 0, ALMOST_ZERO, alpha)).astype(np.float32)
    assert (near != alpha).mean() > 0.7
    for effect, same in zip(every_effect(), every_effect(), strict=True):
        expected, found = effect(frame, Matte(alpha)), same(frame, Matte(near))
        off = np.abs(expected.astype(int) - found)
        assert off.max() <= 1, effect.name
        assert (off > 0).mean() < 0.001, effect.name
