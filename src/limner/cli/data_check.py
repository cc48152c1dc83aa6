"""`limner data check`: faults of labelled photos, told, shown and, where that is safe, mended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limner.cli.interruption import keeping
from limner.cli.progress import Meter
from limner.errors import DataError, OptionError
from limner.places import check_file, refuse_to_replace

if TYPE_CHECKING:
    from limner.datasets.faults.checking import Checked
    from limner.datasets.faults.kinds import Fault
    from limner.datasets.faults.mending import Mended


def check(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Data folder, or a folder that `limner data import` reads.")
    ] = Path("data"),
    model: Annotated[
        str | None, typer.Option(help="Compare the masks with this net: a model's name, a file or a checkpoint.")
    ] = None,
    agree: Annotated[float, typer.Option(help="With --model: IoU with the net below which a mask is told.")] = 0.8,
    report: Annotated[
        Path | None, typer.Option(help="Write an HTML report with pictures. It contains photos of DIR.")
    ] = None,
    listed: Annotated[
        Path | None,
        typer.Option("--list", help="Write a CSV of photos with errors and doubts, for `limner data review --list`."),
    ] = None,
    worst: Annotated[int, typer.Option(min=1, help="How many photos of each kind of fault the report shows.")] = 24,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what is safe; what was there before is kept in DIR/before-fix.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print all faults for programs.")] = False,
) -> None:
    """Look for faults in labelled photos: unreadable files, wrong sizes, inverted, empty and full masks, holes, soft
    masks among hard ones, duplicates (across splits above all), heads cut off, and masks that a net disagrees with.

    Exit code 1: there are errors, which spoil training or scores. What is doubtful or only worth a note does not count.
    """
    from limner.datasets.faults.checking import check as look
    from limner.datasets.faults.listed import list_photos
    from limner.datasets.faults.mending import mend
    from limner.datasets.manifest_rows import MANIFEST

    if not 0 <= agree <= 1:
        raise OptionError(f"‹agree›: must lie in [0, 1], not {agree}")
    if report is not None:
        check_file(report, error=OptionError, option="report")
        refuse_to_replace([report], [], folder=folder, option="report")
    if listed is not None:
        check_file(listed, error=OptionError, option="list")
        refuse_to_replace([listed], [], folder=folder, option="list")
        if not (folder / MANIFEST).is_file() and folder.is_dir():
            raise DataError(f"{folder}: ‹list› needs a data folder, which has a {MANIFEST}; import it first")
    if fix and not (folder / MANIFEST).is_file() and folder.is_dir():
        raise DataError(f"{folder}: ‹fix› needs a data folder, which has a {MANIFEST}; import it first")
    photos = list_photos(folder)
    net = None
    if model is not None:
        from limner.evaluation.contenders import contender

        net = contender(model).matte
    with Meter("checking", "photos", quiet=json_) as meter:
        checked = look(photos, net=net, agree=agree, progress=meter.update)
    if report is not None:
        from limner.evaluation.report.faults import write_faults

        write_faults(report, checked, photos, name=folder.resolve().name, worst=worst, net=net)
    mended = None
    if fix:
        with keeping(f"what was mended so far stays; {folder / 'before-fix'} has what was there before"):
            mended = mend(folder, checked.faults)
    left = [fault for fault in checked.faults if mended is None or fault not in mended.faults]
    if listed is not None:
        from limner.datasets.faults.doubts import write_doubts

        write_doubts(listed, left)
    if json_:
        typer.echo(json.dumps(_plain(checked, mended), indent=2, ensure_ascii=False))
    else:
        _say(checked, mended, report)
    if _errors(left):
        raise typer.Exit(1)


def _errors(faults: list[Fault]) -> int:
    from limner.datasets.faults.kinds import KINDS

    return sum(KINDS[fault.kind].weight == "error" for fault in faults)


def _say(checked: Checked, mended: Mended | None, report: Path | None) -> None:
    from limner.datasets.faults.kinds import KINDS

    for kind, count in checked.counts.items():
        worst = next(fault for fault in checked.faults if fault.kind == kind)
        typer.echo(f"{KINDS[kind].weight:5}  {KINDS[kind].title:32} {count:6}  {worst.name}: {worst.detail}")
    errors = _errors(checked.faults)
    safe = sum(fault.mendable for fault in checked.faults)
    typer.echo(
        f"{checked.photos} photos, {errors} error{'' if errors == 1 else 's'}"
        + (f"; --fix mends {safe} faults" if safe and not mended else "")
    )
    if mended is not None:
        done = f"{len(mended.faults)} faults mended: {mended.masks} masks changed, {mended.out} photos taken out"
        typer.echo(done + ("; before-fix has what was there before" if mended.faults else ""))
        for notice in mended.notices:
            typer.echo(notice)
    if report is not None:
        typer.echo(str(report))


def _plain(checked: Checked, mended: Mended | None) -> dict[str, object]:
    from limner.datasets.faults.kinds import KINDS

    done = mended.faults if mended is not None else []
    return {
        "photos": checked.photos,
        "errors": _errors(checked.faults),
        "counts": checked.counts,
        "faults": [
            {
                "kind": fault.kind,
                "weight": KINDS[fault.kind].weight,
                "photo": fault.name,
                "detail": fault.detail,
                "others": ["/".join(other) for other in fault.others],
                "score": round(fault.score, 4),
                "mendable": fault.mendable,
                "mended": fault in done,
            }
            for fault in checked.faults
        ],
    }
