"""`limner data crop` and `limner data resize`: the photos of a data folder, made smaller, as another one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limner.cli.progress import Meter
from limner.errors import OptionError

if TYPE_CHECKING:
    from limner.datasets.rewriting import Rewritten

_DIR = Annotated[Path, typer.Argument(metavar="DIR", help="Data folder.", show_default=False)]
_OUT = Annotated[Path, typer.Option("--output", "-o", help="Data folder to write; a new one.")]
_SETS = Annotated[list[str] | None, typer.Option("--sets", help="Only this set; may be repeated.")]
_FORMAT = Annotated[str, typer.Option("--format", help="Of photos: jpg (quality 95), png or webp (lossless).")]
_SHOWN = 5


def crop(
    folder: _DIR,
    out: _OUT,
    sets: _SETS = None,
    heads: Annotated[float, typer.Option(help="Height of the crop, in heights of the head.")] = 3.0,
    above: Annotated[float, typer.Option(help="Room above the head, in heights of the head.")] = 0.5,
    aspect: Annotated[str, typer.Option(help="Width to height of the crop, such as 3:4.", metavar="W:H")] = "1:1",
    least: Annotated[int, typer.Option(min=1, help="Leave out crops with a side of fewer pixels.")] = 96,
    format_: _FORMAT = "jpg",
) -> None:
    """Cut head and shoulders out of photos of whole bodies, by the geometry of their masks.

    Photos without people are not taken. Exit code 1: some were left out, and are listed with the reason in
    failures.jsonl: no head can be told, or it is too small.
    """
    from limner.datasets.head_crop import CropOptions
    from limner.datasets.head_crop import crop as cut
    from limner.datasets.rewriting import fitted, rewrite

    options = CropOptions(heads=heads, above=above, aspect=_aspect(aspect), least=least)
    with Meter("cropping", "photos") as meter:
        done = rewrite(
            folder,
            out,
            lambda item, rgb, mask: cut(rgb, fitted(rgb, mask, nearest=item.has_void), options),  # type: ignore[arg-type]
            sets=tuple(sets) if sets else None,
            wanted=lambda item: item.photo.mask in ("hand", "auto", "exact", "composite"),
            format=format_,  # type: ignore[arg-type]
            progress=meter.update,
        )
    say_rewritten(done, out)


def resize(
    folder: _DIR,
    out: _OUT,
    longest: Annotated[int, typer.Option(min=16, help="Longer side of the photos, in pixels; none is enlarged.")] = 512,
    sets: _SETS = None,
    masks: Annotated[
        str, typer.Option(help="area: the mean of the pixels, soft edges; nearest: one of them, hard edges.")
    ] = "area",
    format_: _FORMAT = "jpg",
) -> None:
    """Shrink photos and masks to a longer side: photos by area, masks by area or the nearest pixel.

    Masks with undecided pixels are always shrunk by the nearest. Exit code 1: some photos were left out, and are listed
    with the reason in failures.jsonl.
    """
    from limner.datasets.faults.listed import Listed
    from limner.datasets.rewriting import Mask, Rgb, fitted, rewrite, shrunk

    if masks not in ("area", "nearest"):
        raise OptionError(f"‹masks›: must be area or nearest, not {masks!r}")

    def change(item: Listed, rgb: Rgb, mask: Mask | None) -> tuple[Rgb, Mask | None]:
        nearest = masks == "nearest" or item.has_void
        return shrunk(rgb, None if mask is None else fitted(rgb, mask, nearest=nearest), longest, nearest=nearest)

    with Meter("shrinking", "photos") as meter:
        chosen = tuple(sets) if sets else None
        done = rewrite(folder, out, change, sets=chosen, format=format_, progress=meter.update)  # type: ignore[arg-type]
    say_rewritten(done, out)


def _aspect(text: str) -> float:
    wide, _, high = text.partition(":")
    try:
        return float(wide) / float(high)
    except (ValueError, ZeroDivisionError):
        raise OptionError(f"‹aspect› {text}: must be width:height, such as 3:4") from None


def say_rewritten(done: Rewritten, out: Path) -> None:
    """What became of it; exit code 1 where photos were left out."""
    typer.echo(f"{out}: {done.photos} photos")
    if done.failures:
        for name, reason in done.failures[:_SHOWN]:
            typer.echo(f"limner: {name}: {reason}", err=True)
        count = len(done.failures)
        typer.echo(f"limner: {count} of {count + done.photos} photos were left out: {done.failures_at}", err=True)
        raise typer.Exit(1)
