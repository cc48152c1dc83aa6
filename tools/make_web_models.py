"""Makes the models that the browser's LiteRT and TensorFlow.js run, out of the ONNX files that ship.

    make web-models [DATA=<labelled photos>] [ARGS="--only fast"]

They lie in src/limner/web/models. Inputs and outputs are float32; the output is logits, because a sigmoid of these
runtimes clamps, and a clamp makes a number of what is none. Weights are float16 for TensorFlow.js, which widens them
when it loads them; LiteRT would do so in every frame. With DATA each file is compared with PyTorch on val photos,
otherwise on noise. The toolchains (5 GB) are made on first use.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from limner.export.exporting import Plan, Row, export_all
from limner.export.source import load_source
from limner.models.card import ModelCard
from limner.models.catalogue import find_model
from limner.models.files import export_card
from limner.nets.deployed import GraphOptions

SHIPPED = Path(__file__).resolve().parents[1] / "src" / "limner" / "web" / "models"
NAMES = ("fast", "tiny", "video")
TARGETS = {"litert": ".tflite", "tfjs": ".tfjs"}
PRECISIONS = {"litert": "fp32", "tfjs": "fp16"}


def made_from(name: str) -> str:
    """The card's note about the file that a model was made from."""
    return f"Made from {name}.onnx, sha256 {find_model(name).card.sha256}."


def make(name: str, target: str, out: Path, *, data: Path | None = None, size: tuple[int, int] | None = None) -> Row:
    """Make one model with its card in the folder ``out``: ``<name><suffix>`` and ``<name>.json``.

    Returns:
        What the export found. Nothing is written where it is not good.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".making-") as aside:
        plan = Plan(
            targets=(target,),
            precisions=(PRECISIONS[target],),
            options=GraphOptions(output="logits"),
            size=size,
            data=data,
            notes=(made_from(name),),
        )
        row = export_all(load_source(name, None), Path(aside), plan, progress=_say).rows[0]
        if row.state == "checked" and row.good:
            found = Path(aside) / row.file
            card = ModelCard.load(export_card(found))
            if target == "tfjs" and size is None:
                card = with_other_sizes(card, name)
            _put(found, out / f"{name}{TARGETS[target]}", card)
    return row


def with_other_sizes(card: ModelCard, name: str) -> ModelCard:
    """The card with the further sizes of the .onnx file, which web/lib/src/graph_size.ts gives a graph model."""
    return replace(card, input=replace(card.input, other_sizes=find_model(name).card.input.other_sizes))


def _put(found: Path, model: Path, card: ModelCard) -> None:
    if model.is_dir():
        shutil.rmtree(model)
    found.replace(model)
    replace(card, name=model.stem, file=model.name).save(model.with_suffix(".json"))


def _say(done: int, whole: int, what: str) -> None:
    print(f"  {done}/{whole} {what}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    bad = 0
    for name in options.only:
        for target in options.to:
            print(f"{name} for {target}")
            row = make(name, target, options.out / target, data=options.data)
            good = row.state == "checked" and row.good
            bad += not good
            print(f"  {row.figures}" if good else f"  {row.state}: {row.reason} {row.missed or ''}")
    return int(bad > 0)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="a data folder: files are compared on its val photos")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(NAMES), help="which nets [all]")
    parser.add_argument("--to", type=lambda text: text.split(","), default=list(TARGETS), help="litert, tfjs [both]")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="folder to write litert/ and tfjs/ in")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
