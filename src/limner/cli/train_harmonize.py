"""`limner train` for recipes of the task harmonize."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from limner.cli.progress import Meter
from limner.errors import OptionError

if TYPE_CHECKING:
    from limner.nets.harmonizer import Harmonizer
    from limner.training.job import Progress


def run(
    raw: dict[str, Any],
    recipe: Path,
    *,
    data: Path,
    out: Path,
    cache: Path,
    init: str | None,
    minutes: float | None,
    device: str,
    validate: bool,
    board: bool,
) -> None:
    """Train the harmonizer; arguments as of ``limner.cli.train.command``, ``raw`` is the recipe as plain data."""
    from limner.datasets.photo_map import prepare
    from limner.training.harmonize import HarmonizeJob, train_harmonizer
    from limner.training.harmonize_recipe import harmonize_recipe

    if board:
        raise OptionError("--board: recipes of the task harmonize write log.csv only; leave the option out")
    plan = harmonize_recipe(raw, source=recipe)
    with Meter("decoding photos", "photos") as meter:
        prepare(data, cache, progress=meter.update)
    job = HarmonizeJob(plan, out, data, cache, init, minutes, device)
    with Meter("training", "pairs") as meter:
        outcome = train_harmonizer(
            job,
            started=lambda weights: meter.say("\n".join(weights.lines())),
            report=_teller(meter),
            score=_scorer(data) if validate else None,
        )
    if outcome.finished:
        checkpoint = outcome.checkpoint
        typer.echo(f"{checkpoint}: complete; next: limner export {checkpoint} -o {recipe.stem}.onnx")
    else:
        typer.echo(f"{outcome.checkpoint}: stopped at step {outcome.step} of {plan.steps}; the same command goes on")


def _teller(meter: Meter) -> Callable[[Progress], None]:
    def report(progress: Progress) -> None:
        note = f"{progress.size} px  loss {progress.loss:.4f}  lr {progress.lr:.5f}"
        meter.update(progress.samples, progress.samples / progress.step * progress.steps, note=note)
        if progress.validation:
            values = progress.validation.values
            fmse = "  ".join(f"{name} {value:.1f}" for name, value in values.items() if name != "score")
            meter.say(f"val: fMSE {fmse}  ({progress.validation.score:.1f} % below the better of the first two)")

    return report


def _scorer(data: Path) -> Callable[[Harmonizer, int], dict[str, float]] | None:
    """What scores the net on pairs of the val split; None where there is none."""
    from limner.datasets.manifest import PhotoFolder
    from limner.evaluation.harmonization import net_scores

    if not any(photo.split == "val" and photo.mask in ("hand", "auto") for photo in PhotoFolder(data).photos):
        return None
    return lambda net, size: net_scores(net, size, data)
