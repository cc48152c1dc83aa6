"""`limner data split`: which photos are for validation and test, whole groups at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli.progress import Meter


def split(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Data folder.")] = Path("data"),
    by: Annotated[
        str, typer.Option(help="Column of the manifest: photos with the same text in it stay together.")
    ] = "group",
    val: Annotated[float, typer.Option(help="Share of the photos for validation.")] = 0.1,
    test: Annotated[float, typer.Option(help="Share of the photos for the test.")] = 0.0,
    sets: Annotated[
        list[str] | None, typer.Option("--sets", help="Only this set; may be repeated. The others keep their splits.")
    ] = None,
    twins: Annotated[
        bool, typer.Option("--twins/--no-twins", help="Near duplicates stay together, too; every photo is decoded.")
    ] = True,
    seed: Annotated[int, typer.Option(min=0, help="Another number chooses other groups.")] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would come out.")] = False,
) -> None:
    """Split the photos of a data folder into train, val and test: by source, by person or by any column.

    Photos of one group, and nearly the same photos, are never in two splits. The same seed and photos give the same
    splits. Only the column split of manifest.csv changes.
    """
    from limner.datasets.splitting import SplitOptions
    from limner.datasets.splitting import split as divide

    options = SplitOptions(by=by, val=val, test=test, sets=tuple(sets) if sets else None, twins=twins, seed=seed)
    with Meter("comparing", "photos") as meter:
        done = divide(folder, options, dry=dry_run, progress=meter.update)
    for (name, place), count in done.counts.items():
        typer.echo(f"{name:24} {place:6} {count:6}")
    what = "would change" if dry_run else "changed"
    joined = f", {done.joined} of them joined to others by near duplicates" if done.joined else ""
    typer.echo(f"{done.groups} groups{joined}; the split of {done.moved} photos {what}")
    if done.unreadable:
        typer.echo(f"limner: {done.unreadable} photos cannot be read: limner data check {folder}", err=True)
        raise typer.Exit(1)
