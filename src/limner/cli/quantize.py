"""`limner quantize`: fine-tune a net with quantization simulated, and write it as int8 files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from limner.cli.flags import a_time
from limner.cli.interruption import keeping
from limner.cli.progress import Meter
from limner.cli.train import kept_of, pass_on, teller
from limner.errors import MissingExtraError, OptionError
from limner.places import check_folder
from limner.silence import silence


def command(
    source: Annotated[
        str,
        typer.Argument(
            metavar="CHECKPOINT|MODEL",
            help="What is quantized: a checkpoint (.pt), a shipped model's name, a .onnx file of `limner export`; or "
            "weights (.safetensors) of the recipe's net.",
        ),
    ],
    recipe: Annotated[
        Path, typer.Option(help="How it is trained: a YAML file or a shipped recipe; quantize suits every net.")
    ],
    out: Annotated[Path, typer.Option("--output", "-o", help="Folder to write; its name is the model's name.")],
    to: Annotated[str, typer.Option(help="Targets of the int8 files, such as onnx or onnx,litert.")] = "onnx",
    data: Annotated[Path, typer.Option(help="Data folder: a manifest.csv and a zip or folder for each set.")] = Path(
        "data"
    ),
    cache: Annotated[Path, typer.Option(help="Where decoded photos are kept.")] = Path("cache"),
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Change a field of the recipe, e.g. samples=3000.")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.01, callback=a_time, help="Stop training after this long; the same command resumes."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Fine-tune a trained net so that it loses little or nothing as int8 (quantization-aware training).

    Weights and activations are quantized while it learns, just as in the files; the original net is the teacher.
    The folder ends up with the checkpoint (last.pt) and the int8 files with their cards. Try `limner export --precision
    int8` first: where that loses little, this gains little. Ctrl-C stops after the current step; the same command
    resumes from there.
    """
    try:
        import onnxscript  # noqa: F401

        with silence():  # it tells of parts that it does not find
            import torchao  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("limner quantize", str(error.name), "quantize") from None
    from limner.datasets.photo_map import prepare
    from limner.export.targets.base import TARGETS, chosen
    from limner.tasks import TASKS
    from limner.tasks.recipes.quantize_plan import quantize_plan
    from limner.tasks.recipes.recipe import load_recipe
    from limner.training.job import Job
    from limner.training.loop import train

    chosen(to, tuple(TARGETS), option="--to")  # before an hour of training, not after it
    if out.suffix or out.is_file():
        raise OptionError(f"--output {out}: names a file; name a folder for checkpoint and int8 files")
    check_folder(out, option="output")
    plan = quantize_plan(source, load_recipe(recipe, changes=set_ or []))
    with keeping(lambda: kept_of(out)):
        with Meter("decoding photos", "photos") as meter:
            check = partial(TASKS[plan.task].check_photos, plan)
            prepare(data, cache, masks=plan.masks, progress=meter.update, check=check)
        with Meter("training", "images") as meter:
            outcome = train(
                Job(plan, out, data, cache, minutes=minutes, device=device),
                started=lambda weights: meter.say("\n".join(weights.lines())),
                report=teller(meter),
            )
    pass_on(outcome, plan.steps)
    if not outcome.finished:
        typer.echo(f"{outcome.checkpoint}: stopped at step {outcome.step} of {plan.steps}; the same command resumes")
        return
    from limner.cli.export import command as export

    with keeping(f"{outcome.checkpoint} is complete; the same command makes the int8 files"):
        export(model=str(outcome.checkpoint), out=out, to=to, data=data)
