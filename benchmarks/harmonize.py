"""What the effect `harmonize` takes off the error of recoloured people, and how long it takes beside `fast`."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from benchmarks.table import Row
from limner.datasets.manifest import PhotoFolder
from limner.datasets.pairs import held_out_pairs
from limner.effects.harmonize import Harmonize
from limner.evaluation.harmonization import (
    NOTHING,
    REINHARD,
    SIZE,
    model_fitter,
    score_fitters,
    usual_fitters,
)
from limner.matte import Matte
from limner.segment.segmenter import Segmenter

ROUNDS = 40
LEAST_BELOW, MOST_MS = 25.0, 20.0


def measure(data: Path | None, *, limit: int | None = None) -> list[Row]:
    """The time, and, with photos, the error on the held-out pairs."""
    rows = [_time()]
    if data is not None:
        rows += [_error(data, moved=False, limit=limit), _error(data, moved=True, limit=limit)]
    return rows


def _error(data: Path, *, moved: bool, limit: int | None) -> Row:
    pairs = list(islice(held_out_pairs(PhotoFolder(data), size=SIZE, moved=moved), limit))
    fitters = {name: fit for name, fit in usual_fitters().items() if name in (NOTHING, REINHARD)}
    scores = score_fitters(fitters | {"harmonize": model_fitter("harmonize")}, pairs)
    errors = {name: score.fmse for name, score in scores.items()}
    below = 100 * (1 - errors["harmonize"] / min(errors[NOTHING], errors[REINHARD]))
    kind = "moved into other light" if moved else "recoloured"
    return Row(
        what=f"`harmonize`: fMSE on {len(pairs)} held-out pairs, people {kind}",
        target="" if moved else f"≥ {LEAST_BELOW:g} % below",
        figure=f"{below:.1f} % below ({errors['harmonize']:.0f}; nothing {errors[NOTHING]:.0f}, Reinhard "
        f"{errors[REINHARD]:.0f})",
        passed=None if moved else below >= LEAST_BELOW,
        detail="mean squared error over the person's pixels; against the better of nothing and Reinhard's transfer",
        values=errors | {"below_percent": below},
    )


def _time() -> Row:
    cv2.setNumThreads(1)
    frame = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    alpha = np.zeros((SIZE, SIZE), np.float32)
    cv2.circle(alpha, (SIZE // 2, SIZE // 2), SIZE // 3, 1.0, -1)
    behind, matte = np.ascontiguousarray(frame[::-1]), Matte(alpha)
    effect, floor = Harmonize(), Segmenter("fast", threads=1, refine=False)
    calls: dict[str, Callable[[], object]] = {
        "harmonize": lambda: effect.fit(frame, behind, matte),
        "fast": lambda: floor.probability(frame),
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(ROUNDS):
        for name, call in calls.items():
            began = time.process_time()
            call()
            times[name].append((time.process_time() - began) * 1e3)
    ours, theirs = median(times["harmonize"]), median(times["fast"])
    return Row(
        what=f"`harmonize` on a frame of {SIZE}×{SIZE}, one core",
        target=f"≤ {MOST_MS:g} ms",
        figure=f"{ours:.1f} ms (`fast`: {theirs:.1f} ms)",
        passed=ours <= MOST_MS,
        detail=f"median of {ROUNDS} calls each, taking turns, CPU time, one thread",
        values={"harmonize_ms": ours, "fast_ms": theirs},
    )
