"""Models for the page of measurements (`limner web`, then ?bench=1) at many sizes and precisions: make bench-models

    make bench-models [DATA=<labelled photos>] [OUT=build/bench-models] [ARGS="--sizes 128,256 --only fast"]
    limner web --models build/bench-models --open

Each net that ships, as ONNX, for LiteRT and for TensorFlow.js. Integers need DATA to be calibrated on. What is there
already is left alone, so an interrupted run can be finished.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from limner.export.exporting import Plan, Row, export_all
from limner.export.source import load_source
from limner.export.targets.base import make_target
from limner.nets.deployed import GraphOptions

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("fast", "tiny", "video")
SIZES = (128, 192, 256, 384, 512)
FLOAT = {"onnx": ("fp32", "fp16"), "litert": ("fp32", "fp16"), "tfjs": ("fp32", "fp16", "uint8")}
INTEGERS = {"onnx": ("int8",), "litert": ("int8-float-io",), "tfjs": ()}


def missing(out: Path, name: str, targets: Sequence[str], *, integers: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Target and precisions of the files of ``name`` that are not in ``out`` yet."""
    for target in targets:
        maker = make_target(target)
        wanted = FLOAT[target] + (INTEGERS[target] if integers else ())
        left = tuple(precision for precision in wanted if not (out / maker.file_name(name, precision)).exists())
        if left:
            yield target, left


def make(net: str, size: int, out: Path, targets: Sequence[str], data: Path | None) -> Iterator[Row]:
    """Make what is missing of a net at a size; a row for each file."""
    name = f"{net}-{size}"
    for target, precisions in missing(out, name, targets, integers=data is not None):
        plan = Plan(
            targets=(target,),
            precisions=precisions,
            options=GraphOptions(output="logits"),
            size=(size, size),
            name=name,
            data=data,
            photos=8,
        )
        yield from export_all(load_source(net, None), out, plan, progress=lambda done, of, what: None).rows


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="a data folder: integers are calibrated on its photos")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench-models", help="folder to write in")
    parser.add_argument("--only", default=",".join(NAMES), help="which nets [all that ship in three formats]")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="sides of the input, in pixels")
    parser.add_argument("--to", default=",".join(FLOAT), help="which formats: onnx, litert, tfjs [all]")
    options = parser.parse_args(arguments)
    bad = 0
    for net in options.only.split(","):
        for size in map(int, options.sizes.split(",")):
            for row in make(net, size, options.out, options.to.split(","), options.data):
                bad += row.state == "failed"
                print(f"{row.file}: {row.state} {row.reason}".rstrip(), file=sys.stderr if row.reason else sys.stdout)
    return int(bad > 0)


if __name__ == "__main__":
    raise SystemExit(main())
