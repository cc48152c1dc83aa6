"""`limner data remask`: pictures whose alpha, brightness or colour is a mask become masks of 0 and 255."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli.progress import Meter
from limner.colors import parse_color

_SHOWN = 5


def remask(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of pictures.", show_default=False)],
    out: Annotated[Path, typer.Option("--output", "-o", help="Folder to write; a new one.")],
    color: Annotated[
        list[str] | None,
        typer.Option(help="Color of people, such as #ff0000; may be repeated. [their alpha or brightness]"),
    ] = None,
    tolerance: Annotated[int, typer.Option(min=0, max=255, help="With --color: difference of a channel.")] = 0,
    threshold: Annotated[float, typer.Option(help="Share of the full alpha or brightness that is person.")] = 0.5,
    invert: Annotated[bool, typer.Option("--invert", help="The others are people.")] = False,
) -> None:
    """Make masks of 0 and 255 from pictures with transparency, grey values or colored regions, with the same names.

    Exit code 1: some pictures could not be read.
    """
    from limner.datasets.remasking import RemaskOptions
    from limner.datasets.remasking import remask as make

    colours = tuple(parse_color(text, option="‹color›") for text in color or ())
    options = RemaskOptions(colours=colours, tolerance=tolerance, threshold=threshold, invert=invert)
    with Meter("remasking", "pictures") as meter:
        done = make(folder, out, options, progress=meter.update)
    typer.echo(f"{out}: {done.masks} masks" + (f", {done.empty} of them empty" if done.empty else ""))
    if done.failures:
        for name, reason in done.failures[:_SHOWN]:
            typer.echo(f"limner: {name}: {reason}", err=True)
        typer.echo(f"limner: {len(done.failures)} pictures could not be read", err=True)
        raise typer.Exit(1)
