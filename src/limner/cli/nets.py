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
        from limner.nets import NETS, make_net
    except ImportError as error:
        raise MissingExtraError("limner nets", str(error.name), "train") from None
    unknown = [name for name in names or [] if name not in NETS]
    if unknown:
        raise OptionError(f"there is no net {unknown[0]!r}; the nets are {', '.join(sorted(NETS))}")
    sides = parse_size(size, "--size")
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
    net.check_size(height, width)
    return {
        "name": name,
        "parameters": count_parameters(net),
        "size": [width, height],
        "macs": count_macs(net, (height, width), channels=net.in_channels),
        "receptive_field": receptive_field(net, channels=net.in_channels, step=net.size_divisor),
        "channels": net.in_channels,
        "training_heads": list(net.head_names),
        "paper": net.paper,
    }


def _print(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("net", "parameters", "input", "MACs", "receptive field"):
        table.add_column(title, justify="left" if title == "net" else "right", no_wrap=True)
    table.add_column("paper", overflow="fold")
    for row in rows:
        field = row["receptive_field"]
        table.add_row(
            row["name"],
            f"{row['parameters'] / 1e6:.3f} M",
            " × ".join(map(str, row["size"])) + (f" × {row['channels']}" if row["channels"] != 3 else ""),
            f"{row['macs'] / 1e6:,.0f} M",
            "whole picture" if field is None else f"{field} px",
            row["paper"],
        )
    console = Console()
    if not console.is_terminal:
        console.width = 200  # whole rows in files and pipes
    console.print(table)
