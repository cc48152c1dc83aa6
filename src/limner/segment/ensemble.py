"""Several nets that look at one frame: the weighted mean of what they see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.matte import Matte
from limner.models.catalogue import EnsembleFiles
from limner.models.ensemble_card import OBJECTS, PERSON, PRESENCE, EnsembleCard, MemberSpec
from limner.runtimes.loading import AUTO, runs
from limner.segment.batched import BatchCounts, Batched
from limner.segment.cropped import Cropped, load_net
from limner.segment.net import PersonNet, RuntimeFacts, Seen, together
from limner.segment.pyramid import Pyramid

Float32 = NDArray[np.float32]

OBJECTS_LIMIT = 2.0
"""A net of objects counts with at most this many times what the nets of people say on average, pixel by pixel."""


LEAST_PRESENCE = 0.1
"""A region is dropped where a net of presence sees a person in less than this share of it."""
_HALO = 24
"""The soft edge of a dropped region that goes with it: the map's height divided by this, on each side."""


class Ensemble:
    """The members of an ensemble, run one after the other.

    Args:
        found: its card, and the files of its members.
        runtime: for the members whose file it runs; the others, of another type of file, get what "auto" takes.
        device, threads, batch: as for ``limner.Segmenter``, for every member.

    Raises:
        OptionError: an option cannot be used.
        ModelError: a member or its card cannot be used.
        MissingExtraError: the runtime of a member is not installed.
    """

    def __init__(self, found: EnsembleFiles, *, runtime: str, device: str, threads: int | None, batch: int = 1) -> None:
        self._card = found.card
        fits = [runs(runtime, file.path) for file in found.members]
        named = [runtime if fit or not any(fits) else AUTO for fit in fits]
        self._nets: list[PersonNet] = [
            load_net(file, runtime=own, device=device, threads=threads, batch=batch)
            for file, own in zip(found.members, named, strict=True)
        ]
        self._runtime = together([net.runtime for net in self._nets])

    @property
    def card(self) -> EnsembleCard:
        """The ensemble's own card."""
        return self._card

    @property
    def runtime(self) -> RuntimeFacts:
        """What runs the members: names and devices with " + " between them where they differ."""
        return self._runtime

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the largest member's input."""
        return max((net.size for net in self._nets), key=lambda size: size[0] * size[1])

    @property
    def counts(self) -> BatchCounts:
        """Of the first member, which sees as many frames as the others."""
        first = self._nets[0]
        return first.counts if isinstance(first, Batched | Cropped) else BatchCounts()

    @property
    def takes_previous(self) -> bool:
        """Whether one of the members looks at the matte before."""
        return any(net.takes_previous for net in self._nets)

    def see(self, pyramid: Pyramid, previous: Matte | None) -> Seen:
        """Runs every member on the frame; the result is as large as the largest map."""
        memories = previous.memory if previous is not None and isinstance(previous.memory, tuple) else ()
        told = [
            None if previous is None else replace(previous, memory=memories[place] if memories else None)
            for place in range(len(self._nets))
        ]
        seen = [net.see(pyramid, before) for net, before in zip(self._nets, told, strict=True)]
        maps, memory = [one.probability for one in seen], tuple(one.memory for one in seen)
        kept = memory if any(one is not None for one in memory) else None
        return Seen(combine(maps, self._card.members), all(one.sound for one in seen), kept)


def combine(maps: Sequence[Float32], members: Sequence[MemberSpec]) -> Float32:
    """The weighted mean of probabilities, with nets of objects held to what the nets of people see.

    Regions in which a net of presence sees nobody are 0.

    Args:
        maps: one a member, (h, w) float32 in [0, 1], of any sizes; all show the whole frame.

    Returns:
        (h, w) float32 in [0, 1], C-contiguous, of the largest map's size.
    """
    height, width = max((values.shape for values in maps), key=lambda shape: shape[0] * shape[1])
    seen = [(_enlarged(values, height, width), member) for values, member in zip(maps, members, strict=True)]
    people = [(values, member.share) for values, member in seen if member.finds == PERSON]
    limit = _mean(people) * np.float32(OBJECTS_LIMIT)
    objects = [(np.minimum(values, limit), member.share) for values, member in seen if member.finds == OBJECTS]
    result = _mean(people + objects)
    for values, member in seen:
        if member.finds == PRESENCE:
            result = drop_unseen(result, values)
    return result


def drop_unseen(probability: Float32, presence: Float32) -> Float32:
    """``probability`` without the connected regions above 0.5 in which ``presence`` sees hardly anybody.

    Args:
        probability, presence: (h, w) float32 in [0, 1].
    """
    count, labels = cv2.connectedComponents((probability > 0.5).astype(np.uint8), connectivity=8)
    area = np.bincount(labels.ravel(), minlength=count)
    seen = np.bincount(labels.ravel(), weights=(presence > 0.5).ravel(), minlength=count)
    dropped = seen < LEAST_PRESENCE * area
    dropped[0] = False  # the background
    if not dropped.any():
        return probability
    side = 2 * max(1, probability.shape[0] // _HALO) + 1
    gone = cv2.dilate(dropped[labels].astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    gone &= ~((labels > 0) & ~dropped[labels])
    return np.where(gone, np.float32(0), probability)


def _enlarged(values: Float32, height: int, width: int) -> Float32:
    if values.shape == (height, width):
        return values
    return np.asarray(cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _mean(maps: Sequence[tuple[Float32, float]]) -> Float32:
    """Of maps with their shares."""
    whole = sum(share for _, share in maps)
    total = np.zeros_like(maps[0][0])
    for values, share in maps:
        total += values * np.float32(share / whole)
    return np.ascontiguousarray(np.minimum(total, np.float32(1)))
