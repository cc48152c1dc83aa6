"""`limner prune`: take channels out of a trained net, fine-tune it, and export what is left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limner.cli.interruption import keeping
from limner.cli.progress import Meter
from limner.cli.train import pass_on
from limner.errors import DataError, MissingExtraError, OptionError
from limner.places import check_folder, refuse_to_replace

if TYPE_CHECKING:
    from limner.nets.base import SegmentationNet
    from limner.training.job import Progress
    from limner.training.prune.run import Point, Score


def command(
    source: Annotated[
        str,
        typer.Argument(
            metavar="CHECKPOINT|MODEL", help="Checkpoint (.pt), or weights of the recipe's net: a model's name or file."
        ),
    ],
    recipe: Annotated[Path, typer.Option(help="Recipe of each fine-tuning; `samples` counts for one step.")],
    out: Annotated[Path, typer.Option("--output", "-o", help="Folder to write; its name is the model's name.")],
    macs: Annotated[float | None, typer.Option(help="Share of the multiply-accumulates to keep, e.g. 0.5.")] = None,
    parameters: Annotated[float | None, typer.Option(help="Share of the parameters to keep, instead.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="How many times to prune and fine-tune.")] = 3,
    importance: Annotated[
        str, typer.Option(help="How the importance of a channel is measured: magnitude, bn or taylor.")
    ] = "magnitude",
    multiple: Annotated[int, typer.Option(min=1, help="Remove channels in groups of this many.")] = 4,
    keep: Annotated[float, typer.Option(help="Smallest share of its channels that a layer keeps.")] = 0.25,
    data: Annotated[Path, typer.Option(help="Data folder: a manifest.csv and a zip or folder for each set.")] = Path(
        "data"
    ),
    cache: Annotated[Path, typer.Option(help="Where decoded photos are kept.")] = Path("cache"),
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Change a field of the recipe, e.g. samples=20000.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Score at most this many val photos of each set.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Prune a net: take out its least important channels and fine-tune what is left, in steps.

    The folder ends up with the model (.onnx, .json), a checkpoint of each step for more training (step3/last.pt), and
    the curve of cost against quality on the val split (curve.csv, curve.svg), before and after each fine-tuning. Ctrl-C
    stops after the current step; the same command resumes from there.
    """
    try:
        import onnxscript  # noqa: F401
        import torch_pruning  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("limner prune", str(error.name), "prune") from None
    from limner.tasks.recipes.recipe import load_recipe
    from limner.training.prune.curve import draw_curve
    from limner.training.prune.pruning import PruneOptions
    from limner.training.prune.run import PruneJob, read_curve, run
    from limner.whole_file import whole_text, writing

    if (macs is None) == (parameters is None):
        raise OptionError("--macs or --parameters: give one of them, the share to keep")
    check_folder(out, option="output")
    result = out / f"{out.name}.onnx"
    refuse_to_replace([result], [Path(source)])
    measure, ratio = ("macs", macs) if macs is not None else ("parameters", parameters)
    options = PruneOptions(measure=measure, importance=importance, multiple=multiple, keep=keep)  # type: ignore[arg-type]
    assert ratio is not None
    plan = replace(load_recipe(recipe, changes=set_ or []), validate_every=0)
    job = PruneJob(source, plan, out, data, cache, ratio, steps, options, device)
    resumes = f"what {out} holds is whole; the same command resumes"
    with keeping(resumes), Meter("fine-tuning", "images") as meter:

        def report(progress: Progress) -> None:
            note = f"{progress.size} px  loss {progress.loss:.4f}"
            meter.update(progress.samples, progress.steps * plan.batch, note=note)

        def told(point: Point) -> None:
            kind = "as it was" if not point.step else "fine-tuned" if point.tuned else "pruned"
            size = f"{point.macs / 1e6:.1f} M MACs, {point.parameters / 1e6:.3f} M parameters"
            quality = f"mIoU {point.miou:.2f}, Boundary IoU {point.boundary_iou:.2f}"
            meter.say(f"step {point.step}, {kind}: {size}, {quality}")

        outcome = run(job, score=_scorer(data, limit), report=report, told=told)
    with writing(out / "curve.svg"):
        whole_text(out / "curve.svg", draw_curve(read_curve(out / "curve.csv")))
    pass_on(outcome, plan.steps)
    if not outcome.finished:
        typer.echo(f"{out}: stopped; the same command resumes")
        return
    from limner.cli.export import command as export

    with keeping(resumes):
        export(model=str(outcome.checkpoint), out=result, data=data)


def _scorer(data: Path, limit: int | None) -> Score:
    """Means over the val photos with people."""
    from limner.datasets.manifest import PhotoFolder
    from limner.evaluation.contenders import net_maker
    from limner.evaluation.evaluate import evaluate

    folder = PhotoFolder(data)
    seen: dict[str, int] = {}
    photos = []
    for photo in folder.select(split="val"):
        seen[photo.set] = seen.get(photo.set, 0) + 1
        if photo.mask != "none" and (limit is None or seen[photo.set] <= limit):
            photos.append(photo)
    if not photos:
        raise DataError(f"{data}: has no val photos to draw the curve on")

    def score(net: SegmentationNet, size: int) -> dict[str, float]:
        scores = evaluate(net_maker(net, size), folder, photos)
        return {name: sum(s.values[name] for s in scores) / len(scores) for name in ("miou", "boundary_iou")}

    return score
