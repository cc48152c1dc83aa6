"""`limner inspect`: what is in a model file, what it costs, and a draft of its card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from limner.errors import ModelError, OptionError


def command(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A .onnx or .tflite file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    card_out: Annotated[
        Path | None, typer.Option("--card-out", metavar="FILE", help="Write the drafted card here; never over a file.")
    ] = None,
) -> None:
    """Inputs, outputs, operators, parameters and multiply-accumulates of any model file, and a draft of its card."""
    from limner.models.drafting import Draft, draft_card
    from limner.models.inspection import inspect_model

    if card_out is not None and card_out.exists():
        raise OptionError(f"--card-out {card_out}: exists already; name another file, or remove it first")
    report = inspect_model(model)
    draft: Draft | None = None
    problem = ""
    try:
        draft = draft_card(report)
    except ModelError as error:
        if card_out is not None:
            raise
        problem = str(error)
    if draft is not None and card_out is not None:
        draft.card.save(card_out)
    if as_json:
        data: dict[str, Any] = report.to_dict()
        data["card"] = None if draft is None else draft.card.to_dict()
        data["confirm"] = {} if draft is None else dict(draft.guesses)
        print(json.dumps(data, indent=2, ensure_ascii=False))
        return
    for line in _lines(report):
        print(line)
    print()
    if draft is None:
        print(problem)
        return
    print("Card, drafted. Confirm what is guessed:")
    for field, why in draft.guesses:
        print(f"  ? {field:<24}{why}")
    if card_out is not None:
        print(f"Written to {card_out}")
    else:
        print(f"Write it with: limner inspect {model} --card-out {model.with_suffix('.json')}")


def _lines(report: Any) -> list[str]:
    from limner.models.drafting import show_shape

    size = report.bytes / 1e6
    lines = [f"{report.file}: {report.format}, {size:.2f} MB, {report.version}, producer {report.producer}"]
    for title, tensors in (("input", report.inputs), ("output", report.outputs)):
        lines += [f"  {title:<12}{t.name}  {show_shape(t.shape)}  {t.dtype}" for t in tensors]
    macs = "unknown: shapes are open" if report.macs is None else f"{report.macs / 1e6:,.1f} million"
    lines += [f"  {'parameters':<12}{report.parameters:,}", f"  {'MACs':<12}{macs}"]
    operators = [f"{name} ×{count}" for name, count in report.operators.items()]
    lines.append(f"  {'operators':<12}{sum(report.operators.values())}: {', '.join(operators)}")
    lines += [f"  {'metadata':<12}{key}: {value}" for key, value in report.metadata.items()]
    return lines
