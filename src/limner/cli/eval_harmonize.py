"""`limner eval` for models of the task harmonize."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from limner.cli.progress import Meter
from limner.errors import OptionError
from limner.kinds import is_checkpoint
from limner.models.card import HARMONIZE

if TYPE_CHECKING:
    from limner.evaluation.harmonization import Fitter


def is_for(models: Sequence[str]) -> bool:
    """Whether all of ``models`` are of the task harmonize; OptionError where only some are."""
    tasks = [_task(model) for model in models]
    if HARMONIZE in tasks and set(tasks) != {HARMONIZE}:
        other = models[next(i for i, task in enumerate(tasks) if task != HARMONIZE)]
        raise OptionError(f"{other}: is not for harmonization, as the others are; measure one kind at a time")
    return HARMONIZE in tasks


def run(models: Sequence[str], data: Path, *, limit: int | None, as_json: bool) -> None:
    """Print fMSE on the held-out pairs of ``data``: of doing nothing, of Reinhard's transfer, of each model.

    Args:
        limit: at most this many pairs.
    """
    from limner.datasets.manifest import PhotoFolder
    from limner.datasets.pairs import held_out_pairs
    from limner.evaluation.harmonization import NOTHING, REINHARD, score_fitters, usual_fitters

    fitters = usual_fitters() | {model: _fitter(model) for model in models}
    with Meter("fitting", "pairs", quiet=as_json) as meter:
        pairs = list(islice(held_out_pairs(PhotoFolder(data)), limit))
        if not pairs:
            raise OptionError(f"--data {data}: no photo of the split val has a person and a background of its own")
        scores = score_fitters(fitters, pairs, progress=lambda done: meter.update(done, len(pairs)))
    if as_json:
        typer.echo(json.dumps({name: asdict(score) for name, score in scores.items()}, indent=2))
        return
    bar = min(scores[NOTHING].fmse, scores[REINHARD].fmse)
    typer.echo(f"{len(pairs)} held-out pairs at 256 px; fMSE over the person's pixels, lower is better")
    typer.echo(
        f"{'':<22}{'fMSE':>8}{'median':>9}{'nearer':>9}{'ms':>7}{'below the better of nothing and reinhard':>43}"
    )
    for name, score in scores.items():
        below = "" if name in (NOTHING, REINHARD) else f"{100 * (1 - score.fmse / bar):.1f} %"
        typer.echo(
            f"{name:<22}{score.fmse:>8.1f}{score.median_fmse:>9.1f}{score.better:>8.0%} {score.milliseconds:>7.1f}"
            f"{below:>43}"
        )


def _task(model: str) -> str:
    from limner.models.catalogue import find_any

    return find_any(model, verify=False).card.task


def _fitter(model: str) -> Fitter:
    from limner.evaluation.harmonization import model_fitter, net_fitter

    if not is_checkpoint(model):
        return model_fitter(model)
    from limner.tasks.harmonization import load_harmonizer

    net, recipe, _ = load_harmonizer(Path(model))
    return net_fitter(net, recipe.input_size)
