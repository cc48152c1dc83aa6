"""`limner models`: the models that ship, and the card of one."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from limner.model_card import PACKED, ModelCard, OutputSpec

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback(invoke_without_command=True)
def overview(context: typer.Context, as_json: _Json = False) -> None:
    """List the models that ship; `limner models show NAME` prints the card of one."""
    if context.invoked_subcommand is not None:
        return
    from limner.models.catalogue import ALIASES, list_models

    models = list_models()
    if as_json:
        print(json.dumps([_summary(m.card, m.path.stat().st_size) for m in models], indent=2, ensure_ascii=False))
        return
    for model in models:
        card = model.card
        names = [card.name, *(alias for alias, name in ALIASES.items() if name == card.name)]
        height, width = card.input.size
        print(f"{', '.join(names):<16}{height}×{width}  {model.path.stat().st_size / 1e6:.1f} MB  {card.licence}")
        print(f"{'':<16}{card.summary}")
        if scores := _scores(card):
            print(f"{'':<16}{scores}")


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name from `limner models`, or a model file.")],
    as_json: _Json = False,
) -> None:
    """Print a model's card, after checking the file against its sha256."""
    from limner.models.catalogue import find_model

    found = find_model(name)
    if as_json:
        print(json.dumps(found.card.to_dict(), indent=2, ensure_ascii=False))
        return
    for line in _card_lines(found.card):
        print(line)


def _scores(card: ModelCard) -> str:
    """The scores on photos with people, in a line; `limner models show` has all that was measured."""
    rows = [
        f"{item.on.removeprefix('val: ')} {item.metrics['miou']:.1f} / {item.metrics['boundary_iou']:.1f}"
        for item in card.measured
        if {"miou", "boundary_iou"} <= item.metrics.keys()
    ]
    return f"mIoU / Boundary IoU on val: {'; '.join(rows)}" if rows else ""


def _summary(card: ModelCard, size: int) -> dict[str, object]:
    return {"name": card.name, "bytes": size, **{k: v for k, v in card.to_dict().items() if k != "name"}}


def _card_lines(card: ModelCard) -> list[str]:
    spec, out = card.input, card.output
    lines = [f"{card.name}: {card.summary}" if card.summary else card.name]

    def add(title: str, text: str) -> None:
        lines.append(f"  {title:<12}{text}")

    add("file", f"{card.file}, sha256 {card.sha256 or 'not given'}")
    add("licence", card.licence)
    add("origin", card.origin)
    add(
        "input", f"{spec.name}: {spec.size[0]}×{spec.size[1]} (height × width), {spec.channels} channels, {spec.layout}"
    )
    add("", f"{spec.color_order}, (pixel × {spec.scale:.6g} - {list(spec.mean)}) / {list(spec.std)}, {spec.resize}")
    add(
        "output",
        f"{out.name}: {out.kind}"
        + (
            f", person is {_person(out)}"
            if out.kind in ("softmax", "argmax") or out.background_class is not None
            else ""
        )
        + f", rows of {out.width} pixels, {out.bits} in a number" * (out.kind == PACKED),
    )
    if card.training:
        for item in card.training.data:
            add("trained on", f"{item.name}: {item.photos} photos; {item.rights}")
        add("procedure", card.training.procedure)
    for figures in card.measured:
        metrics = ", ".join(f"{name} {value:g}" for name, value in figures.metrics.items())
        add("measured", f"{figures.on}: {metrics} ({figures.protocol})")
    for note in card.notes:
        add("note", note)
    return lines


def _person(out: OutputSpec) -> str:
    if out.background_class is not None:
        return f"every class but {out.background_class}"
    return f"class {out.person_class}"
