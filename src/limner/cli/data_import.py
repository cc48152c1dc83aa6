"""`limner data import`: a folder of photos becomes a set that `limner train` reads."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from limner.cli.progress import Meter


def import_(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder with images/ and masks/, or photos alone.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--output", "-o", help="Data folder; created if missing.")] = Path("data"),
    name: Annotated[str | None, typer.Option(help="Name of the set. [the folder's]")] = None,
    mask: Annotated[
        str | None,
        typer.Option(
            help="Who drew the masks: hand, auto (another net) or exact (alpha of RGBA files); none if nobody is in "
            "the photos; unlabelled if there are no masks yet. [hand with masks/, else unlabelled]"
        ),
    ] = None,
    val: Annotated[float, typer.Option(help="Share of the photos kept for validation.")] = 0.1,
    source: Annotated[str, typer.Option(help="Where the photos are from, for those not in sources.csv.")] = "",
    rights: Annotated[str, typer.Option(help="What may be done with them, for those not in sources.csv.")] = "",
) -> None:
    """Copy a folder of photos and masks into a data folder and list them in its manifest.

    A file sources.csv in DIR (columns file, source, rights) says where each photo is from. A folder that is
    already in the data folder, as data/NAME, is listed where it is.
    """
    from limner.datasets.importing import ImportOptions, import_photos

    name = folder.resolve().name if name is None else name
    options = ImportOptions(name=name, mask=mask, val=val, source=source, rights=rights)  # type: ignore[arg-type]
    with Meter("importing", "photos") as meter:
        done = import_photos(folder, out, options, progress=meter.update)
    counts = Counter((photo.split, photo.mask) for photo in done.photos)
    for (split, kind), count in sorted(counts.items()):
        typer.echo(f"{name:24} {split:6} {kind:10} {count:6}")
    for line in done.notices:
        typer.echo(line)
    if done.photos[0].mask == "unlabelled":
        typer.echo(f"masks are still to be made: limner data relabel --data {out} --teacher quality -o masks")
    else:
        typer.echo(f"a recipe draws from it with data: {{sets: {{{name}: 1.0}}}}")
