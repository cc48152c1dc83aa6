"""The flicker protocol: how restless mattes are on clips made from photos, and how fast a wrong prior is outgrown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import cv2
import numpy as np

from limner.errors import DataError
from limner.evaluation import metrics
from limner.evaluation.clips import SHAKE, Clip, make_clip
from limner.evaluation.contenders import Alpha, VideoMaker
from limner.frame import Frame

CLIPS, FRAMES, WARM_UP = 24, 12, 3
"""Photos, frames of each clip, and how many of these come before the scores begin: a start is no flicker."""
OUTGROWN = 0.01
"""A wrong prior is outgrown when the IoU is less than this below that of a clip without one, and stays there."""
IN_TIME = 3
WRONG_PRIORS = ("empty", "full", "shifted", "someone else")

Picture = tuple[Frame, Alpha]
"""RGB uint8 (H, W, 3) and true alpha float32 (H, W)."""


@dataclass(frozen=True, slots=True)
class Flicker:
    """Means over clips; for definitions see ``limner.evaluation.metrics.video``.

    Attributes:
        flicker: on still pixels, from a tripod, in thousandths of alpha.
        dtssd, messddt: hand-held, against the truth that moves along.
        miou: in percent, over the frames of both kinds of clips.
        clips: photos that clips were made from.
    """

    flicker: float
    dtssd: float
    messddt: float
    miou: float
    clips: int

    def to_dict(self) -> dict[str, float]:
        """A name to a number."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Recovery:
    """How one kind of wrong prior is outgrown.

    Attributes:
        prior: which kind.
        frames: mean number of frames until it is; one that never is counts as all frames of the clip.
        in_time: share of the clips where three frames or less are enough, in percent.
        loss: points of IoU lost in the first frame, mean.
    """

    prior: str
    frames: float
    in_time: float
    loss: float


def play(maker: VideoMaker, frames: Sequence[Frame] | np.ndarray, *, prior: Alpha | None = None) -> Alpha:
    """Mattes (T, H, W) of a clip; each frame's matte is the next one's prior, ``prior`` is the first one's."""
    alphas = []
    for frame in frames:
        prior = maker(np.ascontiguousarray(frame), prior)
        alphas.append(prior)
    return np.stack(alphas)


def measure_flicker(
    makers: Mapping[str, VideoMaker],
    pictures: Iterable[Picture],
    *,
    frames: int = FRAMES,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Flicker]:
    """Play a tripod clip and a hand-held clip of every picture to every maker. Equal seeds give equal clips.

    Args:
        makers: by name.
        pictures: photos and their truth.
        frames: of each clip, the warm-up included.
        seed: of the clips.
        progress: called with the number of pictures done.

    Raises:
        DataError: there are no pictures.
    """
    rows: dict[str, list[tuple[float, ...]]] = {name: [] for name in makers}
    for index, (rgb, truth) in enumerate(pictures):
        steady = make_clip(rgb, truth, frames=frames, seed=_seed(seed, index, 0))
        shaken = make_clip(rgb, truth, frames=frames, seed=_seed(seed, index, 1), shake=SHAKE)
        for name, maker in makers.items():
            rows[name].append(_restlessness(maker, steady, shaken))
        if progress is not None:
            progress(index + 1)
    if not any(rows.values()):
        raise DataError("flicker: there are no photos to make clips from")
    return {name: _mean(clips) for name, clips in rows.items()}


def _restlessness(maker: VideoMaker, steady: Clip, shaken: Clip) -> tuple[float, ...]:
    still, moving = play(maker, steady.frames)[WARM_UP:], play(maker, shaken.frames)[WARM_UP:]
    truths = shaken.truths[WARM_UP:]
    miou = [
        metrics.mean_iou(alpha > 0.5, truth > 0.5)
        for alphas, known in ((still, steady.truths[WARM_UP:]), (moving, truths))
        for alpha, truth in zip(alphas, known, strict=True)
    ]
    return (
        metrics.flicker(still, metrics.still_pixels(steady.truths[WARM_UP:])),
        metrics.dtssd(moving, truths),
        metrics.messddt(moving, truths, shaken.flows[WARM_UP:]),
        100 * float(np.mean(miou)),
    )


def _mean(clips: list[tuple[float, ...]]) -> Flicker:
    flicker, dtssd, messddt, miou = (float(value) for value in np.mean(clips, axis=0))
    return Flicker(flicker, dtssd, messddt, miou, len(clips))


def measure_recovery(
    maker: VideoMaker, pictures: Sequence[Picture], *, frames: int = 6, seed: int = 0
) -> list[Recovery]:
    """Let ``maker`` settle on a clip, hand it a wrong prior, and count the frames until it is as good as without.

    Priors: nobody, everything, the truth moved by a third of the picture, and the truth of the next picture.

    Args:
        maker: one that looks at the prior; any other one outgrows it at once.
        pictures: photos and their truth.
        frames: that it has for it.
        seed: of the clips.

    Raises:
        DataError: there are no pictures.
    """
    if not pictures:
        raise DataError("recovery: there are no photos to make clips from")
    found: dict[str, list[tuple[int, float]]] = {name: [] for name in WRONG_PRIORS}
    for index, (rgb, truth) in enumerate(pictures):
        clip = make_clip(rgb, truth, frames=WARM_UP + frames, seed=_seed(seed, index, 2))
        person = clip.truths[WARM_UP:] > 0.5
        expected = _ious(play(maker, clip.frames)[WARM_UP:], person)
        for name, prior in _wrong_priors(truth, pictures[(index + 1) % len(pictures)][1]).items():
            lost = expected - _ious(play(maker, clip.frames[WARM_UP:], prior=prior), person)
            behind = np.flatnonzero(lost > OUTGROWN)
            found[name].append((int(behind[-1]) + 2 if behind.size else 1, float(lost[0])))
    return [_recovery(name, cases, frames) for name, cases in found.items()]


def _recovery(name: str, cases: list[tuple[int, float]], frames: int) -> Recovery:
    needed = np.array([case[0] for case in cases])
    loss = 100 * float(np.mean([case[1] for case in cases]))
    return Recovery(name, float(np.minimum(needed, frames).mean()), 100 * float((needed <= IN_TIME).mean()), loss)


def _wrong_priors(truth: Alpha, other: Alpha) -> dict[str, Alpha]:
    height, width = truth.shape
    priors = (
        np.zeros_like(truth),
        np.ones_like(truth),
        np.roll(truth, (height // 6, width // 3), axis=(0, 1)),
        cv2.resize(other, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32),
    )
    return dict(zip(WRONG_PRIORS, priors, strict=True))


def _ious(alphas: Alpha, person: np.ndarray) -> np.ndarray:
    return np.array([metrics.iou(alpha > 0.5, truth) for alpha, truth in zip(alphas, person, strict=True)])


def _seed(seed: int, index: int, kind: int) -> int:
    return int(np.random.SeedSequence([seed, index, kind]).generate_state(1)[0])
