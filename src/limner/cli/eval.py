"""`limner eval`: measure models or checkpoints on labelled photos."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limner.cli.progress import Meter
from limner.errors import OptionError
from limner.places import check_file, refuse_to_replace

if TYPE_CHECKING:
    from limner.evaluation.scorer import Grid


def command(
    models: Annotated[
        list[str] | None,
        typer.Argument(help="Model names, .onnx or .tflite files with a card, or .pt checkpoints. Default: fast."),
    ] = None,
    data: Annotated[Path, typer.Option(help="Data folder: a manifest.csv and a zip or folder for each set.")] = Path(
        "data"
    ),
    split: Annotated[str, typer.Option(help="val, train, test or all.")] = "val",
    sets: Annotated[list[str] | None, typer.Option("--sets", help="Only this set; may be repeated.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many photos of each set.")] = None,
    refine: Annotated[
        bool, typer.Option(help="Full-resolution edges as `limner image` makes them, instead of the bare net.")
    ] = False,
    all_metrics: Annotated[
        bool,
        typer.Option(
            "--all-metrics", help="Also boundary F, MSE, SAD, gradient and connectivity; three times as long."
        ),
    ] = False,
    clips: Annotated[
        int, typer.Option(min=0, help="Also make clips of this many photos, for flicker, dtSSD and MESSDdt.")
    ] = 0,
    report: Annotated[
        Path | None,
        typer.Option(help="Write an HTML report: tables, curves, worst cases. It contains photos of --data."),
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write a CSV with a line for each model and photo.")] = None,
    sheet: Annotated[Path | None, typer.Option(help="Write a picture of the worst cases of the first model.")] = None,
    worst: Annotated[int, typer.Option(min=1, help="How many worst cases the report and the picture show.")] = 16,
    json_: Annotated[bool, typer.Option("--json", help="Print results for programs.")] = False,
) -> None:
    """Measure models on labelled photos: IoU, mIoU, accuracy, Boundary IoU (2 % of the diagonal) and MAD, by set.

    Means over images, and the first three also accumulated over all pixels of a set ("acc."). The bare net is scored as
    papers do: squeezed to its input, the mask scaled back, cut at 0.5. Photos without people are scored by the share of
    the picture taken for a person. See docs/evaluation.md.

    Models that fit colours (harmonize) are scored on photos of the split val whose person was recoloured: fMSE, beside
    that of no change and of Reinhard's colour transfer; --limit counts pairs. See docs/harmonize.md.
    """
    from limner.evaluation.scorer import EvalOptions
    from limner.evaluation.scoring import scorer_of
    from limner.media.formats import format_for

    names = list(dict.fromkeys(models or ["fast"]))
    for option, path in (("report", report), ("csv", csv), ("sheet", sheet)):
        if path is not None:
            check_file(path, error=OptionError, option=option)
            refuse_to_replace([path], _read(names), folder=data, option=option)
    if sheet is not None:
        format_for(str(sheet), option="‹sheet›")
    options = EvalOptions(
        split=split, sets=tuple(sets) if sets else None, limit=limit, refine=refine, all_metrics=all_metrics,
        clips=clips, report=report, csv=csv, sheet=sheet, worst=worst,
    )  # fmt: skip
    scorer = scorer_of(names)
    scorer.check(options, names)

    @contextmanager
    def stage(title: str, unit: str) -> Iterator[Callable[[float, float], None]]:
        with Meter(title, unit, quiet=json_) as meter:
            yield meter.update

    scored = scorer.score(names, data, options, stage)
    if json_:
        typer.echo(json.dumps(scored.plain, indent=2))
    else:
        _print(scored.shown)


def _read(names: Sequence[str]) -> list[Path]:
    """Files that may be read for these models: their own and their cards."""
    from limner.models.files import export_card, stem_card

    return [file for path in map(Path, names) for file in (path, stem_card(path), export_card(path))]


def _print(shown: Sequence[Grid | str]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console.width = 200  # whole rows in files and pipes
    for item in shown:
        if isinstance(item, str):
            typer.echo(item)
            continue
        table = Table(*item.heads, box=None)
        for row in item.rows:
            table.add_row(*row)
        console.print(table)
