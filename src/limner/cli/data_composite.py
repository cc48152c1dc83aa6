"""`limner data composite`: people before photos without people, as a set of a data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli.interruption import keeping
from limner.cli.progress import Meter
from limner.errors import OptionError
from limner.places import check_folder

_SHOWN = 5
_KEPT = "composites that are in {out} are kept; the same command goes on"


def composite(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Data folder with people.", show_default=False)],
    out: Annotated[Path, typer.Option("--output", "-o", help="Data folder to write to; other sets in it stay.")],
    count: Annotated[int, typer.Option(min=1, help="Composites in all; a larger number adds to those there.")] = 1000,
    backgrounds: Annotated[
        Path | None,
        typer.Option(help="Data folder with photos of the kind none, or folder of photos of nobody. [DIR]"),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the set.")] = "composites",
    sets: Annotated[list[str] | None, typer.Option("--sets", help="Only people of this set; may be repeated.")] = None,
    background_sets: Annotated[
        list[str] | None, typer.Option(help="Only backgrounds of this set; may be repeated.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Only people of this split: train, val or test.")] = None,
    longest: Annotated[int, typer.Option(help="Longer side of a composite at most, in pixels.")] = 512,
    aspect: Annotated[
        list[str] | None,
        typer.Option(metavar="W:H", help="Width to height; may be repeated. [16:9 4:3 1:1 3:4 9:16]"),
    ] = None,
    several: Annotated[float, typer.Option(help="Chance of more than one person.")] = 0.25,
    most: Annotated[int, typer.Option(help="People at most.")] = 3,
    things: Annotated[float, typer.Option(help="Chance of a thing in front of somebody.")] = 0.25,
    thing_files: Annotated[
        Path | None,
        typer.Option(help="Folder of pictures with transparency, of such things. [they are drawn]"),
    ] = None,
    chair: Annotated[float, typer.Option(help="Chance of a chair's back behind somebody.")] = 0.08,
    shadow: Annotated[float, typer.Option(help="Chance of soft shadows.")] = 0.5,
    light: Annotated[float, typer.Option(help="Chance that a person takes on the background's light.")] = 0.9,
    camera: Annotated[
        float, typer.Option(help="Chance of each step of the camera: exposure, lens, sensor, denoising, file.")
    ] = 0.5,
    format_: Annotated[str, typer.Option("--format", help="Of photos: jpg (quality 95), png or webp (lossless).")] = (
        "jpg"
    ),
    seed: Annotated[int, typer.Option(min=0, help="Another number draws others.")] = 0,
    processes: Annotated[int | None, typer.Option(help="Processes that work. [one for each core]")] = None,
) -> None:
    """Put people before photos of nobody, with matched light, shadows, other people and things, seen by a camera.

    Masks are exact and soft. A composite is of the split of its people. Exit code 1: some could not be made, and are
    listed with the reason in failures.jsonl of the set.
    """
    from limner.datasets.compositing.making import Request, make
    from limner.datasets.compositing.options import CompositeOptions

    if split not in (None, "train", "val", "test"):
        raise OptionError(f"‹split›: must be train, val or test, not {split!r}")
    shape = {} if not aspect else {"aspects": tuple(_aspect(text) for text in aspect)}
    try:
        options = CompositeOptions(
            longest=longest, several=several, most=most, things=things, thing_files=thing_files, chair=chair,
            shadow=shadow, light=light, camera=camera, format=format_, seed=seed, **shape,  # type: ignore[arg-type]
        )  # fmt: skip
    except OptionError as error:
        raise error.renamed({"aspects": "aspect"}) from None
    check_folder(out, option="output")
    request = Request(
        people=folder, out=out, backgrounds=backgrounds, sets=tuple(sets) if sets else None,
        background_sets=tuple(background_sets) if background_sets else None, split=split,
        options=options, name=name,
    )  # fmt: skip
    with keeping(_KEPT.format(out=out / name)), Meter("composing", "composites") as meter:
        made = make(request, count, processes=processes, progress=meter.update)
    there = f", {made.before} of them were there" if made.before else ""
    typer.echo(f"{out / name}: {made.photos} composites{there}")
    if made.failures:
        for number, reason in made.failures[:_SHOWN]:
            typer.echo(f"limner: {number}: {reason}", err=True)
        typer.echo(f"limner: {len(made.failures)} composites could not be made: {made.failures_at}", err=True)
        raise typer.Exit(1)


def _aspect(text: str) -> float:
    wide, _, high = text.partition(":")
    try:
        return float(wide) / float(high)
    except (ValueError, ZeroDivisionError):
        raise OptionError(f"‹aspect› {text}: must be width:height, such as 4:3") from None
