"""Chains: each effect in its place whatever the order, what excludes what, and what they tell about themselves."""

from __future__ import annotations

import gc
import weakref
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest

from limner.effects import EFFECTS, Chain, Effect, make_effect
from limner.effects.base import Stage
from limner.effects.layers import Layers, PersonEffect
from limner.errors import OptionError
from limner.matte import Matte

RNG = np.random.default_rng(0)
FRAME = RNG.integers(0, 256, (48, 64, 3), dtype=np.uint8)
ALPHA = np.zeros((48, 64), np.float32)
ALPHA[16:, 16:48] = 1.0
ALPHA[16:20] *= 0.5


class Spy(PersonEffect):
    """Makes the person one colour, and remembers what it was given."""

    name = "spy"

    def __init__(self) -> None:
        self.seen: list[tuple[np.ndarray, np.ndarray]] = []
        self.times: list[Fraction] = []
        self.resets = 0

    def fit(self, person: np.ndarray, background: np.ndarray, matte: Matte) -> np.ndarray:
        self.seen.append((person.copy(), background.copy()))
        return np.full_like(person, 7)

    def at(self, time: Fraction) -> None:
        self.times.append(time)

    def reset(self) -> None:
        self.resets += 1


def test_the_order_of_the_names_does_not_matter() -> None:
    names = ["smoothstep", "light_wrap", "color_transfer", "replace:teal", "stylize:bw@background"]
    results = [make_effect(",".join(order))(FRAME, Matte(ALPHA)) for order in permutations(names)]
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])


def test_what_fits_the_person_is_given_the_new_background_after_its_look() -> None:
    spy = Spy()
    chain = Chain([spy, make_effect("stylize:bw@background"), make_effect("color:red")])
    result = chain(FRAME, Matte(ALPHA))
    (_, background), = spy.seen  # fmt: skip
    assert np.ptp(background.reshape(-1, 3), axis=0).max() == 0
    assert np.ptp(background[0, 0]) == 0
    np.testing.assert_array_equal(result[ALPHA == 0], background[ALPHA == 0])
    assert (result[ALPHA == 1] == 7).all()
    half = result[ALPHA == 0.5].astype(float)
    np.testing.assert_allclose(half, (7 + background[0, 0].astype(float)[None]) / 2 + 0 * half, atol=1)


def test_person_effects_see_each_others_work_and_the_last_one_wins() -> None:
    first, second = Spy(), Spy()
    Chain([first, second, make_effect("color:red")])(FRAME, Matte(ALPHA))
    assert (second.seen[0][0] == 7).all()
    assert not (first.seen[0][0] == 7).all()


def test_alone_a_person_effect_has_the_frame_for_a_background() -> None:
    spy = Spy()
    result = spy(FRAME, Matte(ALPHA))
    np.testing.assert_array_equal(spy.seen[0][1], FRAME)
    np.testing.assert_array_equal(result[ALPHA == 0], FRAME[ALPHA == 0])
    assert (result[ALPHA == 1] == 7).all()


def test_cutout_gives_the_person_as_the_chain_made_them() -> None:
    chain = Chain([make_effect("cutout"), Spy(), make_effect("color:red")])
    result = chain(FRAME, Matte(ALPHA))
    assert chain.has_alpha
    np.testing.assert_array_equal(result[..., 3], np.rint(ALPHA * 255).astype(np.uint8))
    assert (result[ALPHA > 0][:, :3] == 7).all()
    assert (result[ALPHA == 0] == 0).all()


def test_cutout_alone_in_a_look_has_no_background_in_it() -> None:
    result = make_effect("stylize:bw,cutout")(FRAME, Matte(ALPHA))
    alone = make_effect("cutout")(FRAME, Matte(ALPHA))
    np.testing.assert_array_equal(result[..., 3], alone[..., 3])
    assert np.ptp(result[ALPHA == 1][:, :3].astype(int), axis=1).max() == 0


def test_a_chain_of_one_is_that_effect() -> None:
    for spec in ("blur", "bokeh", "color:teal", "replace:teal", "cutout", "mask", "overlay", "stylize", "light_wrap"):
        effect = make_effect(spec)
        np.testing.assert_array_equal(Chain([effect])(FRAME, Matte(ALPHA)), effect(FRAME, Matte(ALPHA)), err_msg=spec)


def test_an_empty_chain_is_a_copy_and_an_effect_of_ones_own_changes_the_picture() -> None:
    result = Chain([])(FRAME, Matte(ALPHA))
    np.testing.assert_array_equal(result, FRAME)
    assert not np.shares_memory(result, FRAME)

    class Negative(Effect):
        name = "negative"

        def __call__(self, frame: np.ndarray, matte: Matte) -> np.ndarray:
            return 255 - frame

    plain = make_effect("color:teal")(FRAME, Matte(ALPHA))
    np.testing.assert_array_equal(Chain([Negative(), make_effect("color:teal")])(FRAME, Matte(ALPHA)), 255 - plain)


