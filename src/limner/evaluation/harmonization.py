"""Harmonization measured: fMSE on held-out pairs, of doing nothing, of Reinhard's transfer and of nets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
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
from limner.errors import DataError
from limner.evaluation.metrics.composites import foreground_mse
from limner.evaluation.scorer import EvalOptions, Grid, Scored, Scorer, Stage
from limner.kinds import is_checkpoint
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


class HarmonizationScorer(Scorer):
    """fMSE on held-out pairs, beside that of no change and of Reinhard's transfer; see docs/harmonize.md."""

    masks = ("hand", "auto")
    takes = frozenset(["limit"])

    def net_scores(self, net: Harmonizer, size: int, data: Path) -> dict[str, float]:
        """fMSE of doing nothing, of Reinhard's transfer and of the net; "score" is the percentage that the net takes
        off the better of the first two."""
        fitters = {NOTHING: usual_fitters()[NOTHING], REINHARD: reinhard, "net": net_fitter(net, size)}
        scores = score_fitters(fitters, held_out_pairs(PhotoFolder(data), size=SIZE))
        fmse = {name: score.fmse for name, score in scores.items()}
        score = 100 * (1 - fmse["net"] / min(fmse[NOTHING], fmse[REINHARD]))
        return {f"fMSE {name}": value for name, value in fmse.items()} | {"score": score}

    def score(self, models: Sequence[str], data: Path, options: EvalOptions, stage: Stage) -> Scored:
        fitters = usual_fitters() | {model: _fitter(model) for model in models}
        with stage("fitting", "pairs") as tell:
            pairs = list(islice(held_out_pairs(PhotoFolder(data)), options.limit))
            if not pairs:
                raise DataError(f"‹data› {data}: no photo of the split val has a person and a background of its own")
            scores = score_fitters(fitters, pairs, progress=lambda done: tell(done, len(pairs)))
        bar = min(scores[NOTHING].fmse, scores[REINHARD].fmse)
        heads = ("", "fMSE", "median", "nearer", "ms", "below the better of nothing and reinhard")
        rows = tuple(
            (
                name,
                f"{score.fmse:.1f}",
                f"{score.median_fmse:.1f}",
                f"{score.better:.0%}",
                f"{score.milliseconds:.1f}",
                "" if name in (NOTHING, REINHARD) else f"{100 * (1 - score.fmse / bar):.1f} %",
            )
            for name, score in scores.items()
        )
        told = f"{len(pairs)} held-out pairs at {SIZE} px; fMSE over the person's pixels, lower is better"
        return Scored({name: asdict(score) for name, score in scores.items()}, (told, Grid(heads, rows)))


def _fitter(model: str) -> Fitter:
    if not is_checkpoint(model):
        return model_fitter(model)
    from limner.tasks.harmonization import load_harmonizer

    net, recipe, _ = load_harmonizer(Path(model))
    return net_fitter(net, recipe.input_size)


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
