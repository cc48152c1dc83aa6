"""`limner data label`, `relabel` before: masks from nets, for photos that nobody labelled or another net did."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limner.cli.interruption import keeping
from limner.cli.progress import Meter
from limner.errors import MissingExtraError, OptionError
from limner.places import check_folder

if TYPE_CHECKING:
    from limner.datasets.masks_overlay import Row


def label(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Data folder. [what --data says]", show_default=False)
    ] = None,
    *,
    teacher: Annotated[
        list[str],
        typer.Option(help="A model's name or file, or a checkpoint, that finds people; several are averaged."),
    ],
    out: Annotated[Path, typer.Option("--output", "-o", help="Folder to write; a recipe names it as `masks`.")],
    data: Annotated[Path, typer.Option(help="Data folder, where no DIR is given.")] = Path("data"),
    salient: Annotated[
        list[str] | None, typer.Option(help="The same, for a model that finds any salient object, not people.")
    ] = None,
    share: Annotated[
        list[float] | None,
        typer.Option(help="Share of each model in the mean: one number for each --teacher, then each --salient. [1]"),
    ] = None,
    scale: Annotated[
        list[float] | None, typer.Option(help="Size of a pass, relative to the teacher's own. [0.85, 1, 1.2]")
    ] = None,
    flip: Annotated[bool, typer.Option(help="Each pass also sees the mirrored photo.")] = True,
    mean: Annotated[str, typer.Option(help="What is averaged: logits or probability.")] = "probability",
    steepen: Annotated[float, typer.Option(help="Make the middle of the mean this much steeper; 1 leaves it.")] = 1.6,
    agree: Annotated[float, typer.Option(help="Without --salient: mean IoU of the passes with their mean.")] = 0.9,
    agree_kinds: Annotated[float, typer.Option(help="With it: IoU of people found and what stands out.")] = 0.85,
    blob: Annotated[
        float, typer.Option(help="With it: largest region these disagree on, as a share of the person's, at most.")
    ] = 0.06,
    agree_people: Annotated[float, typer.Option(help="IoU of each two teachers that find people.")] = 0.7,
    reject: Annotated[
        float, typer.Option(help="Ask about no photo whose least agreement is below this; it is rejected.")
    ] = 0.4,
    unsure: Annotated[str, typer.Option(help="Photos that miss these: old keeps the old mask, drop leaves it out.")] = (
        "old"
    ),
    unsure_weight: Annotated[float, typer.Option(help="Weight of the old masks that are kept.")] = 0.5,
    sets: Annotated[
        list[str] | None,
        typer.Option(help="Only this set (may be repeated). Sets of hand-drawn masks are only replaced if named here."),
    ] = None,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Write new masks of unlabelled photos into the data folder, as kind auto.")
    ] = False,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Draw masks with nets, keep those that they agree on, reject hopeless ones, and list the rest in review.csv.

    Photos without a mask, or with one drawn by a net, get these masks; masks drawn by people or a renderer are kept.
    If it is stopped, the same command resumes. Other thresholds do not run the nets again. `limner data review` goes
    through the list.
    """
    try:
        import pydantic
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("limner data label", str(error.name), "train") from None
    from limner.datasets.adopting import adopt as adopt_masks
    from limner.datasets.manifest import PhotoFolder
    from limner.tasks.recipes.reading import in_words
    from limner.tasks.recipes.teacher import TeacherRecipe
    from limner.tasks.teachers.distillation import Teacher
    from limner.tasks.teachers.gates import Gates
    from limner.tasks.teachers.relabel import REVIEW, RelabelOptions, relabel

    models = (*teacher, *(salient or ()))
    if share is not None and len(share) != len(models):
        raise OptionError(f"--share: there are {len(models)} models, but {len(share)} shares")
    try:
        options = RelabelOptions(
            scales=tuple(scale) if scale else RelabelOptions().scales,
            flip=flip,
            salient=tuple(range(len(teacher), len(models))),
            steepen=steepen,
            gates=Gates(agree=agree, kinds=agree_kinds, blob=blob, people=agree_people, reject=reject),
            unsure=unsure,  # type: ignore[arg-type]
            unsure_weight=unsure_weight,
        )
    except OptionError as error:
        raise error.renamed({"scales": "scale", "kinds": "agree_kinds", "people": "agree_people"}) from None
    try:
        recipe = TeacherRecipe(models=models, weights=tuple(share) if share else None, mean=mean)  # type: ignore[arg-type]
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        raise OptionError(f"--{'.'.join(map(str, first['loc'])) or 'share'}: {in_words(first['msg'])}") from None
    check_folder(out, option="output")
    data = data if folder is None else folder
    photos = PhotoFolder(data)
    if out.resolve() in {data.resolve(), *((data / photo.set).resolve() for photo in photos.photos)}:
        raise OptionError(f"--output {out}: holds the photos and masks themselves; name another folder")
    with keeping(f"masks that are in {out} are kept; the same command goes on"), Meter("labelling", "photos") as meter:
        rows = relabel(photos, Teacher(recipe, device=device), out, options=options, sets=sets, progress=meter.update)
    _say(rows)
    verdicts = Counter(row.verdict for row in rows)
    if verdicts["ask"]:
        typer.echo(f"{out / REVIEW}: {verdicts['ask']} photos to look at: limner data review {data} --masks {out}")
    if verdicts["reject"]:
        typer.echo(f"{out}: {verdicts['reject']} rejected: the least agreement is below {reject:g}")
    if adopt:
        typer.echo(f"{data}: {adopt_masks(data, out)} photos that had no mask have one now")
    if any(row.use == "new" for row in rows):
        typer.echo(f"{out}: train with it by `limner train RECIPE --set masks={out}`")


def _say(rows: list[Row]) -> None:
    for name in sorted({row.set for row in rows}):
        mine = [row for row in rows if row.set == name]
        uses = Counter(row.use for row in mine)
        counts = "  ".join(f"{use} {uses[use]}" for use in ("new", "old", "drop"))
        line = f"{name:24} {counts}  agreement {sum(row.agreement for row in mine) / len(mine):.3f}"
        if had := [row.change for row in mine if row.replaces != "unlabelled"]:
            line += f"  IoU with the old masks {sum(had) / len(had):.3f}"
        typer.echo(line)
