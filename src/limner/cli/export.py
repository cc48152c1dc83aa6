"""`limner export`: turn trained weights into model files with their cards, for one runtime or for all."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from limner.cli.sizes import parse_size
from limner.errors import MissingExtraError, OptionError
from limner.kinds import ONNX


def command(
    *,
    model: Annotated[
        str | None,
        typer.Argument(
            help="Checkpoint of `limner train`, such as runs/fast/last.pt; a shipped model's name or a .onnx file of "
            "`limner export`; or, with --recipe, weights (.safetensors, .onnx)."
        ),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Instead of MODEL: a frozen TensorFlow graph (.pb), the folder of a SavedModel, or a model.json of "
            "TensorFlow.js, to make one .onnx file of, with a draft of its card.",
        ),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="Folder to write the files and their cards in; or one .onnx file to continue training from.",
        ),
    ],
    to: Annotated[
        str, typer.Option(help="Targets, such as onnx,openvino,litert; all is all of them (docs/exports.md).")
    ] = "onnx",
    precision: Annotated[
        str | None,
        typer.Option(
            help="Precisions, such as fp32,fp16,int8: each target makes those it has; all is all. [each target's first]"
        ),
    ] = None,
    output_kind: Annotated[
        str | None, typer.Option(help="What the files output: logits, sigmoid, argmax or packed. [sigmoid]")
    ] = None,
    layout: Annotated[str | None, typer.Option(help="Order of the axes: nchw or nhwc. [nchw]")] = None,
    dynamic: Annotated[str | None, typer.Option(help="Dynamic axes: none, batch, size or both. [none]")] = None,
    uint8_input: Annotated[
        bool, typer.Option("--uint8-input", help="The image input is uint8, 0 to 255; the graph scales it.")
    ] = False,
    name: Annotated[str | None, typer.Option(help="Name of the files. [the model's or the run's name]")] = None,
    recipe: Annotated[Path | None, typer.Option(help="Recipe of weights that are not a checkpoint.")] = None,
    size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Input size: pixels, or width x height. [the net's own]")
    ] = None,
    other_sizes: Annotated[
        str | None,
        typer.Option(
            metavar="WxH,…",
            help="One .onnx file: further sizes, for wide or tall frames, such as 336x192,288x224; none for none. "
            "[the model's own]",
        ),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(help="One .onnx file: store weights as fp16 (half the size) or fp32; computation is fp32. [fp16]"),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Data folder: val photos to check the files on, train photos to calibrate integers on."),
    ] = None,
    photos: Annotated[
        int | None, typer.Option(min=1, help="Val photos to check on, a share of each set. [100]")
    ] = None,
    calibration: Annotated[
        int | None, typer.Option(min=1, help="Train photos to calibrate on, a share of each set. [100]")
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser", help="Run ONNX files in headless Chromium too: a second row each.")
    ] = False,
    licence: Annotated[
        str | None, typer.Option(help="Licence of the weights, for the card. [the model's own, or unknown]")
    ] = None,
    note: Annotated[list[str] | None, typer.Option(help="A remark for the card; may be repeated.")] = None,
    origin: Annotated[
        str | None,
        typer.Option(help="Who trained the net, for the card. [the model's own, or trained with limner train]"),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the table for programs.")] = False,
) -> None:
    """Turn a trained net into files for many runtimes, each with its card, and check each against PyTorch.

    With a folder as --output every target and precision that is asked for is made, run on val photos (on noise without
    --data) and put in one table: errors, mIoU, Boundary IoU, size, load time and latency, red where a limit is missed.
    What cannot be made or run here says so in one line, and the others still finish. The command ends with 1 if a file
    failed or misses its limits.

    With one .onnx file as --output the file keeps the net's tensors by name: `limner train --init` can start from it.
    """
    if source is not None:
        other = {
            **{"--precision": precision, "--output-kind": output_kind, "--layout": layout, "--dynamic": dynamic},
            **{"--uint8-input": uint8_input or None, "--name": name, "--recipe": recipe, "--size": size},
            **{"--other-sizes": other_sizes, "--storage": storage, "--data": data, "--photos": photos},
            **{"--calibration": calibration, "--browser": browser or None, "--licence": licence, "--note": note},
            **{"--origin": origin, "--to": None if to == "onnx" else to},
        }
        for option in (option for option, value in other.items() if value is not None):
            raise OptionError(f"{option}: belongs to nets of Limner's own; --from takes --output and --json alone")
        _convert(source, out, model, as_json=json_)
        return
    if model is None:
        raise OptionError("MODEL is missing: name a checkpoint or a model, or a model of TensorFlow with --from")
    try:
        import onnxscript  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("limner export", str(error.name), "export") from None
    notes = tuple(note or ())
    sides = parse_size(size, "--size")
    pixels = None if sides is None else sides[::-1]  # arrays have the height first
    options = {
        "--precision": precision,
        "--output-kind": output_kind,
        "--layout": layout,
        "--dynamic": dynamic,
        "--uint8-input": uint8_input or None,
        "--name": name,
        "--photos": photos,
        "--calibration": calibration,
        "--browser": browser or None,
        "--json": json_ or None,
    }
    if out.suffix == ONNX and not out.is_dir():
        from limner.cli.export_one import export_one

        given = [option for option, value in options.items() if value is not None]
        if given:
            raise OptionError(f"{given[0]}: belongs to exports into a folder, not to the one file {out}; see --output")
        if to != "onnx":
            raise OptionError(f"--to {to}: makes several files; name a folder with --output, not {out}")
        export_one(
            model,
            out,
            recipe=recipe,
            size=pixels,
            other_sizes=_other_sizes(other_sizes),
            storage=storage,
            data=data,
            licence=licence,
            origin=origin,
            notes=notes,
        )
        _remind(sides)
        return
    from limner.cli.export_many import export_many

    if storage is not None:
        raise OptionError("--storage: belongs to one .onnx file; files in a folder have --precision")
    if other_sizes is not None:
        raise OptionError("--other-sizes: belongs to one .onnx file; files in a folder have the one --size")
    good = export_many(
        model,
        out,
        to=to,
        precision=precision,
        graph={
            "output": output_kind,
            "layout": layout and layout.upper(),
            "dynamic": dynamic,
            "uint8_input": uint8_input,
        },
        recipe=recipe,
        plan={
            "name": name,
            "size": pixels,
            "data": data,
            "photos": photos,
            "calibration": calibration,
            "browser": browser,
            "licence": licence,
            "origin": origin,
            "notes": notes,
        },
        as_json=json_,
    )
    _remind(sides)
    if not good:
        raise typer.Exit(1)


def _convert(source: Path, out: Path, model: str | None, *, as_json: bool) -> None:
    """A model of TensorFlow as one .onnx file."""
    from limner.export.foreign import convert
    from limner.models.files import stem_card
    from limner.models.pair import refuse_to_replace_foreign
    from limner.places import check_file, refuse_to_replace

    if model is not None:
        raise OptionError(f"--from {source}: takes the place of MODEL; leave {model} out")
    if out.suffix != ONNX or out.is_dir():
        raise OptionError(f"--output {out}: --from makes one .onnx file; name that")
    check_file(out, error=OptionError, option="output")
    refuse_to_replace([out, stem_card(out)], [source])
    refuse_to_replace_foreign(stem_card(out))
    done = convert(source, out)
    apart = (
        "not compared: TensorFlow cannot run it" if done.error is None else f"{done.error:.1g} from TensorFlow at most"
    )
    card = None if done.draft is None else stem_card(out)
    if as_json:
        confirm = {} if done.draft is None else dict(done.draft.guesses)
        said = {"file": str(out), "error": done.error, "card": card and str(card), "confirm": confirm}
        print(json.dumps(said, indent=2, ensure_ascii=False))
        return
    print(f"{out}: {out.stat().st_size / 1e6:.2f} MB, {apart}")
    if done.draft is None:
        print(done.problem)
        return
    print(f"{card}: drafted. Confirm what is guessed:")
    for field, why in done.draft.guesses:
        print(f"  ? {field:<24}{why}")


def _other_sizes(text: str | None) -> tuple[tuple[int, int], ...] | None:
    """(height, width) of each."""
    if text is None or text.strip().lower() == "none":
        return None if text is None else ()
    found = [parse_size(part, "--other-sizes") for part in text.split(",")]
    return tuple((sides[1], sides[0]) for sides in found if sides is not None)


def _remind(sides: tuple[int, int] | None) -> None:
    """Say which side of a size that is not square was the width: 0.1 took the height first. Goes with 0.3."""
    if sides is not None and sides[0] != sides[1]:
        size = "{}x{} is {} wide and {} high".format(*sides, *sides)
        print(f"limner: --size {size}; 0.1 took the height first", file=sys.stderr)
