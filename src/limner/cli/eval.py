"""`limner eval`: measure models or checkpoints on labelled photos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from limner.cli.progress import Meter
from limner.errors import OptionError

if TYPE_CHECKING:
    from limner.evaluation.evaluate import MatteMaker


def command(
    models: Annotated[
        list[str] | None,
        typer.Argument(help="Model names, .onnx or .tflite files with a card, or .pt checkpoints. Default: fast."),
    ] = None,
    data: Annotated[Path, typer.Option(help="Data folder: a manifest.csv and one zip for each set.")] = Path("data"),
    split: Annotated[str, typer.Option(help="val, train, test or all.")] = "val",
    sets: Annotated[list[str] | None, typer.Option("--set", help="Only this set; may be repeated.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many photos of each set.")] = None,
    refine: Annotated[
        bool, typer.Option(help="Full-resolution edges as `limner image` makes them, instead of the bare net.")
    ] = False,
    sheet: Annotated[Path | None, typer.Option(help="Write a picture of the worst cases of the first model.")] = None,
    worst: Annotated[int, typer.Option(min=1, help="How many worst cases the picture shows.")] = 16,
    json_: Annotated[bool, typer.Option("--json", help="Print results for programs.")] = False,
) -> None:
    """Measure models on labelled photos: IoU, mIoU, accuracy, Boundary IoU (2 % of the diagonal) and MAD.

    All are means over images, by set. The bare net is scored as papers do: squeezed to its input, the mask scaled back,
    cut at 0.5. Photos without people are scored by the share of the picture taken for a person.
    """
    from limner.data.manifest import PhotoFolder
    from limner.evaluation.evaluate import evaluate, means

    if split not in ("val", "train", "test", "all"):
        raise OptionError(f"--split: must be val, train, test or all, not {split!r}")
    folder = PhotoFolder(data)
    photos = list(
        folder.select(split=None if split == "all" else split, sets=tuple(sets) if sets else None)  # type: ignore[arg-type]
    )
    if limit is not None:
        seen: dict[str, int] = {}
        photos = [p for p in photos if (seen.update({p.set: seen.get(p.set, 0) + 1}) or seen[p.set] <= limit)]
    results: dict[str, Any] = {}
    for index, name in enumerate(models or ["fast"]):
        maker = _maker(name, refine=refine)
        with Meter(f"scoring {Path(name).name}", "photos", quiet=json_) as meter:
            scores = evaluate(maker, folder, photos, progress=lambda done, m=meter: m.update(done, len(photos)))  # type: ignore[misc]
        results[name] = means(scores)
        if index == 0 and sheet is not None:
            from limner.evaluation.sheet import sheet as draw
            from limner.evaluation.sheet import worst as pick
            from limner.media.images import write_image

            write_image(sheet, draw(pick(scores, worst), folder, maker))
    if json_:
        typer.echo(json.dumps(results, indent=2))
    else:
        _print(results)


def _maker(name: str, *, refine: bool) -> MatteMaker:
    if name.endswith(".pt"):
        from limner.evaluation.evaluate import net_maker
        from limner.training.loop import inference_net
        from limner.training.recipe import recorded

        if refine:
            raise OptionError(f"--refine: {name} is a checkpoint; export it first")
        net, state = inference_net(Path(name))
        return net_maker(net, recorded(state.recipe, source=name).input_size)
    from limner.segment.segmenter import Segmenter

    segmenter = Segmenter(name, refine=refine)
    return lambda rgb: segmenter.matte(rgb).alpha


def _print(results: dict[str, dict[str, dict[str, float]]]) -> None:
    from rich.console import Console
    from rich.table import Table

    heads = {"miou": "mIoU", "boundary_iou": "Boundary IoU", "iou": "IoU", "accuracy": "accuracy", "mad": "MAD"}
    table = Table("model", "set", "photos", *heads.values(), "false area %", box=None)
    for name, rows in results.items():
        for group, row in rows.items():
            cells = [
                f"{row[key]:.3f}" if key == "mad" else f"{row[key]:.1f}" if key in row else ""
                for key in heads
                if key in row
            ]
            cells = cells or [""] * len(heads)
            false_area = f"{row['false_area']:.2f}" if "false_area" in row else ""
            table.add_row(Path(name).name, group, f"{row['photos']:.0f}", *cells, false_area)
    console = Console()
    if not console.is_terminal:
        console.width = 140  # whole rows in files and pipes
    console.print(table)
