"""`limner eval`: measure models or checkpoints on labelled photos."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from limner.cli import eval_harmonize
from limner.cli.progress import Meter
from limner.errors import OptionError

if TYPE_CHECKING:
    from limner.datasets.manifest import PhotoFolder
    from limner.datasets.photo import Photo
    from limner.evaluation.contenders import Contender
    from limner.evaluation.flicker import Flicker, Recovery
    from limner.evaluation.tables import Table


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
    from limner.datasets.manifest import PhotoFolder
    from limner.evaluation.contenders import contenders
    from limner.evaluation.evaluate import evaluate_all
    from limner.evaluation.tables import summary

    if split not in ("val", "train", "test", "all"):
        raise OptionError(f"--split: must be val, train, test or all, not {split!r}")
    for option, path in (("--report", report), ("--csv", csv), ("--sheet", sheet)):
        if path is not None and not path.parent.is_dir():
            raise OptionError(f"{option} {path}: the folder {path.parent} does not exist; make it first")
    names = list(dict.fromkeys(models or ["fast"]))
    if eval_harmonize.is_for(names):
        eval_harmonize.run(names, data, limit=limit, as_json=json_)
        return
    folder = PhotoFolder(data)
    photos = _choose(folder, split, sets, limit)
    makers = contenders(names, refine=refine)
    with Meter("scoring", "photos", quiet=json_) as meter:
        scores = evaluate_all(
            {maker.label: maker.matte for maker in makers},
            folder,
            photos,
            all_metrics=all_metrics,
            progress=lambda done: meter.update(done, len(photos)),
        )
    flicker, recovery = _play(makers, folder, photos, clips, quiet=json_)
    tables = {maker.label: summary(scores[maker.label]) for maker in makers}
    if sheet is not None:
        from limner.evaluation.sheet import sheet as draw
        from limner.evaluation.sheet import worst as pick
        from limner.media.images import write_image

        write_image(sheet, draw(pick(scores[makers[0].label], worst), folder, makers[0].matte))
    if csv is not None:
        from limner.evaluation.tables import write_csv

        write_csv(csv, scores)
    if report is not None:
        from datetime import UTC, datetime

        from limner.evaluation.report import Findings, write_report

        found = Findings(makers, folder, f"split {split}", scores, flicker, recovery)
        write_report(report, found, worst=worst, date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"))
    if json_:
        results = {
            name: _plain(tables[maker.label], flicker.get(maker.label), recovery.get(maker.label))
            for name, maker in zip(names, makers, strict=True)
        }
        typer.echo(json.dumps(results, indent=2))
    else:
        _print(tables, flicker, recovery)


def _choose(folder: PhotoFolder, split: str, sets: list[str] | None, limit: int | None) -> list[Photo]:
    wanted = None if split == "all" else split
    photos = list(folder.select(split=wanted, sets=tuple(sets) if sets else None))  # type: ignore[arg-type]
    seen: dict[str, int] = {}
    for photo in photos:
        seen[photo.set] = seen.get(photo.set, 0) + 1
    if limit is None:
        return photos
    by_set = {name: [photo for photo in photos if photo.set == name][:limit] for name in seen}
    return [photo for rows in by_set.values() for photo in rows]


def _play(
    makers: list[Contender], folder: PhotoFolder, photos: list[Photo], count: int, *, quiet: bool
) -> tuple[dict[str, Flicker], dict[str, list[Recovery]]]:
    """Flicker of all, and recovery from wrong priors of those that look at the matte before."""
    if not count:
        return {}, {}
    from limner.evaluation.clips import clip_photos, pictures
    from limner.evaluation.flicker import measure_flicker, measure_recovery

    chosen = clip_photos(photos, count)
    with Meter("playing clips", "photos", quiet=quiet) as meter:
        flicker = measure_flicker(
            {maker.label: maker.matte for maker in makers},
            pictures(folder, chosen),
            progress=lambda done: meter.update(done, len(chosen)),
        )
    temporal = [maker for maker in makers if maker.temporal]
    known = list(pictures(folder, chosen)) if temporal else []
    return flicker, {maker.label: measure_recovery(maker.matte, known) for maker in temporal}


def _plain(table: Table, flicker: Flicker | None, recovery: list[Recovery] | None) -> dict[str, Any]:
    from dataclasses import asdict

    plain: dict[str, Any] = dict(table)
    if flicker is not None:
        plain["clips"] = flicker.to_dict()
    if recovery is not None:
        plain["recovery"] = [asdict(row) for row in recovery]
    return plain


def _print(tables: Mapping[str, Table], flicker: Mapping[str, Flicker], recovery: Mapping[str, list[Recovery]]) -> None:
    from rich.console import Console
    from rich.table import Table as Grid

    from limner.evaluation.tables import COLUMNS, columns_of

    console = Console()
    if not console.is_terminal:
        console.width = 200  # whole rows in files and pipes

    def show(first: tuple[str, ...], rows: Sequence[tuple[tuple[str, ...], Mapping[str, float]]]) -> None:
        names = columns_of([row for _, row in rows])
        grid = Grid(*first, *(COLUMNS[name].head for name in names), box=None)
        for texts, row in rows:
            grid.add_row(*texts, *(COLUMNS[name].show(row[name]) if name in row else "" for name in names))
        console.print(grid)

    rows = [
        ((label, name, f"{row['photos']:.0f}"), row) for label, table in tables.items() for name, row in table.items()
    ]
    for without in (False, True):
        if part := [row for row in rows if ("false_area" in row[1]) is without]:
            show(("model", "set", "photos"), part)
    if flicker:
        show(("clips", "photos"), [((label, str(found.clips)), found.to_dict()) for label, found in flicker.items()])
    for label, cases in recovery.items():
        for case in cases:
            typer.echo(
                f"{label}, wrong prior {case.prior}: outgrown after {case.frames:.2f} frames, within three in "
                f"{case.in_time:.0f} % of the clips; {case.loss:.1f} points of IoU lost at first"
            )
