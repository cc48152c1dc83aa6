"""`limner data`: import, check and prepare training photos, and look at what the augmentation makes of them."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from limner.cli.data_check import check
from limner.cli.data_composite import composite
from limner.cli.data_crop import crop, resize
from limner.cli.data_filter import filter_
from limner.cli.data_import import import_
from limner.cli.data_label import label
from limner.cli.data_remask import remask
from limner.cli.data_review import review
from limner.cli.data_split import split
from limner.cli.data_stats import stats
from limner.cli.data_video import video
from limner.cli.interruption import keeping
from limner.cli.progress import Meter
from limner.errors import MissingExtraError
from limner.places import check_file, refuse_to_replace

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Import, check and prepare training photos; draw them as the augmentation changes them.",
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command(name="import", short_help="List a folder of photos and masks in a data folder.")(import_)
app.command(short_help="Look for faults in labelled photos, and mend what is safe.")(check)
app.command(short_help="Show what photos are like: sizes, people, masks, light.")(stats)
app.command(short_help="Choose photos for validation and test, never leaking.")(split)
app.command(short_help="Cut head and shoulders out of photos of whole bodies.")(crop)
app.command(short_help="Shrink photos and masks.")(resize)
app.command(name="filter", short_help="Put photos through warm, cool and other filters.")(filter_)
app.command(short_help="Put people before photos of nobody, with exact masks.")(composite)
app.command(short_help="Make clips of moving people, with exact masks.")(video)
app.command(short_help="Make masks of 0 and 255 from alpha, brightness or colour.")(remask)
app.command(short_help="Draw masks with nets, and keep, reject or ask about each.")(label)
app.command(short_help="Accept, reject and repair masks on a local page.")(review)
app.command(name="relabel", short_help="The same as label, under its older name.", hidden=True)(label)

_DATA = Annotated[Path, typer.Option(help="Data folder: a manifest.csv and a zip or folder for each set.")]
_DECODED = "photos that were decoded are kept; the same command goes on"
_CACHE = Annotated[Path, typer.Option(help="Where decoded photos are kept.")]


@app.command(short_help="Decode all new photos once, as training does by itself.")
def prepare(
    data: _DATA = Path("data"),
    cache: _CACHE = Path("cache"),
    masks: Annotated[
        Path | None, typer.Option(help="Folder of `limner data label`, whose masks replace the data folder's.")
    ] = None,
    clean: Annotated[
        bool,
        typer.Option("--clean", help="Then delete what these photos do not use and what older versions left."),
    ] = False,
) -> None:
    """Decode all new photos into memory maps, once; `limner train` does this automatically."""
    from limner.datasets import photo_map

    with keeping(_DECODED), Meter("decoding photos", "photos") as meter:
        photos = photo_map.prepare(data, cache, masks=masks, progress=meter.update)
    counts = Counter((e.photo.set, e.photo.split, e.photo.mask) for e in photos.entries)
    for (name, part, mask), count in sorted(counts.items()):
        typer.echo(f"{name:24} {part:6} {mask:5} {count:6}")
    if clean:
        typer.echo(f"{cache}: freed {photo_map.clean(data, cache, masks=masks) / 1e6:.0f} MB")
    elif (told := photo_map.outdated(cache)) is not None:
        typer.echo(told)


@app.command(short_help="Pack a decoded data folder into one file for training.")
def pack(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Data folder.", show_default=False)],
    out: Annotated[Path, typer.Option("--output", "-o", help="File to write, which ends in .pack.")],
    cache: _CACHE = Path("cache"),
    masks: Annotated[Path | None, typer.Option(help="Folder of `limner data label`, whose masks are packed.")] = None,
    longest: Annotated[int, typer.Option(help="Longer side of photos at most, in pixels.")] = 512,
) -> None:
    """Pack a data folder into one file: decoded photos, masks, the manifest and a fingerprint of all that.

    Everything that takes --data takes the file. The same command writes it anew only where something changed.
    """
    from limner.datasets.packing import pack as make

    with keeping(_DECODED), Meter("decoding photos", "photos") as meter:
        made = make(folder, out, cache, masks=masks, longest_side=longest, progress=meter.update)
    told = "" if made.fresh else ", as it was: nothing has changed"
    typer.echo(f"{out}: {made.photos} photos, {made.bytes / 1e6:.0f} MB{told}")


@app.command(short_help="Draw training samples of a recipe, beside their targets.")
def sheet(
    recipe: Annotated[Path, typer.Argument(help="Recipe to draw samples of.")],
    out: Annotated[Path, typer.Option("--output", "-o", help="Picture file to write.")] = Path("augmentation.png"),
    data: _DATA = Path("data"),
    cache: _CACHE = Path("cache"),
    size: Annotated[int, typer.Option(min=32, max=512, help="Side of each sample, a square, in pixels.")] = 160,
    count: Annotated[int, typer.Option(min=1, max=400, help="How many samples.")] = 48,
) -> None:
    """Draw training samples of a recipe: picture beside target, void and weak edges shaded red.

    Previous masks (blue), twins and earlier frames follow where the recipe asks for them.
    """
    try:
        import pydantic  # noqa: F401
        import yaml  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("limner data sheet", str(error.name), "train") from None
    from limner.datasets.photo_map import prepare as make
    from limner.datasets.sampler import Sampler, check_photos
    from limner.datasets.sheet import draw_sheet
    from limner.media.formats import format_for
    from limner.media.images import write_image
    from limner.tasks.recipes.recipe import load_recipe

    format_for(str(out), option="‹output›")
    check_file(out, option="output")
    refuse_to_replace([out], [recipe], folder=data)
    plan = load_recipe(recipe)
    with keeping(_DECODED):
        with Meter("decoding photos", "photos") as meter:
            check = partial(check_photos, mix=plan.data)
            photos = make(data, cache, masks=plan.masks, progress=meter.update, check=check)
        write_image(out, draw_sheet(Sampler(photos, plan.data, seed=plan.seed), count=count, size=size))
    typer.echo(str(out))
