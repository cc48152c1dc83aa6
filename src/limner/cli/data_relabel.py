"""`limner data relabel`: new masks for the auto sets from a better teacher."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from limner.cli.progress import Meter
from limner.errors import MissingExtraError


def relabel(
    teacher: Annotated[
        list[str], typer.Option(help="A model's name or file, or a checkpoint; several are an ensemble.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; a recipe names it as `masks`.")],
    data: Annotated[Path, typer.Option(help="Data folder: a manifest.csv and a zip or folder for each set.")] = Path(
        "data"
    ),
    scale: Annotated[
        list[float] | None, typer.Option(help="Input size of a pass, relative to the teacher's own. [0.85, 1, 1.2]")
    ] = None,
    flip: Annotated[bool, typer.Option(help="Each pass also sees the mirrored photo.")] = True,
    mean: Annotated[str, typer.Option(help="What is averaged: logits or probability.")] = "logits",
    agree: Annotated[float, typer.Option(help="Mean IoU of the passes with their mean that a mask needs.")] = 0.9,
    unsure: Annotated[str, typer.Option(help="Photos below that: old keeps the old mask, drop leaves it out.")] = "old",
    unsure_weight: Annotated[float, typer.Option(help="Weight of the old masks that are kept.")] = 0.5,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Draw the masks of all sets that another net labelled anew, and keep those the teacher is sure of.

    Masks drawn by people or a renderer are never touched. Stopped anywhere, the same command goes on.
    """
    try:
        import pydantic
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("limner data relabel", str(error.name), "train") from None
    from limner.data.manifest import PhotoFolder
    from limner.errors import OptionError
    from limner.training.distillation import Teacher
    from limner.training.relabel import RelabelOptions
    from limner.training.relabel import relabel as label
    from limner.training.teacher_recipe import TeacherRecipe

    scales = tuple(scale) if scale else RelabelOptions().scales
    options = RelabelOptions(scales=scales, flip=flip, agree=agree, unsure=unsure, unsure_weight=unsure_weight)  # type: ignore[arg-type]
    try:
        recipe = TeacherRecipe(models=tuple(teacher), mean=mean)  # type: ignore[arg-type]
    except pydantic.ValidationError as error:
        raise OptionError(f"--{error.errors()[0]['loc'][0]}: {error.errors()[0]['msg']}") from None
    folder = PhotoFolder(data)
    with Meter("labelling", "photos") as meter:
        rows = label(folder, Teacher(recipe, device=device), out, options=options, progress=meter.update)
    for name in sorted({row.set for row in rows}):
        mine = [row for row in rows if row.set == name]
        uses = Counter(row.use for row in mine)
        agreement, change = (sum(getattr(row, key) for row in mine) / len(mine) for key in ("agreement", "change"))
        counts = "  ".join(f"{use} {uses[use]}" for use in ("new", "old", "drop"))
        typer.echo(f"{name:24} {counts}  agreement {agreement:.3f}  IoU with the old masks {change:.3f}")
    typer.echo(f"{out}: train with it by `limner train RECIPE --set masks={out}`")
