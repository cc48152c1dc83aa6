"""`limner inspect`: what is in a model file, what it costs, and a draft of its card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from limner.cli.flags import told
from limner.errors import ModelError, OptionError
from limner.places import check_file


def command(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL",
            help="A .onnx or .tflite file, the name of a shipped model, or a model of TensorFlow: .pb, SavedModel, "
            "model.json of TensorFlow.js.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    card_out: Annotated[
        Path | None, typer.Option("--card-out", metavar="FILE", help="Write the drafted card here; never over a file.")
    ] = None,
    advise: Annotated[
        bool,
        typer.Option(
            "--advise",
            help="Print instead what costs more than it should on phones, GPUs, Edge TPUs and in browsers, and what "
            "half precision would break. Exits with 1 where something is worth changing.",
        ),
    ] = False,
    edge_tpu: Annotated[
        bool,
        typer.Option(
            "--edge-tpu",
            help="Print instead which operators of a .tflite file an Edge TPU runs, and why others fall back to the "
            "CPU. Exits with 1 where some do.",
        ),
    ] = False,
    photo: Annotated[
        Path | None,
        typer.Option("--photo", metavar="FILE", help="With --advise: measure activations on this. [a sample portrait]"),
    ] = None,
) -> None:
    """Inputs, outputs, operators, parameters and multiply-accumulates of any model file, and a draft of its card."""
    from limner.inspect.drafting import Draft, draft_card
    from limner.inspect.inspection import inspect_model
    from limner.models.catalogue import all_names, find_model

    if not advise and photo is not None:
        raise OptionError("--photo: is what --advise measures activations on; give both")
    if advise and card_out is not None:
        raise OptionError("--card-out: --advise drafts no card; leave one of them out")
    looks_like_name = not model.suffix and len(model.parts) == 1 and not model.exists()
    if str(model) in all_names() or looks_like_name:
        model = find_model(str(model)).path
    if edge_tpu:
        if advise or card_out is not None:
            raise OptionError(f"--edge-tpu: does not go with {'--advise' if advise else '--card-out'}; leave one out")
        _edge_tpu(model, as_json)
        return
    if advise:
        _advise(model, photo, as_json)
        return
    if card_out is not None and card_out.exists():
        raise OptionError(f"--card-out {card_out}: exists already; name another file, or remove it first")
    if card_out is not None:
        check_file(card_out, error=OptionError, option="card_out")
    report = inspect_model(model)
    draft: Draft | None = None
    problem = ""
    try:
        draft = draft_card(report)
    except ModelError as error:
        if card_out is not None:
            raise
        problem = told(error)
    if draft is not None and card_out is not None:
        draft.card.save(card_out)
    if as_json:
        data: dict[str, Any] = report.to_dict()
        data["card"] = None if draft is None else draft.card.to_dict()
        data["told"] = {} if draft is None else dict(draft.told)
        data["confirm"] = {} if draft is None else dict(draft.guesses)
        print(json.dumps(data, indent=2, ensure_ascii=False))
        return
    for line in _lines(report):
        print(line)
    print()
    if draft is None:
        print(problem)
        return
    if draft.told:
        print("Card, drafted. The file says:")
        for field, why in draft.told:
            print(f"    {field:<24}{why}")
    print("Confirm what is guessed:" if draft.told else "Card, drafted. Confirm what is guessed:")
    for field, why in draft.guesses:
        print(f"  ? {field:<24}{why}")
    if card_out is not None:
        print(f"Written to {card_out}")
    else:
        print(f"Write it with: limner inspect {model} --card-out {model.with_suffix('.json')}")


def _edge_tpu(model: Path, as_json: bool) -> None:
    from dataclasses import asdict

    from limner.export.checks.edge_tpu import check_edge_tpu

    report = check_edge_tpu(model)
    if as_json:
        print(json.dumps({**asdict(report), "summary": report.summary()}, indent=2, ensure_ascii=False))
    else:
        print(f"{model}: " + "\n".join(report.lines()))
    if not report.whole:
        raise typer.Exit(1)


def _advise(model: Path, photo: Path | None, as_json: bool) -> None:
    from limner.inspect.advice.advise import advise
    from limner.inspect.drafting import draft_card
    from limner.inspect.inspection import inspect_model
    from limner.inspect.sample_feeds import sample_feeds, tensor_infos
    from limner.models.pair import card_beside

    report = inspect_model(model)
    pixels = _pixels(photo)
    size, feeds = None, None
    try:
        card = card_beside(model) or draft_card(report).card
        size = card.input.size
        feeds = sample_feeds(card, tensor_infos(report), pixels)
        findings = advise(model, feeds, size=size)
    except ModelError as error:
        if feeds is not None:
            raise
        findings = advise(model, told(error), size=size)
    if as_json:
        data = {"file": str(model), "findings": [finding.to_dict() for finding in findings]}
        print(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        print(f"{model}: {report.format}, checked with {photo or 'the sample portrait'}")
        for finding in findings:
            print(f"  {finding.level:<8}{finding.topic:<14}{finding.text}")
    if any(finding.level == "change" for finding in findings):
        raise typer.Exit(1)


def _pixels(photo: Path | None) -> Any:
    from limner.media.images import read_image
    from limner.samples import PORTRAIT

    return read_image(photo or PORTRAIT).pixels


def _shape(report: Any, tensor: Any) -> str:
    from limner.inspect.drafting import show_shape

    known = tensor.shape or report.format in ("ONNX", "TFLite")
    return show_shape(tensor.shape) if known else "(shape not in the file)"


def _lines(report: Any) -> list[str]:
    size = report.bytes / 1e6
    lines = [f"{report.file}: {report.format}, {size:.2f} MB, {report.version}, producer {report.producer}"]
    for title, tensors in (("input", report.inputs), ("output", report.outputs)):
        lines += [f"  {title:<12}{t.name}  {_shape(report, t)}  {t.dtype}" for t in tensors]
    unknown = (
        "unknown: shapes are open" if report.format in ("ONNX", "TFLite") else "not counted: shapes are not in the file"
    )
    macs = unknown if report.macs is None else f"{report.macs / 1e6:,.1f} million"
    lines += [f"  {'parameters':<12}{report.parameters:,}", f"  {'MACs':<12}{macs}"]
    operators = [f"{name} ×{count}" for name, count in report.operators.items()]
    lines.append(f"  {'operators':<12}{sum(report.operators.values())}: {', '.join(operators)}")
    lines += [f"  {'metadata':<12}{key}: {value}" for key, value in report.metadata.items()]
    return lines
