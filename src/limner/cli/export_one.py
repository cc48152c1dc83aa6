"""`limner export` to one .onnx file: small, with the net's tensors by name, to run and to go on training from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import typer

from limner.errors import OptionError
from limner.models.files import stem_card
from limner.models.pair import refuse_to_replace_foreign
from limner.places import check_file, refuse_to_replace

if TYPE_CHECKING:
    from limner.models.card import ModelCard


def export_one(
    model: str,
    out: Path,
    *,
    recipe: Path | None,
    size: tuple[int, int] | None,
    other_sizes: tuple[tuple[int, int], ...] | None,
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
    check_file(out, error=OptionError, option="output")
    refuse_to_replace([out, stem_card(out)], [Path(model), *([] if recipe is None else [recipe])])
    refuse_to_replace_foreign(stem_card(out))
    kind = cast(Literal["fp16", "fp32"], storage or "fp16")
    from limner.export.one_file import export_file
    from limner.export.subjects import load_subject

    subject = load_subject(model, recipe=recipe, size=size, other_sizes=other_sizes)
    _tell(out, export_file(subject, out, storage=kind, data=data, licence=licence, origin=origin, notes=notes))


def _tell(out: Path, card: ModelCard) -> None:
    typer.echo(f"{out}: {out.stat().st_size / 1e6:.2f} MB; {card.summary}")
    for row in card.measured:
        figures = "  ".join(f"{key} {value:g}" for key, value in row.metrics.items())
        typer.echo(f"  {row.on}: {figures}")
