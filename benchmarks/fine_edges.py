"""Fine edges against the guided filter and closed-form matting, and what they cost a photo of 12 megapixels.

    python -m benchmarks.fine_edges --data <folder> [--limit 40] [--write]

Composites of held-out people of known alpha (see docs/fine-edges.md). Closed-form matting (Levin et al. 2008) is
pymatting's, in an environment of its own under build/bench; it is told the same unknown band as a trimap.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import limner
from limner.datasets.held_out_edges import held_out_edges
from limner.datasets.manifest import PhotoFolder
from limner.evaluation.edges import (
    GUIDED,
    SIZE,
    EdgeScore,
    edge_cases,
    guided,
    model_drawer,
    score_drawers,
    trimap,
)
from limner.fitting import fit_frame
from limner.segment.fine import FineEdges
from limner.segment.pyramid import build_pyramid
from limner.segment.refine import refine

ROOT = Path(__file__).resolve().parents[1]
PYMATTING = "pymatting==1.1.16"
CLOSED_FORM = "closed-form matting"
FINE = "fine"
PAGE = ROOT / "docs" / "fine-edges.md"
_BEGIN, _END = "<!-- measured -->", "<!-- end -->"
_ROUNDS = 7
_PHOTO = (3000, 4000)

# Told a picture without an unknown pixel, pymatting 1.1.16 raises; those pass as they are.
_SOLVE = """
import sys
import numpy
from pymatting import estimate_alpha_cf
told = numpy.load(sys.argv[1])
pictures, trimaps = told["pictures"] / 255.0, told["trimaps"].astype(float)
alphas = [
    estimate_alpha_cf(picture, trimap) if (trimap == 0.5).any() else trimap
    for picture, trimap in zip(pictures, trimaps)
]
numpy.save(sys.argv[2], numpy.stack(alphas).astype(numpy.float32))
"""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    cases = edge_cases(islice(held_out_edges(PhotoFolder(options.data)), options.limit))
    told = closed_form([(picture, trimap(truth)) for _, picture, _, truth in cases], options.python)
    solved = {picture.tobytes(): alpha for (_, picture, _, _), alpha in zip(cases, told, strict=True)}
    drawers = {
        GUIDED: guided,
        CLOSED_FORM: lambda picture, rough: solved[picture.tobytes()],
        FINE: model_drawer("edges"),
    }
    scores = score_drawers(drawers, cases)
    seconds = photo_seconds(threads=options.threads)
    text = table(scores, len(cases), seconds, options.threads)
    print(text)
    if options.write:
        page = PAGE.read_text(encoding="utf-8")
        head, rest = page.split(_BEGIN)
        PAGE.write_text(f"{head}{_BEGIN}\n{text}\n{_END}{rest.split(_END)[1]}", encoding="utf-8")
    return 0


def closed_form(
    cases: Sequence[tuple[NDArray[np.uint8], NDArray[np.float32]]], python: Path | None = None
) -> NDArray[np.float32]:
    """Alphas (N, S, S) of pictures and trimaps, by pymatting in another Python; None makes one under build/bench."""
    with tempfile.TemporaryDirectory() as folder:
        told, alphas = Path(folder) / "told.npz", Path(folder) / "alphas.npy"
        np.savez(told, pictures=np.stack([case[0] for case in cases]), trimaps=np.stack([case[1] for case in cases]))
        subprocess.run([python or _environment(), "-c", _SOLVE, told, alphas], check=True, stdout=subprocess.DEVNULL)
        solved: NDArray[np.float32] = np.load(alphas)
    return solved


def photo_seconds(*, threads: int) -> dict[str, float]:
    """Median seconds for the edges of a photo of 12 megapixels, the net that finds the person apart."""
    frame = fit_frame(limner.read_image(ROOT / "src/limner/samples/portrait.jpg").pixels, _PHOTO, "cover")
    probability = limner.Segmenter("default", threads=threads).probability(frame)
    pyramid, fine = build_pyramid(frame), FineEdges(threads=threads)
    draws = {
        GUIDED: lambda: refine(probability, pyramid, softness=0.6),
        FINE: lambda: fine.draw(probability, pyramid),
    }
    spent: dict[str, list[float]] = {name: [] for name in draws}
    for _ in range(_ROUNDS):
        for name, draw in draws.items():
            began = time.perf_counter()
            draw()
            spent[name].append(time.perf_counter() - began)
    return {name: statistics.median(times) for name, times in spent.items()}


def table(scores: dict[str, EdgeScore], count: int, seconds: dict[str, float], threads: int) -> str:
    """Markdown."""
    bar = asdict(scores[GUIDED])
    lines = [
        f"{count} composites at {SIZE} px; lower is better, and in brackets how far below the guided filter.",
        "",
        "| | SAD | gradient | connectivity |",
        "|---|---|---|---|",
    ]
    for name in (GUIDED, CLOSED_FORM, FINE):
        cells = [
            f"{value:.3f}" + ("" if name == GUIDED else f" ({100 * (1 - value / bar[field]):+.0f} %)")
            for field, value in asdict(scores[name]).items()
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    took = ", ".join(f"{name} {1000 * value:.0f} ms" for name, value in seconds.items())
    return "\n".join([*lines, "", f"Edges of a photo of 12 megapixels, {threads} threads, medians of one run: {took}."])


def _environment() -> Path:
    folder = ROOT / "build" / "bench" / "pymatting"
    python = folder / "bin" / "python"
    if not (folder / "ready").is_file():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", PYMATTING], check=True)
        (folder / "ready").touch()
    return python


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the labelled photos")
    parser.add_argument("--limit", type=int, help="composites at most")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--python", type=Path, help=f"one that has {PYMATTING}; made if left out")
    parser.add_argument("--write", action="store_true", help="write the table into docs/fine-edges.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
