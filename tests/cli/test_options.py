"""Options shared by commands: spread over a signature, gathered again, and each one of use to its effect."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated

import pytest
import typer

from limner.cli.options import EffectOptions, MatteOptions, build_effect, spread
from limner.effects import EFFECTS
from limner.errors import OptionError

SAMPLES = {
    "blur_strength": 0.2,
    "background": "red",
    "fit": "contain",
    "fill": "white",
    "color": "red",
    "tint": "red",
    "opacity": 0.1,
    "outline": 1.0,
}


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
            chosen = {"background": "red"} if name == "replace" else {}
            options = EffectOptions(**(chosen | {"effect": name, option: SAMPLES[option]}))
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
        options = EffectOptions(effect=name, **({"background": "red"} if name == "replace" else {}))
        assert build_effect(options).name == name
