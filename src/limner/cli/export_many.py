"""`limner export` to a folder: every target that is asked for, checked, in one table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from limner.errors import OptionError

_CALLED = {"output": "output_kind"}
"""Field of ``GraphOptions`` -> what the command calls it, whose --output is a path."""


def export_many(
    model: str,
    out: Path,
    *,
    to: str,
    precision: str | None,
    graph: Mapping[str, Any],
    recipe: Path | None,
    plan: Mapping[str, Any],
    as_json: bool,
) -> bool:
    """Make the files, print the table, and say whether all is well.

    Args:
        graph, plan: options of ``GraphOptions`` and ``Plan``; None is the default.

    Raises:
        OptionError: options that do not go together or cannot be used.
        LimnerError: the model or the data cannot be used.
    """
    from limner.cli.interruption import keeping
    from limner.cli.progress import Meter
    from limner.export.targets.base import ALL, PRECISIONS, TARGETS, chosen

    targets = chosen(to, tuple(TARGETS), option="--to")
    precisions = None if precision is None else chosen(precision, PRECISIONS, option="--precision")
    integers = [name for name in precisions or () if name.startswith("int8")]
    if precisions == PRECISIONS:
        precisions = (ALL,)
    elif integers and plan["data"] is None:
        raise OptionError(
            f"--precision {integers[0]}: needs real photos to calibrate on; name a data folder with --data"
        )
    if out.suffix and not out.is_dir():
        raise OptionError(f"--output {out}: several files go into a folder; name one (only .onnx is taken as one file)")
    if out.is_file():
        raise OptionError(f"--output {out}: is a file; name a folder")
    from limner.export.exporting import Plan, export_all
    from limner.export.source import load_source
    from limner.export.subjects import checkpoint_task
    from limner.export.table import print_table, to_json
    from limner.models.card import SEGMENT
    from limner.nets.deployed import GraphOptions

    try:
        options = GraphOptions(**_given(graph))
    except OptionError as error:
        raise error.renamed(_CALLED) from None
    if (task := checkpoint_task(model)) != SEGMENT:
        raise OptionError(f"{model}: a net of the task {task} becomes one .onnx file; name that with --output")
    source = load_source(model, recipe)
    wanted = Plan(targets=targets, precisions=precisions, options=options, **_given(plan))
    kept = f"files that are in {out} are whole; the same command makes all of them again"
    with keeping(kept), Meter("exporting", "files", quiet=as_json) as meter:
        report = export_all(
            source, out, wanted, progress=lambda done, total, note: meter.update(done, total, note=note)
        )
    if as_json:
        typer.echo(json.dumps(to_json(report), indent=2))
    else:
        told = f"{report.photos} val photos" if report.photos else f"{report.pictures} pictures of noise (no --data)"
        typer.echo(f"{out}: {report.summary}; compared with PyTorch on {told}, timed on one thread")
        print_table(report)
    lenient = targets == tuple(TARGETS)
    return all(row.good and (lenient or row.state != "not made here") for row in report.rows)


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
