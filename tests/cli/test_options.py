"""Options shared by commands: spread over a signature, gathered again, and each one of use to its effect."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated

import numpy as np
import pytest
import typer

from limner.cli.flags import told
from limner.cli.options import EffectOptions, MatteOptions, build_effect, spread
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
}
NEEDED = {"replace": {"background": "red"}, "frame_in_frame": {"presentation": "red"}}
BEFORE = {"smoothstep": "smoothstep,color", "seamless_clone": "color,seamless_clone"}


def run(*arguments: str) -> tuple[str, EffectOptions, MatteOptions, int]:
    taken: list[tuple[str, EffectOptions, MatteOptions, int]] = []

    @spread
    def command(
        clip: Annotated[str, typer.Argument()],
        effect: EffectOptions,
        matte: MatteOptions,
        count: Annotated[int, typer.Option("--count")] = 3,
    ) -> None:
        """Does it."""
        taken.append((clip, effect, matte, count))

    app = typer.Typer(add_completion=False)
    app.command()(command)
    app(args=list(arguments), standalone_mode=False)
    return taken[0]


def test_a_command_gets_its_options_gathered() -> None:
    assert run("x.mp4") == ("x.mp4", EffectOptions(), MatteOptions(), 3)
    clip, effect, matte, count = run("x", "-e", "overlay", "--opacity", "0.3", "--largest-only", "--threads", "2",
                                     "--no-refine", "--count", "5")  # fmt: skip
    assert (clip, count) == ("x", 5)
    assert effect == EffectOptions(effect="overlay", opacity=0.3)
    assert matte == MatteOptions(largest_only=True, threads=2, refine=False)


def test_every_option_belongs_to_an_effect_and_is_refused_by_the_others() -> None:
    given = {item.name: item.metadata["effects"] for item in fields(EffectOptions) if item.name != "effect"}
    assert set(given) == set(SAMPLES)
    for option, owners in given.items():
        for name in EFFECTS:
            if name in BEFORE:  # of no use alone
                continue
            options = EffectOptions(**(NEEDED.get(name, {}) | {"effect": name, option: SAMPLES[option]}))
            if name in owners:
                assert isinstance(build_effect(options), EFFECTS[name])
                continue
            with pytest.raises(OptionError, match=f"--{option.replace('_', '-')} belongs to the effect {owners[0]}"):
                build_effect(options)


def test_help_names_every_effect() -> None:
    from typing import get_type_hints

    hint = get_type_hints(EffectOptions, include_extras=True)["effect"]
    assert all(name in hint.__metadata__[0].help for name in EFFECTS)


def test_defaults_are_those_of_the_effects() -> None:
    for name in EFFECTS:
        spec = BEFORE.get(name, name)
        assert build_effect(EffectOptions(effect=spec, **NEEDED.get(name, {}))).name == spec


def test_options_reach_their_links_in_a_chain() -> None:
    options = EffectOptions(effect="light_wrap:0.9,bokeh", blur_strength=0.3, wrap_width=0.1, highlights=0.2)
    chain = build_effect(options)
    assert isinstance(chain, Chain)
    frame = np.random.default_rng(0).integers(0, 256, (80, 90, 3), dtype=np.uint8)
    matte = Matte(np.pad(np.ones((50, 40), np.float32), ((30, 0), (25, 25))))
    same = Chain([make_effect("bokeh", strength=0.3, highlights=0.2), make_effect("light_wrap:0.9", width=0.1)])
    np.testing.assert_array_equal(chain(frame, matte), same(frame, matte))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"effect": "light_wrap,blur", "color": "red"}, "--color belongs to the effect color, not to light_wrap,blur"),
        ({"effect": "replace:red", "background": "teal"}, "replace:red already says its background: say it once"),
        ({"effect": "replace,light_wrap"}, "replace needs --background"),
        ({"effect": "smoothstep"}, "--effect smoothstep changes nothing alone: name a background with it"),
        ({"effect": "smoothstep,seamless_clone"}, "such as smoothstep,seamless_clone,replace:beach.jpg"),
        ({"effect": "blur,sparkle", "color": "red"}, "effect 'sparkle' is unknown"),
        ({"effect": "blur,bokeh"}, "blur and bokeh each make the background"),
    ],
)
def test_what_makes_no_sense_together_is_said(given: dict, says: str) -> None:
    with pytest.raises(OptionError) as caught:
        build_effect(EffectOptions(**given))
    assert says in told(caught.value)
