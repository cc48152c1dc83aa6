"""`limner data import`: a folder of photos becomes a set that `limner train` reads."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from limner.cli.progress import Meter

_SHOWN = 5
"""Photos that were left out and are told; all are in the list."""


def import_(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="Folder with images/ and masks/, photos alone, or another layout.", show_default=False
        ),
    ],
    out: Annotated[Path, typer.Option("--output", "-o", help="Data folder; created if missing.")] = Path("data"),
    name: Annotated[str | None, typer.Option(help="Name of the set. [the folder's]")] = None,
    layout: Annotated[
        str | None, typer.Option(help="How DIR is laid out, see docs/data.md. [what it looks like]", metavar="LAYOUT")
    ] = None,
    person: Annotated[
        list[str] | None,
        typer.Option(help="A label that is a person; may be repeated. [labels with a word like person or woman]"),
    ] = None,
    nobody: Annotated[
        bool, typer.Option("--nobody", help="Photos in which nobody is labelled become photos of nobody (kind none).")
    ] = False,
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

    DIR has one of the layouts folders, photos, rgba, coco, cvat, label-studio, datumaro, supervisely, voc, parsing,
    aisegment, p3m, eg1800, synthhuman and numpy (docs/data.md).

    A file sources.csv in DIR (columns file, source, rights) says where each photo is from. A folder that is
    already in the data folder, as data/NAME, is listed where it is.

    Exit code 1: some photos were left out, and are listed with the reason in failures.jsonl of the set.
    """
    from limner.datasets.importing import ImportOptions, import_photos

    name = folder.resolve().name if name is None else name
    options = ImportOptions(
        name=name,
        layout=layout,
        mask=mask,  # type: ignore[arg-type]
        person=tuple(person or ()),
        nobody=nobody,
        val=val,
        source=source,
        rights=rights,
    )
    with Meter("importing", "photos") as meter:
        done = import_photos(folder, out, options, progress=meter.update)
    counts = Counter((photo.split, photo.mask) for photo in done.photos)
    for (split, kind), count in sorted(counts.items()):
        typer.echo(f"{name:24} {split:6} {kind:10} {count:6}")
    for line in done.notices:
        typer.echo(line)
    if done.layout not in ("folders", "photos"):
        typer.echo(f"read as the layout {done.layout}; --layout names another one")
    if done.photos[0].mask == "unlabelled":
        typer.echo(f"masks are still to be made: limner data label {out} --teacher quality -o masks")
    else:
        typer.echo(f"a recipe draws from it with data: {{sets: {{{name}: 1.0}}}}")
    if done.failures:
        for file, reason in done.failures[:_SHOWN]:
            typer.echo(f"limner: {file}: {reason}", err=True)
        count = len(done.failures)
        typer.echo(f"limner: {count} of {count + len(done.photos)} photos were left out: {done.failures_at}", err=True)
        raise typer.Exit(1)
