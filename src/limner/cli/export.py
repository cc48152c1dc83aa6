"""`limner export`: turn trained weights into a model file with its card."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from limner.errors import MissingExtraError, OptionError

if TYPE_CHECKING:
    from limner.model_card import ModelCard

_SIZE = re.compile(r"(\d+)(?:[x×](\d+))?")


def command(
    weights: Annotated[
        str,
        typer.Argument(
            help="Checkpoint of `limner train`, such as runs/fast/last.pt; or, with --recipe, a .safetensors or .onnx "
            "file or a shipped model's name."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Model file to write; its card lands beside it.")],
    to: Annotated[str, typer.Option(help="Target format. Only onnx so far.")] = "onnx",
    recipe: Annotated[Path | None, typer.Option(help="The recipe of weights that are not a checkpoint.")] = None,
    size: Annotated[
        str | None, typer.Option(help="Input size: pixels, or HEIGHTxWIDTH. [the recipe's input_size]")
    ] = None,
    storage: Annotated[
        str, typer.Option(help="How the file holds the weights: fp16 (half the size) or fp32; computing is fp32.")
    ] = "fp16",
    data: Annotated[
        Path | None,
        typer.Option(help="Data folder: its val split is measured into the card and used to check the export."),
    ] = None,
    licence: Annotated[str, typer.Option(help="Licence of the weights, for the card.")] = "unknown",
    note: Annotated[list[str] | None, typer.Option(help="A remark for the card; may be repeated.")] = None,
    origin: Annotated[str, typer.Option(help="Who trained the net, for the card.")] = "trained with limner train",
) -> None:
    """Turn trained weights into an ONNX file and its card (.json).

    The file is compared with PyTorch on photos before it is kept (on noise where no --data is given). Training can go
    on from it: `limner train --init`. Model and card replace older ones together.
    """
    try:
        import onnxscript  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("limner export", str(error.name), "export") from None
    _check(out, to, storage)
    kind = cast(Literal["fp16", "fp32"], storage)
    from limner.export.harmonizer import export_harmonizer, is_harmonizer

    if is_harmonizer(weights):
        if recipe is not None or size is not None:
            raise OptionError("--recipe and --size: a checkpoint of the task harmonize has its own; leave them out")
        remarks = tuple(note or ())
        _tell(
            out,
            export_harmonizer(
                Path(weights), out, storage=kind, data=data, licence=licence, origin=origin, notes=remarks
            ),
        )
        return
    from limner.data.manifest import PhotoFolder
    from limner.export.card import make_card, measure, parity_row
    from limner.export.onnx_file import export_onnx
    from limner.export.pictures import parity_pictures
    from limner.export.source import load_source
    from limner.models.pair import publish

    source = load_source(weights, recipe)
    net = source.net
    pixels = (source.recipe.input_size,) * 2 if size is None else parse_size(size)
    net.check_size(*pixels)
    folder = PhotoFolder(data) if data is not None else None
    pictures = parity_pictures(pixels, net.in_channels, folder)
    aside = out.with_name(f".{out.stem}.{os.getpid()}.onnx")
    try:
        parity = export_onnx(net, aside, size=pixels, pictures=pictures, channels=net.in_channels, storage=kind)
        card = make_card(
            source,
            aside,
            file=out.name,
            size=pixels,
            photos=folder.photos if folder is not None else [],
            licence=licence,
            origin=origin,
            notes=tuple(note or ()),
        )
        measured = measure(aside, card, data) if data is not None else ()
        card = replace(card, measured=(parity_row(parity, storage, photos=folder is not None), *measured))
        publish(aside, out, card)
    finally:
        aside.unlink(missing_ok=True)
    _tell(out, card)


def parse_size(text: str) -> tuple[int, int]:
    """(height, width) of "256" or "192x320".

    Raises:
        OptionError: it is no size.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise OptionError(f"--size {text}: say pixels such as 256, or height and width such as 192x320")
    return int(found[1]), int(found[2] or found[1])


def _check(out: Path, to: str, storage: str) -> None:
    if to != "onnx":
        raise OptionError(f"--to {to}: not a known target; only onnx is there so far")
    if storage not in ("fp16", "fp32"):
        raise OptionError(f"--storage {storage}: must be fp16 or fp32")
    if out.suffix != ".onnx":
        raise OptionError(f"--out {out}: the name of an ONNX file must end in .onnx")
    if not out.parent.is_dir():
        raise OptionError(f"--out {out}: the folder {out.parent} does not exist; make it first")


def _tell(out: Path, card: ModelCard) -> None:
    typer.echo(f"{out}: {out.stat().st_size / 1e6:.2f} MB; {card.summary}")
    for row in card.measured:
        figures = "  ".join(f"{key} {value:g}" for key, value in row.metrics.items())
        typer.echo(f"  {row.on}: {figures}")
