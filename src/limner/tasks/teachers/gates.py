"""Gates: which of a teacher's masks count, and which a person should look at first."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.errors import OptionError
from limner.tasks.teachers.passes import View, iou

_LEAST_AREA = 0.002
_THIN = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What a mask must reach to count. All values lie in [0, 1].

    Attributes:
        agree: mean IoU of the passes with their mean, where all models find people.
        kinds: IoU of what finds people with what finds any salient object, where the teacher has both.
        blob: area of the largest region on which these two disagree, as a share of the person's (1 if more), at most.
        people: IoU of each two models that find people.
        reject: below this the least of agreement, people and kinds says that the masks are not worth a look.
    """

    agree: float = 0.9
    kinds: float = 0.85
    blob: float = 0.06
    people: float = 0.7
    reject: float = 0.4

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not 0 <= getattr(self, name) <= 1:
                raise OptionError(f"‹{name}›: must lie in [0, 1], not {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class Scores:
    """How far a teacher's models agree on one photo; see ``Gates``. ``area`` is the person's share of the photo.

    ``kinds`` and ``blob`` are None where the models are all of one kind.
    """

    agreement: float
    people: float
    kinds: float | None
    blob: float | None
    area: float

    @property
    def least(self) -> float:
        """The worst of the agreements: how sure the teachers are together."""
        return min(self.agreement, self.people, 1.0 if self.kinds is None else self.kinds)


def score(view: View) -> Scores:
    """The scores of what a teacher saw."""
    person = view.probability > 0.5
    each = [seen > 0.5 for seen in view.people]
    people = min((iou(one, other) for one, other in combinations(each, 2)), default=1.0)
    kinds = blob = None
    if view.everybody is not None and view.salient is not None:
        first, second = view.everybody > 0.5, view.salient > 0.5
        blob = min(1.0, round(_largest_region(first ^ second) / max(1, int(person.sum())), 4))
        kinds = round(iou(first, second), 4)
    return Scores(round(view.agreement, 4), round(people, 4), kinds, blob, round(float(person.mean()), 4))


def verdict(scores: Scores, gates: Gates) -> str:
    """ "keep" where a mask counts, "reject" where it is not worth a look, else "ask"."""
    if not why_not(scores, gates):
        return "keep"
    return "reject" if scores.least < gates.reject else "ask"


def why_not(scores: Scores, gates: Gates) -> str:
    """What keeps a mask from counting, in words, for the list of those to look at; "" where it counts."""
    reasons = []
    if scores.area < _LEAST_AREA:
        reasons.append("finds nobody")
    if scores.kinds is None and scores.agreement < gates.agree:
        reasons.append(f"the passes disagree ({scores.agreement:.2f} < {gates.agree:g})")
    if scores.people < gates.people:
        reasons.append(f"the models that find people disagree ({scores.people:.2f} < {gates.people:g})")
    if scores.kinds is not None and scores.kinds < gates.kinds:
        reasons.append(f"what stands out is not who is found ({scores.kinds:.2f} < {gates.kinds:g})")
    if scores.blob is not None and scores.blob > gates.blob:
        reasons.append(f"a region is in dispute ({scores.blob:.2f} > {gates.blob:g})")
    return "; ".join(reasons)


def _largest_region(disputed: NDArray[np.bool_]) -> int:
    """Pixels of the largest connected region; lines thinner than 1 % of the longer side do not count."""
    width = max(3, round(_THIN * max(disputed.shape)) | 1)
    kernel = np.ones((width, width), np.uint8)
    opened = np.asarray(cv2.morphologyEx(disputed.astype(np.uint8), cv2.MORPH_OPEN, kernel), np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    return int(stats[1:, cv2.CC_STAT_AREA].max()) if count > 1 else 0
