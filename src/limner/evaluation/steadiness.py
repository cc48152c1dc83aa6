"""How steady the mattes of a clip are, how right, and how far behind: on clips with exact truth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from limner.datasets.moving_clips import MovingClip, Span
from limner.errors import DataError
from limner.evaluation import metrics
from limner.evaluation.contenders import Alpha
from limner.segment.base import MatteStream

OFFSETS = (-1, 0, 1, 2, 3)
_WARM_UP = 2


@dataclass(frozen=True, slots=True)
class Steadiness:
    """Scores of one clip, or their means over clips.

    Attributes:
        flicker: mean change of alpha on pixels that show the same thing in a frame and the next, in thousandths.
        miou: in percent.
        lag: frames that boundaries are behind in fast motion: how old the truth is that they fit best, by Boundary IoU.
        boundary_iou: in percent, in fast motion, with the truth of the frame itself.
    """

    flicker: float
    miou: float
    lag: float
    boundary_iou: float

    def to_dict(self) -> dict[str, float]:
        """A name to a number."""
        return asdict(self)


def play_stream(stream: MatteStream, clip: MovingClip) -> Alpha:
    """The mattes (T, H, W) of a clip, each at the place of its own frame."""
    done = [result for frame in clip.frames for result in stream.push(np.ascontiguousarray(frame))]
    return np.stack([matte.alpha for _, _, matte in [*done, *stream.flush()]])


def score(alphas: Alpha, clip: MovingClip, spans: Sequence[Span]) -> Steadiness:
    """Scores of the mattes (T, H, W) of a clip that was made of these spans; one of them must be fast."""
    ious = [metrics.mean_iou(a > 0.5, t > 0.5) for a, t in zip(alphas, clip.truths, strict=True)]
    by_offset = boundary_by_offset(alphas, clip, spans)
    return Steadiness(
        flicker=metrics.flicker(alphas[_WARM_UP:], clip.still[_WARM_UP:]),
        miou=100 * float(np.mean(ious)),
        lag=float(max(by_offset, key=lambda offset: by_offset[offset])),
        boundary_iou=by_offset[0],
    )


def boundary_by_offset(alphas: Alpha, clip: MovingClip, spans: Sequence[Span]) -> dict[int, float]:
    """Boundary IoU in percent in fast motion, with the truth of some frames before; -1 is the frame after."""
    fast = [
        t
        for t in range(max(OFFSETS), len(alphas) + min(OFFSETS))
        if spans[clip.spans[t]].person == "fast" and clip.spans[t - max(OFFSETS)] == clip.spans[t]
    ]
    if not fast:
        raise DataError(f"lag: the clip has no fast span of more than {max(OFFSETS)} frames")
    return {
        offset: 100
        * float(np.mean([metrics.boundary_iou(alphas[t] > 0.5, clip.truths[t - offset] > 0.5) for t in fast]))
        for offset in OFFSETS
    }


def mean_of(scores: Iterable[Steadiness]) -> Steadiness:
    """Means over clips; of the lag, the largest."""
    table = np.array([list(item.to_dict().values()) for item in scores])
    flicker, miou, _, boundary = (float(value) for value in table.mean(axis=0))
    return Steadiness(flicker, miou, float(table[:, 2].max()), boundary)