def test_times_and_resets_reach_every_link() -> None:
    spies = [Spy(), Spy()]
    chain = Chain([*spies, make_effect("color:red")])
    chain.at(Fraction(1, 3))
    chain.reset()
    assert [spy.times for spy in spies] == [[Fraction(1, 3)]] * 2
    assert [spy.resets for spy in spies] == [1, 1]


@pytest.mark.parametrize(
    ("spec", "keeps", "alpha", "moves", "matte"),
    [
        ("blur,light_wrap", True, False, False, False),
        ("replace:teal,light_wrap", False, False, False, False),
        ("smoothstep,cutout", False, True, False, False),
        ("smoothstep,mask", False, False, False, True),
        ("stylize:bw,frame_in_frame:teal", False, False, True, False),
        ("stylize:bw@person,light_wrap", True, False, False, False),
    ],
)
def test_what_a_chain_says_of_itself(spec: str, keeps: bool, alpha: bool, moves: bool, matte: bool) -> None:
    chain = make_effect(spec)
    assert (chain.keeps_background, chain.has_alpha) == (keeps, alpha)
    assert (chain.moves_pixels, chain.is_matte) == (moves, matte)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("cutout,harmonise", "effect 'harmonise' is unknown; did you mean 'harmonize'"),
        ("blur,sparkle", "effect 'sparkle' is unknown: say blur"),
        ("blur,replace:teal", "blur and replace each make the background: a chain has room for one of them"),
        ("color:red,color:teal", "effect color is named twice"),
        ("cutout,mask", "cutout and mask each say what the result is"),
        ("cutout,frame_in_frame:teal", "frame_in_frame and cutout each say what the result is"),
        ("mask,light_wrap", "mask shows the matte, to which light_wrap does nothing: leave one out"),
        ("cutout,replace:teal", "cutout shows nothing of the background that replace makes: leave one out"),
        ("light_wrap,light_wrap:1", "effect light_wrap is named twice: a chain has room for it once"),
        ("blur,", "a name is empty"),
        ("", "a name is empty"),
        ("blur:", "nothing follows blur:"),
        ("mask:3,smoothstep", "effect mask takes no value: leave ':3' out"),
        ("blur:soft", "blur strength 'soft' is no number"),
        ("smoothstep:0.4", "smoothstep '0.4' is not LOW-HIGH"),
        ("smoothstep:a-b", "smoothstep LOW 'a' is no number"),
        ("replace:gone.jpg,light_wrap", "gone.jpg: no such file"),
        ("stylize:moody", "look 'moody' is unknown"),
    ],
)
def test_what_cannot_be_is_one_clear_line(spec: str, says: str) -> None:
    with pytest.raises(OptionError) as caught:
        make_effect(spec)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_options_and_values_are_said_once() -> None:
    with pytest.raises(OptionError, match=r"effect blur:0.3 already says its strength: say it once"):
        make_effect("blur:0.3", strength=0.5)
    with pytest.raises(OptionError, match=r"options of a chain are written name:value, not strength="):
        make_effect("blur,light_wrap", strength=0.5)
    with pytest.raises(TypeError):
        make_effect("blur", power=3)
    effect = make_effect("replace:teal", fit="contain")
    assert effect(FRAME, Matte(ALPHA * 0)).shape == FRAME.shape


def test_the_input_is_not_written_to_by_any_pair_of_effects() -> None:
    values = {"replace": ":teal", "frame_in_frame": ":teal"}
    specs = [name + values.get(name, "") for name in EFFECTS]
    before, done = FRAME.copy(), 0
    for one, other in permutations(specs, 2):
        try:
            chain = make_effect(f"{one},{other}")
        except OptionError:
            continue
        first = chain(FRAME, Matte(ALPHA))
        np.testing.assert_array_equal(FRAME, before, err_msg=chain.name)
        assert not np.shares_memory(first, FRAME), chain.name
        chain.reset()
        np.testing.assert_array_equal(chain(FRAME, Matte(ALPHA)), first, err_msg=chain.name)
        done += 1
    assert done > 60


@pytest.mark.parametrize("spec", [*EFFECTS, "blur,stylize:bw@background,light_wrap"])
def test_a_frame_is_let_go_at_once(spec: str) -> None:
    effect = make_effect(spec + {"replace": ":teal", "frame_in_frame": ":teal"}.get(spec, ""))
    effect(FRAME, Matte(ALPHA))  # what an effect keeps for the next frame is its own
    frame, alpha = FRAME.copy(), ALPHA.copy()
    gone = weakref.ref(frame), weakref.ref(alpha)
    gc.disable()  # a cycle would keep a second of video alive
    try:
        effect(frame, Matte(alpha))
        del frame, alpha
        assert [ref() for ref in gone] == [None, None]
    finally:
        gc.enable()


def test_layers_compute_nothing_that_nobody_asks_for() -> None:
    def never(_: Layers) -> np.ndarray:
        raise AssertionError("nobody looks at this background")

    layers = Layers(FRAME, Matte(ALPHA), alone=True)
    layers.put_behind(never, fresh=True, clean=True)
    assert layers.picture.shape == FRAME.shape
    assert sorted(Stage) == list(Stage)
