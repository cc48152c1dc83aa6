"""`limner export`: turn a checkpoint into a model file with its card and its trainable weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from limner.errors import MissingExtraError, OptionError


def command(
    checkpoint: Annotated[Path, typer.Argument(help="Checkpoint of `limner train`, such as runs/fast/last.pt.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Model file to write; card and weights land beside it.")],
    to: Annotated[str, typer.Option(help="Target format. Only onnx so far.")] = "onnx",
    data: Annotated[
        Path | None,
        typer.Option(help="Data folder: its val split is measured into the card and used to check the export."),
    ] = None,
    licence: Annotated[str, typer.Option(help="Licence of the weights, for the card.")] = "unknown",
    note: Annotated[list[str] | None, typer.Option(help="A remark for the card; may be repeated.")] = None,
    origin: Annotated[str, typer.Option(help="Who trained the net, for the card.")] = "trained with limner train",
) -> None:
    """Turn a checkpoint into an ONNX file, its card (.json) and its trainable weights (.safetensors).

    The file is compared with PyTorch on photos before it is kept (on noise where no --data is given).
    """
    try:
        import onnxscript  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("limner export", str(error.name), "export") from None
    if to != "onnx":
        raise OptionError(f"--to {to}: not a known target; only onnx is there so far")
    if out.suffix != ".onnx":
        raise OptionError(f"--out {out}: the name of an ONNX file must end in .onnx")
    if not out.parent.is_dir():
        raise OptionError(f"--out {out}: the folder {out.parent} does not exist; make it first")

    from limner.data.manifest import PhotoFolder
    from limner.export.card import make_card, measure
    from limner.export.onnx_file import export_onnx
    from limner.export.pictures import parity_pictures
    from limner.nets.blocks import count_macs, count_parameters
    from limner.training.checkpoint import save_weights
    from limner.training.loop import inference_net
    from limner.training.recipe import recorded

    net, state = inference_net(checkpoint)
    recipe = recorded(state.recipe, source=str(checkpoint))
    channels = int(recipe.net.options.get("in_channels", 3))
    size = (recipe.input_size, recipe.input_size)
    folder = PhotoFolder(data) if data is not None else None
    parity = export_onnx(net, out, size=size, pictures=parity_pictures(size, channels, folder), channels=channels)
    card = make_card(
        recipe,
        state,
        out,
        photos=folder.photos if folder is not None else [],
        measured=(),
        parameters=count_parameters(net),
        macs=count_macs(net, size, channels=channels),
        licence=licence,
        origin=origin,
        notes=tuple(note or ()),
    )
    if data is not None:
        card = replace(card, measured=measure(out, card, data))
    card.save(out.with_suffix(".json"))
    save_weights(out.with_suffix(".safetensors"), state.ema)
    typer.echo(
        f"{out}: {out.stat().st_size / 1e6:.2f} MB, differs from PyTorch by {parity.mean:.1e} on average and "
        f"{parity.largest:.1e} at most over {parity.pictures} pictures"
    )
    for row in card.measured:
        figures = "  ".join(f"{key} {value:g}" for key, value in row.metrics.items())
        typer.echo(f"  {row.on}: {figures}")
