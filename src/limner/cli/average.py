"""`limner average`: a model soup of several checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.errors import MissingExtraError, OptionError
from limner.kinds import is_checkpoint
from limner.places import check_file, refuse_to_replace


def command(
    checkpoints: Annotated[list[Path], typer.Argument(metavar="CHECKPOINT…", help="Checkpoints (.pt) of one net.")],
    out: Annotated[Path, typer.Option("--output", "-o", help="Checkpoint (.pt) to write.")],
) -> None:
    """Average the weights of several runs into one net, which costs what each of them costs.

    The runs must have started from the same weights, with different seeds, lights or samples. Measure the result:
    `limner eval` takes all of them at once.
    """
    try:
        from limner.training.average import average_checkpoints
    except ImportError as error:
        raise MissingExtraError("limner average", str(error.name), "train") from None
    if not is_checkpoint(out):
        raise OptionError(f"--output {out}: a checkpoint ends in .pt")
    check_file(out, error=OptionError, option="output")
    refuse_to_replace([out], checkpoints)
    average_checkpoints(checkpoints).save(out)
    typer.echo(f"{out}: the mean of {len(checkpoints)} nets; next: limner export {out} -o {out.stem}.onnx")
