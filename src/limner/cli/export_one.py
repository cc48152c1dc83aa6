"""`limner export` to one .onnx file: small, with the net's tensors by name, to run and to go on training from."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import typer

from limner.errors import OptionError

if TYPE_CHECKING:
    from limner.models.card import ModelCard


def export_one(
    model: str,
    out: Path,
    *,
    recipe: Path | None,
    size: tuple[int, int] | None,
    storage: str | None,
    data: Path | None,
    licence: str | None,
    origin: str | None,
    notes: tuple[str, ...],
) -> None:
    """Write the file and its card, both or neither, and say what they are.

    Raises:
        OptionError: options that do not go together or cannot be used.
        LimnerError: the model or the data cannot be used, or the file differs from PyTorch.
    """
    if storage not in (None, "fp16", "fp32"):
        raise OptionError(f"--storage {storage}: must be fp16 or fp32")
    if not out.parent.is_dir():
        raise OptionError(f"--out {out}: the folder {out.parent} does not exist; make it first")
    kind = cast(Literal["fp16", "fp32"], storage or "fp16")
    from limner.export.harmonizer import export_harmonizer, is_harmonizer

    if is_harmonizer(model):
        if recipe is not None or size is not None:
            raise OptionError("--recipe and --size: a checkpoint of the task harmonize has its own; leave them out")
        own = {"licence": licence or "unknown", "origin": origin or "trained with limner train"}
        _tell(out, export_harmonizer(Path(model), out, storage=kind, data=data, notes=notes, **own))
        return
    from limner.datasets.manifest import PhotoFolder
    from limner.export.card import make_card, measure, parity_row
    from limner.export.checks.pictures import parity_pictures
    from limner.export.onnx_file import export_onnx
    from limner.export.source import load_source
    from limner.models.pair import publish

    source = load_source(model, recipe)
    net = source.net
    if net.rounded:
        raise OptionError(f"--out {out}: {model} was trained rounded to 8 bits; its int8 files go into a folder")
    pixels = size or source.size
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
            notes=notes,
        )
        measured = measure(aside, card, data) if data is not None else ()
        card = replace(card, measured=(parity_row(parity, kind, photos=folder is not None), *measured))
        publish(aside, out, card)
    finally:
        aside.unlink(missing_ok=True)
    _tell(out, card)


def _tell(out: Path, card: ModelCard) -> None:
    typer.echo(f"{out}: {out.stat().st_size / 1e6:.2f} MB; {card.summary}")
    for row in card.measured:
        figures = "  ".join(f"{key} {value:g}" for key, value in row.metrics.items())
        typer.echo(f"  {row.on}: {figures}")
