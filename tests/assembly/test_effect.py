"""Effects as plain options: each setting of use to its effect, refused by the others, and pickled as it is."""

from __future__ import annotations

import inspect
import pickle

import numpy as np
import pytest

from limner.assembly import EffectOptions, build_effect
from limner.assembly.effect import setting_owners
from limner.cli.flags import told
from limner.effects import EFFECTS, Chain, make_effect
from limner.errors import OptionError
from limner.matte import Matte

SAMPLES = {
    "blur_strength": 0.2,
    "background": "red",
    "fit": "contain",
    "fill": "white",
    "color": "red",
    "tint": "red",
    "opacity": 0.1,
    "outline": 1.0,
    "highlights": 0.3,
    "presentation": "red",
    "inset_shape": "circle",
    "inset_position": "top-left",
    "inset_size": 0.3,
    "inset_margin": 0.1,
    "wrap_width": 0.1,
    "framing": "close",
    "most_zoom": 1.5,
    "framing_speed": 0.5,
}
NEEDED = {"replace": {"background": "red"}, "frame_in_frame": {"presentation": "red"}}
BEFORE = {"smoothstep": "smoothstep,color", "seamless_clone": "color,seamless_clone"}


NAMES = dict.fromkeys(setting.name for kind in EFFECTS.values() for setting in kind.settings)


def options(effect: str, **settings: object) -> EffectOptions:
    return EffectOptions(effect=effect, settings=settings)


def test_every_setting_belongs_to_an_effect_and_is_refused_by_the_others() -> None:
    assert set(NAMES) == set(SAMPLES)
    for setting in NAMES:
        owners = setting_owners(setting)
        for name in EFFECTS:
            if name in BEFORE:  # of no use alone
                continue
            given = options(name, **(NEEDED.get(name, {}) | {setting: SAMPLES[setting]}))
            if name in owners:
                assert isinstance(build_effect(given), EFFECTS[name])
                continue
            with pytest.raises(OptionError, match=f"^{setting} belongs to the effect {owners[0]}"):
                build_effect(given)


@pytest.mark.parametrize("name", EFFECTS)
def test_a_setting_is_a_parameter_of_its_effect(name: str) -> None:
    parameters = inspect.signature(EFFECTS[name].__init__).parameters
    assert [setting.name for setting in EFFECTS[name].settings if setting.parameter not in parameters] == []


def test_effects_that_share_a_setting_read_it_alike() -> None:
    for name in NAMES:
        kinds = {setting.kind for kind in EFFECTS.values() for setting in kind.settings if setting.name == name}
        assert len(kinds) == 1


def test_defaults_are_those_of_the_effects() -> None:
    for name in EFFECTS:
        spec = BEFORE.get(name, name)
        assert build_effect(options(spec, **NEEDED.get(name, {}))).name == spec


def test_options_are_plain_values() -> None:
    given = options("overlay", tint="red", opacity=0.2)
    again = pickle.loads(pickle.dumps(given))
    assert again == given
    assert build_effect(again).name == "overlay"


def test_settings_reach_their_links_in_a_chain() -> None:
    chain = build_effect(options("light_wrap:0.9,bokeh", blur_strength=0.3, wrap_width=0.1, highlights=0.2))
    assert isinstance(chain, Chain)
    frame = np.random.default_rng(0).integers(0, 256, (80, 90, 3), dtype=np.uint8)
    matte = Matte(np.pad(np.ones((50, 40), np.float32), ((30, 0), (25, 25))))
    same = Chain([make_effect("bokeh", strength=0.3, highlights=0.2), make_effect("light_wrap:0.9", width=0.1)])
    np.testing.assert_array_equal(chain(frame, matte), same(frame, matte))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"effect": "light_wrap,blur", "settings": {"color": "red"}},
            "--color belongs to the effect color, not to light_wrap,blur",
        ),
        (
            {"effect": "replace:red", "settings": {"background": "teal"}},
            "replace:red already says its background: say it once",
        ),
        ({"settings": {"sparkles": 3}}, "--sparkles belongs to no effect: leave it out"),
        ({"settings": {"backgroud": "red"}}, "--backgroud belongs to no effect; did you mean 'background'?"),
        ({"effect": "replace,light_wrap"}, "replace needs --background"),
        ({"effect": "smoothstep"}, "--effect smoothstep changes nothing alone: name a background with it"),
        ({"effect": "smoothstep,seamless_clone"}, "such as smoothstep,seamless_clone,replace:beach.jpg"),
        ({"effect": "blur,sparkle", "settings": {"color": "red"}}, "effect 'sparkle' is unknown"),
        ({"effect": "blur,bokeh"}, "blur and bokeh each make the background"),
    ],
)
def test_what_makes_no_sense_together_is_said(given: dict, says: str) -> None:
    with pytest.raises(OptionError) as caught:
        build_effect(EffectOptions(**given))
    assert says in told(caught.value)
