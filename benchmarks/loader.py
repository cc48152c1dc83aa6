"""How long a training sample takes to draw on one core, against the least that any loader does, in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import cv2
import numpy as np

from benchmarks.table import ROOT, Row
from limner.augment.photometric import Look
from limner.augment.priors import Priors
from limner.datasets.mix import Mix
from limner.datasets.photo_map import PhotoMap, prepare
from limner.datasets.sampler import Sampler

SIZES = (128, 160, 224)
SAMPLES, ROUNDS = 120, 4
RICH = Look(
    tone=0.85, filter=0.2, glow=0.1, soft=0.1, motion=0.05, lens=0.1, noise=0.1, sensor=0.2, jpeg=0.2, video=0.15
)


def measure(data: Path, work: Path) -> list[Row]:
    """Rows for the mix of recipes/from_nothing.yaml: as it is, with every augmentation, without light and camera."""
    from limner.tasks.recipes.recipe import load_recipe

    photos = prepare(data, work / "photos")
    mix = load_recipe(ROOT / "recipes" / "from_nothing.yaml").data
    everything = replace(
        mix,
        crowd=0.15,
        occluder=0.15,
        match_light=0.5,
        light_wrap=0.3,
        backlight=0.05,
        defocus=0.2,
        look=RICH,
        priors=Priors(),
    )
    rows = [compare(f"a sample of `fast` at {size} px", photos, mix, size) for size in SIZES]
    rows.append(compare("with every augmentation and a previous mask, 224 px", photos, everything, 224))
    rows.append(compare("geometry and composites alone, 224 px", photos, mix, 224, photometric=False))
    return rows


def compare(
    what: str,
    photos: PhotoMap,
    mix: Mix,
    size: int,
    *,
    photometric: bool = True,
    samples: int = SAMPLES,
    rounds: int = ROUNDS,
) -> Row:
    """CPU time of samples against that of the floor, one warp of a photo to ``size`` and one table lookup.

    Each sample is drawn ``rounds`` times and its best time counts, so that what else the machine does counts little.
    """
    cv2.setNumThreads(1)
    sampler = Sampler(photos, mix, seed=1, photometric=photometric)
    photo = np.random.default_rng(0).integers(0, 256, (512, 384, 3), dtype=np.uint8)
    matrix = np.array([[size / 384, 0, 0], [0, size / 512, 0]])
    levels = np.arange(256, dtype=np.uint8)[::-1].copy()

    def floor() -> None:
        cv2.LUT(cv2.warpAffine(photo, matrix, (size, size), borderMode=cv2.BORDER_REFLECT_101), levels)

    drawn, least = [], []
    for number in range(samples):
        drawn.append(min(_seconds(lambda n=number: sampler.draw(n, size)) for _ in range(rounds)))  # type: ignore[misc]
        least.append(_seconds(floor))
    own, base = fmean(drawn) * 1e3, float(np.quantile(least, 0.1)) * 1e3
    return Row(
        what=what,
        target="",
        figure=f"{own / base:.1f}× the floor ({own:.2f} ms, {base:.2f} ms)",
        passed=None,
        detail=f"mean of {samples} samples, each the best of {rounds}, CPU time; the floor is one warp and one table",
        values={"milliseconds": own, "floor_milliseconds": base, "ratio": own / base},
    )


def _seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start
