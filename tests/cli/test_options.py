"""Options shared by commands: spread over a signature as flags, and gathered again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
import typer

from limner.assembly import EffectOptions, MatteOptions, PeopleOptions, SubjectOptions, TemporalOptions
from limner.cli.app import main
from limner.cli.flags import told
from limner.cli.options import FLAGS, spread
from limner.effects import EFFECTS
from limner.errors import OptionError
from limner.media.images import read_image, write_image
from video_clips import make_clip


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


PARTS = ((20.0, 0.0, -20.0), (0.0, 20.0, -20.0), (0.0, 0.0, 20.0))  # red, green and blue as three classes


def hair_and_face() -> np.ndarray:
    """Red hair and a green face, apart from each other, in a blue room."""
    pixels = np.zeros((64, 96, 3), np.uint8)
    pixels[..., 2] = 255
    pixels[20:44, 20:44] = (255, 0, 0)
    pixels[20:44, 52:76] = (0, 255, 0)
    return pixels


@pytest.fixture
def parts(tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path]) -> Path:
    """A model of three classes, two of them parts of people."""
    path = make_onnx(tmp_path / "parts.onnx", weights=PARTS, end=None)
    output = {"output_kind": "logits", "output_person_class": None, "output_background_class": 2}
    make_card(path, name="parts", file="parts.onnx", output_labels=["hair", "face-skin", "background"], **output)
    return path


def limner(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return int(stop.value.code or 0)


@pytest.mark.parametrize(
    ("keep", "shown"), [(None, (255, 255)), ("hair", (255, 0)), ("Face", (0, 255)), ("face, hair", (255, 255))]
)
def test_parts_of_people_stay_in_photos(tmp_path: Path, parts: Path, keep: str | None, shown: tuple[int, int]) -> None:
    source, target = tmp_path / "two.png", tmp_path / "matte.png"
    write_image(source, hair_and_face())
    asked = [] if keep is None else ["--keep", keep]
    assert limner("image", source, "-o", target, "-e", "mask", "--model", parts, "--no-refine", *asked) == 0
    matte = read_image(target).pixels[..., 0]
    assert (matte[32, 32], matte[32, 64], matte[5, 5]) == (*shown, 0)


@pytest.mark.parametrize("command", ["image", "video"])
def test_a_part_that_nobody_knows_is_one_line(
    tmp_path: Path, parts: Path, command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / ("two.png" if command == "image" else "two.mp4")
    if command == "image":
        write_image(source, hair_and_face())
    else:
        make_clip(source)
    out = tmp_path / f"out{source.suffix}"
    assert limner(command, source, "-o", out, "--model", parts, "--keep", "hiar") == 2
    err = capfd.readouterr().err
    assert "--keep 'hiar' is no part that 'parts' knows; did you mean 'hair'? its parts: hair, face-skin" in err
    assert not out.exists()


def test_parts_need_a_net(parts: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert limner("video", "none.mp4", "-o", "o.mp4", "--keep", "hair", "--method", "subtraction") == 2
    assert "--keep takes parts that a model knows, and --method subtraction has none" in capfd.readouterr().err
    assert limner("image", "none.png", "-o", "o.png", "--model", parts, "--keep", "hair,") == 2
    assert "--keep 'hair,': say names of parts with commas between them" in capfd.readouterr().err
