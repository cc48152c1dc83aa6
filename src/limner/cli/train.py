"""`limner train`: run a recipe, or go on with one that was stopped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limner.cli.progress import Meter
from limner.errors import MissingExtraError

if TYPE_CHECKING:
    from limner.training.loop import Progress


def command(
    recipe: Annotated[Path, typer.Argument(help="Recipe, a YAML file such as recipes/fast.yaml.")],
    data: Annotated[Path, typer.Option(help="Data folder: a manifest.csv and one zip for each set.")] = Path("data"),
    out: Annotated[Path | None, typer.Option(help="Folder of the run; runs/<recipe's name> if not given.")] = None,
    init: Annotated[
        str | None, typer.Option(help="Start from these weights: a shipped model's name, a .safetensors or a .pt file.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Change a field of the recipe, e.g. optimizer.lr=3e-4.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="Stop after this long; the same command goes on from there.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    cache: Annotated[Path, typer.Option(help="Where decoded photos are kept.")] = Path("cache"),
    validate: Annotated[bool, typer.Option(help="Score the val split at the end (and as the recipe says).")] = True,
) -> None:
    """Train a net from a recipe.

    Run it again to go on from the run's checkpoint; a run that is complete only says so. Ctrl-C stops after the step
    at hand with a whole checkpoint.
    """
    try:
        import safetensors  # noqa: F401
        import torch
    except ImportError as error:
        raise MissingExtraError("limner train", str(error.name), "train") from None
    from limner.data.photo_map import prepare
    from limner.models.weights import weights_path
    from limner.training.loop import Job, train
    from limner.training.recipe import load_recipe

    plan = load_recipe(recipe, changes=set_ or [])
    run = out if out is not None else Path("runs") / recipe.stem
    start = weights_path(init) if init is not None else None
    with Meter("decoding photos", "photos") as meter:
        photos = prepare(data, cache, progress=meter.update)
    job = Job(plan, run, data, cache, start, minutes, device)
    with Meter("training", "images") as meter:

        def report(progress: Progress) -> None:
            note = f"{progress.size} px  loss {progress.loss:.4f}  lr {progress.lr:.5f}"
            meter.update(progress.samples, progress.steps * plan.batch, note=note)
            if progress.validation:
                meter.say("val: " + "  ".join(f"{key} {value:.2f}" for key, value in progress.validation.items()))

        scorer = None
        if validate and any(entry.photo.split == "val" for entry in photos.entries):
            from limner.evaluation.evaluate import net_scores

            def scorer(net: torch.nn.Module, size: int) -> dict[str, float]:
                return net_scores(net, size, data)

        outcome = train(job, report=report, validate=scorer)
    if outcome.untouched:
        typer.echo(f"{len(outcome.untouched)} tensors of the net were not in {start} and began from chance")
    if outcome.finished:
        typer.echo(f"{outcome.checkpoint}: complete; next: limner export {outcome.checkpoint} -o {recipe.stem}.onnx")
    else:
        typer.echo(f"{outcome.checkpoint}: stopped at step {outcome.step} of {plan.steps}; the same command goes on")
