"""Harmonization measured: fMSE on held-out pairs, of doing nothing, of Reinhard's transfer and of nets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.datasets.manifest import PhotoFolder
from limner.datasets.pairs import Pair, held_out_pairs
from limner.effects.color_transfer import ColorTransfer
from limner.effects.harmonize import Harmonize
from limner.evaluation.metrics.composites import foreground_mse
from limner.matte import Matte

if TYPE_CHECKING:
    from limner.nets.harmonizer import Harmonizer

from limner.frame import Frame

Fitter = Callable[[Frame, NDArray[np.uint8]], Frame]
"""Composite RGB uint8 (H, W, 3) and mask uint8 (H, W) to what it should look like."""

SIZE = 256
NOTHING, REINHARD, TRANSFER = "nothing", "reinhard", "color_transfer"


@dataclass(frozen=True, slots=True)
class FitScore:
    """How one contender did.

    Attributes:
        fmse: mean over the pairs.
        median_fmse: the middle one.
        better: share of the pairs, in [0, 1], that it brought nearer to the truth.
        milliseconds: median time a pair, on one core.
    """

    fmse: float
    median_fmse: float
    better: float
    milliseconds: float


def score_fitters(
    fitters: Mapping[str, Fitter], pairs: Iterable[Pair], *, progress: Callable[[int], None] | None = None
) -> dict[str, FitScore]:
    """Score each on all pairs, taking turns, so that whatever else the machine does falls on all."""
    errors: dict[str, list[float]] = {name: [] for name in fitters}
    times: dict[str, list[float]] = {name: [] for name in fitters}
    before: list[float] = []
    for done, pair in enumerate(pairs, start=1):
        before.append(foreground_mse(pair.composite, pair.truth, pair.mask))
        for name, fit in fitters.items():
            began = time.process_time()
            said = fit(pair.composite, pair.matte)
            times[name].append(time.process_time() - began)
            errors[name].append(foreground_mse(said, pair.truth, pair.mask))
        if progress is not None:
            progress(done)
    return {
        name: FitScore(
            fmse=float(np.mean(errors[name])),
            median_fmse=median(errors[name]),
            better=float(np.mean(np.array(errors[name]) < before)),
            milliseconds=median(times[name]) * 1e3,
        )
        for name in fitters
    }


def usual_fitters() -> dict[str, Fitter]:
    """What every net must beat: doing nothing, Reinhard's transfer, and the effect made of it at its own strength."""
    return {NOTHING: lambda composite, _: composite.copy(), REINHARD: reinhard, TRANSFER: _transfer}


def model_fitter(model: str | Path) -> Fitter:
    """The effect with this model, as `limner image` runs it.

    Raises:
        ModelError: it cannot be used.
    """
    effect = Harmonize(model=model)

    def fit(composite: Frame, mask: NDArray[np.uint8]) -> Frame:
        matte = _matte(mask)
        return _over(effect.fit(composite, composite, matte), composite, matte)

    return fit


def net_fitter(net: Harmonizer, size: int) -> Fitter:
    """A torch net that sees composites at ``size`` pixels square."""
    import torch

    from limner.adjustment import Adjustment

    @torch.no_grad()
    def fit(composite: Frame, mask: NDArray[np.uint8]) -> Frame:
        planes = cv2.merge([*cv2.split(composite), mask])
        small = cv2.resize(planes, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        numbers = net(torch.from_numpy(small.transpose(2, 0, 1)[None].copy()))
        return _over(Adjustment.from_vector(numbers[0].numpy()).apply(composite), composite, _matte(mask))

    return fit


def net_scores(net: Harmonizer, size: int, data: Path) -> dict[str, float]:
    """fMSE of doing nothing, of Reinhard's transfer and of the net; "score" is the percentage that the net takes off
    the better of the first two."""
    fitters = {NOTHING: usual_fitters()[NOTHING], REINHARD: reinhard, "net": net_fitter(net, size)}
    scores = score_fitters(fitters, held_out_pairs(PhotoFolder(data), size=SIZE))
    fmse = {name: score.fmse for name, score in scores.items()}
    score = 100 * (1 - fmse["net"] / min(fmse[NOTHING], fmse[REINHARD]))
    return {f"fMSE {name}": value for name, value in fmse.items()} | {"score": score}


def reinhard(composite: Frame, mask: NDArray[np.uint8]) -> Frame:
    """The person's mean and deviation in CIELAB made those of the background (Reinhard et al. 2001)."""
    inside = mask > 127
    if not inside.any() or inside.all():
        return composite.copy()
    lab = cv2.cvtColor(composite.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    own, theirs = lab[inside], lab[~inside]
    scale = theirs.std(0) / np.maximum(own.std(0), 1e-3)
    moved = ((lab - own.mean(0)) * scale + theirs.mean(0)).astype(np.float32)
    rgb = cv2.cvtColor(moved, cv2.COLOR_LAB2RGB)
    return _over((rgb.clip(0, 1) * 255 + 0.5).astype(np.uint8), composite, _matte(mask))


def _transfer(composite: Frame, mask: NDArray[np.uint8]) -> Frame:
    return ColorTransfer()(composite, _matte(mask))


def _matte(mask: NDArray[np.uint8]) -> Matte:
    return Matte(np.asarray(mask, np.float32) / np.float32(255))


def _over(fitted: Frame, composite: Frame, matte: Matte) -> Frame:
    """``fitted`` where the person is; at edges as much of it as of them."""
    return np.asarray(cv2.blendLinear(fitted, composite, matte.alpha, 1 - matte.alpha), np.uint8)
