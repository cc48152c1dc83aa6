"""`limner data filter`: the photos of a data folder through filters, as another one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli.data_crop import say_rewritten
from limner.cli.progress import Meter


def filter_(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Data folder.", show_default=False)],
    out: Annotated[Path, typer.Option("--output", "-o", help="Data folder to write; a new one.")],
    filters: Annotated[
        list[str],
        typer.Option(
            "--filter",
            "-f",
            metavar="NAME[:STRENGTH]",
            help="warm, cool, fade, grey, sepia, vivid, bright, dark, contrast, vignette, soft, grain, webcam or jpeg, "
            "with a strength of 0 to 1 [0.6]; may be repeated.",
        ),
    ],
    each: Annotated[
        bool, typer.Option("--each", help="Draw one of them for each photo, at 0.3 to 1 times its strength.")
    ] = False,
    sets: Annotated[list[str] | None, typer.Option("--sets", help="Only this set; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another number draws others.")] = 0,
    format_: Annotated[str, typer.Option("--format", help="Of photos: jpg (quality 95), png or webp (lossless).")] = (
        "jpg"
    ),
) -> None:
    """Put photos through color filters and the like, one after another; masks stay as they are.

    The column filters of the manifest says what each photo went through. Exit code 1: some photos were left out, and
    are listed with the reason in failures.jsonl.
    """
    from limner.datasets.faults.listed import Listed
    from limner.datasets.filtering import FilterOptions, filtered, parse_step, steps_for
    from limner.datasets.rewriting import Mask, Rgb, rewrite

    options = FilterOptions(steps=tuple(parse_step(text) for text in filters), each=each, seed=seed)

    def change(item: Listed, rgb: Rgb, mask: Mask | None) -> tuple[Rgb, Mask | None]:
        return filtered(item.photo, rgb, options), mask

    with Meter("filtering", "photos") as meter:
        done = rewrite(
            folder,
            out,
            change,
            sets=tuple(sets) if sets else None,
            format=format_,  # type: ignore[arg-type]
            noted=lambda item: {"filters": " ".join(map(str, steps_for(item.photo, options)))},
            progress=meter.update,
        )
    say_rewritten(done, out)
