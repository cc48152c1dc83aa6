"""`limner nets`: every net that `limner train` knows, with what it costs and how far it looks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from limner.cli.sizes import parse_size
from limner.errors import MissingExtraError, OptionError

if TYPE_CHECKING:
    from limner.nets.base import SegmentationNet


def command(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NET]…", help="Only these; all if none.")] = None,
    size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Input size: pixels, or width x height. [each net's own]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the nets with their parameters, multiply-accumulates, receptive field and paper.

    Each is made with its default options and without training heads, as it would be shipped.
    """
    try:
        import torch

        from limner.nets import NETS, make_net, no_net
    except ImportError as error:
        raise MissingExtraError("limner nets", str(error.name), "train") from None
    unknown = [name for name in names or [] if name not in NETS]
    if unknown:
        raise OptionError(no_net(unknown[0]))
    sides = parse_size(size, "--size")
    torch.set_num_threads(1)  # for so little work, threads wait for each other longer than they compute
    rows = [_row(name, make_net(name).for_inference(), sides) for name in names or NETS]
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        _print(rows)


def _row(name: str, net: SegmentationNet, size: tuple[int, int] | None) -> dict[str, Any]:
    """What is said of a net; the receptive field is null where it is the whole picture."""
    from limner.nets.blocks import count_macs, count_parameters
    from limner.nets.receptive_field import receptive_field

    width, height = size or (net.usual_size, net.usual_size)
    try:
        net.check_size(height, width)
    except OptionError as error:
        raise OptionError(f"--size {width}x{height}: {error}") from None
    return {
        "name": name,
        "parameters": count_parameters(net),
        "size": [width, height],
        "macs": count_macs(net, (height, width), channels=net.in_channels),
        "receptive_field": receptive_field(net, channels=net.in_channels, step=net.size_divisor),
        "channels": net.in_channels,
        "training_heads": list(net.head_names),
        "models": _models_of(name),
        "paper": net.paper,
    }


def _models_of(net: str) -> list[str]:
    """Names of the shipped models that are a trained net of this kind."""
    from limner.models.catalogue import list_models

    return [item.card.name for item in list_models() if item.card.net is not None and item.card.net.name == net]


def _print(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("net", "parameters", "input", "MACs", "receptive field"):
        table.add_column(title, justify="left" if title == "net" else "right", no_wrap=True)
    table.add_column("ships as the model")
    table.add_column("paper", overflow="fold")
    for row in rows:
        field = row["receptive_field"]
        table.add_row(
            row["name"],
            f"{row['parameters'] / 1e6:.3f} M",
            " × ".join(map(str, row["size"])) + (f" × {row['channels']}" if row["channels"] != 3 else ""),
            f"{row['macs'] / 1e6:,.0f} M",
            "whole picture" if field is None else f"{field} px",
            ", ".join(row["models"]),
            row["paper"],
        )
    console = Console()
    if not console.is_terminal:
        console.width = 200  # whole rows in files and pipes
    console.print(table)
    other = [row["name"] for row in rows if row["name"] in _model_names() and row["name"] not in row["models"]]
    if other:
        names = " and ".join(other)
        console.print(
            f"\nA model is a trained net, and may have another name than its net: the model{'s' * (len(other) > 1)} "
            f"{names} of `limner models` {'are' if len(other) > 1 else 'is'} not the net of that name here.",
            highlight=False,
        )


def _model_names() -> list[str]:
    from limner.models.catalogue import model_names

    return list(model_names())
