"""`limner demo`: the samples with their backgrounds changed, and a page of before and after."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from limner.cli.interruption import keeping


def command(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT", help="Folder for the results and their page.")
    ] = Path("out"),
    open_: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Change the backgrounds of the sample photo and clip, and write a page of before and after.

    The page has the times of this machine, and commands to try next. It needs no network.
    """
    from limner.demo import run
    from limner.demo.page import PAGE

    with keeping(f"what is whole in {output} was kept"):
        for line in run(output):
            print(line, flush=True)
    if open_:
        from limner.cli.browsing import open_page

        if not open_page((output / PAGE).resolve().as_uri()):
            print("note: there is no browser to open here; open the address yourself", file=sys.stderr)
