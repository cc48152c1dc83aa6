"""Every effect by its name: any size and matte, the person untouched, wrong options named."""

from __future__ import annotations

import numpy as np
import pytest

from limner.effects import EFFECTS, Effect, make_effect
from limner.errors import LimnerError
from limner.matte import Matte
from pictures import disc, noise

SIZES = [(1, 1), (1, 4), (4, 1), (1, 9), (3, 2), (7, 301), (64, 64), (121, 77)]


CHAINS = [
    "smoothstep,color_transfer:1,light_wrap,replace:teal,stylize:warm",
    "seamless_clone:1,replace:teal,cutout",
    "color_transfer,frame_in_frame:teal",
    "bokeh,stylize:green@background,overlay",
    "smoothstep,mask",
]


def every_effect() -> list[Effect]:
    options = {
        "replace": [{"background": "teal"}],
        "overlay": [{}, {"outline": 2.0}],
        "blur": [{}, {"strength": 0.02}],
        "bokeh": [{}, {"strength": 0.05, "highlights": 1.0}, {"strength": 1.0}],
        "light_wrap": [{}, {"strength": 1.0, "width": 0.2}],
        "auto_frame": [{"framing": framing} for framing in ("close", "half", "full")],
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


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("blurr", {}, "effect 'blurr' is unknown; did you mean 'blur'? The effects are blur, bokeh"),
        ("blur", {"strenght": 1.0}, "effect blur has no option 'strenght'; did you mean 'strength'? it has strength"),
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
