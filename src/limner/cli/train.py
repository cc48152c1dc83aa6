"""`limner train`: run a recipe, or go on with one that was stopped."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limner.cli.flags import a_time
from limner.cli.interruption import Interrupted, keeping
from limner.cli.progress import Meter
from limner.errors import MissingExtraError
from limner.places import check_folder

if TYPE_CHECKING:
    from limner.training.job import Outcome, Progress


def command(
    recipe: Annotated[Path, typer.Argument(help="Recipe: a YAML file, or the name of a shipped one, such as fast.")],
    data: Annotated[Path, typer.Option(help="Data folder: a manifest.csv and a zip or folder for each set.")] = Path(
        "data"
    ),
    out: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the run. [runs/ and the recipe's name]")
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(
            help="Start from these weights instead of the recipe's: imagenet, a shipped model's name, a .onnx, "
            ".safetensors or .pt file."
        ),
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Change a field of the recipe, e.g. optimizer.lr=3e-4.")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.01, callback=a_time, help="Stop after this long; the same command resumes from there."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    cache: Annotated[Path, typer.Option(help="Where decoded photos are kept.")] = Path("cache"),
    validate: Annotated[bool, typer.Option(help="Score the val split at the end (and as the recipe says).")] = True,
    board: Annotated[
        bool, typer.Option(help="Also write curves and pictures for TensorBoard into the run's folder board.")
    ] = False,
) -> None:
    """Train a net from a recipe.

    Run it again to resume from the run's checkpoint; a run that is complete only says so. Ctrl-C stops after the
    current step with a whole checkpoint. Several GPUs or machines: torchrun --nproc-per-node 4 -m limner train RECIPE …
    """
    try:
        import safetensors  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("limner train", str(error.name), "train") from None
    from limner.datasets.photo_map import outdated, prepare
    from limner.evaluation.scoring import scorer
    from limner.tasks import task_of
    from limner.tasks.recipes.reading import read_recipe
    from limner.training.job import Job
    from limner.training.loop import train
    from limner.training.parallel.distributed import Group

    run = out if out is not None else Path("runs") / recipe.stem
    group = Group.of_torchrun() or Group()
    raw = read_recipe(recipe, changes=set_ or [])
    task = task_of(raw, source=str(recipe))
    plan = task.read(raw, source=str(recipe))
    task.check(plan)
    if group.rank == 0:
        check_folder(run, option="output")
        if init is not None and (run / "last.pt").is_file():
            print(f"limner: --init is ignored, since the run goes on from {run / 'last.pt'}", file=sys.stderr)
    with keeping(lambda: None if group.rank else kept_of(run)):
        if group.local == 0:
            with Meter("decoding photos", "photos", quiet=group.rank > 0) as meter:
                check = partial(task.check_photos, plan)
                prepare(data, cache, masks=plan.masks, progress=meter.update, check=check)
                if (told := outdated(cache)) is not None:
                    meter.say(told)
        job = Job(plan, run, data, cache, init, minutes, device, board)
        with Meter("training", task.unit, quiet=group.rank > 0) as meter:
            outcome = train(
                job,
                started=lambda weights: meter.say("\n".join(weights.lines())),
                report=teller(meter),
                validate=scorer(task.name, data) if validate and group.rank == 0 else None,
            )
    pass_on(outcome, plan.steps, silent=group.rank > 0)
    if group.rank == 0:
        _say(outcome, recipe, plan.steps)


def kept_of(run: Path) -> str:
    """What a run keeps that was interrupted where it could not write another checkpoint."""
    path = run / "last.pt"
    if path.is_file():
        return f"{path} is the last checkpoint, from which the same command resumes"
    return "photos that were decoded are kept; the same command goes on"


def pass_on(outcome: Outcome, steps: int, *, silent: bool = False) -> None:
    """Ends the command where a signal ended the training; ``silent`` where another process says so.

    Raises:
        Interrupted: a signal did.
    """
    if outcome.signal is not None:
        how = f"is whole, at step {outcome.step} of {steps}; the same command resumes"
        raise Interrupted(outcome.signal, None if silent else f"{outcome.checkpoint} {how}")


def teller(meter: Meter) -> Callable[[Progress], None]:
    """What shows a run's progress and its validations on ``meter``."""

    def report(progress: Progress) -> None:
        note = f"{progress.size} px  loss {progress.loss:.4f}  lr {progress.lr:.5f}"
        meter.update(progress.samples, progress.samples / progress.step * progress.steps, note=note)
        if progress.validation:
            values = "  ".join(f"{key} {value:.2f}" for key, value in progress.validation.values.items())
            best = " (best so far)" if progress.validation.best else ""
            meter.say(f"val: {values}  score {progress.validation.score:.2f}{best}")

    return report


def _say(outcome: Outcome, recipe: Path, steps: int) -> None:
    checkpoint = outcome.checkpoint
    if not outcome.finished:
        typer.echo(f"{checkpoint}: stopped at step {outcome.step} of {steps}; the same command resumes")
        return
    early = f" (stopped early, at step {outcome.step} of {steps})" if outcome.step < steps else ""
    typer.echo(f"{checkpoint}: complete{early}; next: limner export {checkpoint} -o {recipe.stem}.onnx")
