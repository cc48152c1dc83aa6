"""Options shared by commands: spread over a signature as flags, and gathered again."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated

import pytest
import typer

from limner.assembly import EffectOptions, MatteOptions, PeopleOptions, SubjectOptions, TemporalOptions
from limner.cli.flags import told
from limner.cli.options import FLAGS, spread
from limner.effects import EFFECTS
from limner.errors import OptionError


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
    assert effect == EffectOptions(effect="overlay", settings={"opacity": 0.3})
    assert matte == MatteOptions(largest_only=True, threads=2, refine=False)


@pytest.mark.parametrize("kind", [MatteOptions, PeopleOptions, SubjectOptions, TemporalOptions])
def test_every_field_has_a_flag_and_every_flag_a_field(kind: type) -> None:
    assert sorted(FLAGS[kind]) == sorted(item.name for item in fields(kind))


def test_every_setting_of_an_effect_is_a_flag_and_help_names_every_effect() -> None:
    @spread
    def command(effect: EffectOptions) -> None: ...

    app = typer.Typer(add_completion=False)
    app.command()(command)
    click = typer.main.get_command(app)
    flags = {flag for parameter in click.params for flag in parameter.opts}
    settings = [setting for kind in EFFECTS.values() for setting in kind.settings]
    assert {f"--{setting.name.replace('_', '-')}" for setting in settings} < flags
    told_of = next(parameter.help for parameter in click.params if parameter.name == "effect")
    assert all(name in told_of for name in EFFECTS)


@dataclass(frozen=True, kw_only=True)
class Elsewhere(MatteOptions):
    device: Annotated[str, typer.Option("--run-on")] = "cpu"


def test_errors_name_the_flag_that_the_command_has() -> None:
    @spread
    def command(matte: Elsewhere) -> None:
        raise OptionError(f"‹device› {matte.device} and ‹threads› are too much")

    with pytest.raises(OptionError) as caught:
        command(**{item.name: item.default for item in fields(Elsewhere)})
    assert told(caught.value) == "--run-on cpu and --threads are too much"
