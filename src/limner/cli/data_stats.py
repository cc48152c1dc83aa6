"""`limner data stats`: what the photos of a data folder are like, set by set."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limner.cli.progress import Meter

if TYPE_CHECKING:
    from limner.datasets.statistics import SetStatistics


def stats(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Data folder, or a folder that `limner data import` reads.")
    ] = Path("data"),
    json_: Annotated[bool, typer.Option("--json", help="Print the numbers for programs.")] = False,
) -> None:
    """Show what photos are like, set by set: sizes, where people are and how large, how soft masks are, contrast at
    their edges, light and colour. Each number is the median, with the 5th and the 95th percentile.

    Exit code 1: some photos could not be read.
    """
    from limner.datasets.faults.listed import list_photos
    from limner.datasets.statistics import LEVELS, QUANTITIES, statistics_of

    photos = list_photos(folder)
    with Meter("measuring", "photos", quiet=json_) as meter:
        found = statistics_of(photos, progress=meter.update)
    if json_:
        plain = {"percentiles": LEVELS, "quantities": QUANTITIES, "sets": [asdict(each) for each in found]}
        typer.echo(json.dumps(plain, indent=2, ensure_ascii=False))
    else:
        _print(found)
    if any(each.unreadable for each in found):
        raise typer.Exit(1)


def _print(found: list[SetStatistics]) -> None:
    from limner.datasets.statistics import QUANTITIES

    for each in found:
        counts = ", ".join(f"{count} {name}" for name, count in (*each.splits.items(), *each.masks.items()))
        typer.echo(f"{each.name or 'all together'}: {each.photos} photos ({counts})")
        if each.unreadable:
            typer.echo(f"  {each.unreadable} cannot be read")
        for name, (low, middle, high) in each.quantities.items():
            typer.echo(f"  {name:11} {middle:8.2f}  ({low:.2f} … {high:.2f})  {QUANTITIES[name]}")
        if "area" in each.quantities:
            left, top, right, bottom = (f"{share:.0%}" for share in each.cut)
            typer.echo(f"  cut at the left {left}, top {top}, right {right}, bottom {bottom}")
