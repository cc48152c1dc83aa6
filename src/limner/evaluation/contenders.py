"""Whoever is to be measured, as one kind of thing: shipped models, model files, checkpoints, nets in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from limner.nets.base import SegmentationNet
    from limner.segment.segmenter import Segmenter

from limner.checking import checked
from limner.frame import Frame
from limner.kinds import is_checkpoint

Alpha = NDArray[np.float32]
MatteMaker = Callable[[Frame], Alpha]
"""RGB uint8 (H, W, 3) to alpha float32 (H, W) in [0, 1]."""


class VideoMaker(Protocol):
    """A matte maker that may be told the matte before; one without a fourth channel does not look at it."""

    def __call__(self, rgb: Frame, previous: Alpha | None = None, /) -> Alpha: ...


@dataclass(frozen=True, slots=True)
class Contender:
    """A matte maker under measurement.

    Attributes:
        label: what tables call it.
        matte: frame, and the matte before, to matte.
        temporal: whether it looks at the matte before.
        facts: what a report says about it, a name to a text.
    """

    label: str
    matte: VideoMaker
    temporal: bool
    facts: dict[str, str] = field(default_factory=dict)


def contenders(models: Sequence[str], *, refine: bool = False, threads: int | None = None) -> list[Contender]:
    """All of ``models``, each under a label of its own; a model that is named twice comes once.

    Raises:
        LimnerError: one of them cannot be loaded.
    """
    names = list(dict.fromkeys(models))
    stems = [Path(name).name for name in names]
    labels = [stem if stems.count(stem) == 1 else name for name, stem in zip(names, stems, strict=True)]
    return [
        contender(name, label=label, refine=refine, threads=threads) for name, label in zip(names, labels, strict=True)
    ]


@checked
def contender(model: str, *, label: str | None = None, refine: bool = False, threads: int | None = None) -> Contender:
    """A shipped model's name, a .onnx or .tflite file with its card, or a .pt checkpoint.

    The bare net unless ``refine``: what it says at one of its input sizes, enlarged again, softness 1.

    Raises:
        LimnerError: it cannot be loaded.
    """
    from limner.models.card import ModelCard
    from limner.segment.segmenter import Segmenter

    bare: dict[str, Any] = {} if refine else {"refine": False, "softness": 1, "clean": False, "tiles": False}
    segmenter = Segmenter(model, threads=threads, **bare)
    card = segmenter.card
    alone = card if isinstance(card, ModelCard) else None
    channels = 3 if alone is None else alone.input.channels
    facts = {"input": f"{segmenter.size[1]}×{segmenter.size[0]}×{channels}", "licence": card.licence}
    if card.summary:
        facts = {"what": card.summary, **facts}
    if alone is not None and alone.training is not None and is_checkpoint(model):
        facts["trained"] = alone.training.procedure
    facts["runtime"] = segmenter.runtime.name
    facts["edges"] = "refined at full size" if refine else "of the bare net"
    return Contender(label or Path(model).name, segmenter_maker(segmenter), segmenter.takes_previous, facts)


def segmenter_maker(segmenter: Segmenter) -> VideoMaker:
    """A segmenter as a matte maker. A recurrent net goes on from its last frame where that is the matte before."""
    from limner.matte import Matte

    last: Matte | None = None

    def make(rgb: Frame, previous: Alpha | None = None, /) -> Alpha:
        nonlocal last
        before = None if previous is None else Matte(previous)
        if last is not None and last.alpha is previous:
            before = last
        last = segmenter.matte(rgb, previous=before)
        return last.alpha

    return make


def net_maker(net: SegmentationNet, size: int) -> VideoMaker:
    """A torch net as a matte maker: squash to ``size`` pixels square, probability, back to the photo's size, bilinear.

    A fourth channel gets the matte before, or zeros.
    """
    import torch

    from limner.nets.base import person_logits
    from limner.segment.preprocess import resize, shrink

    @torch.no_grad()
    def make(rgb: Frame, previous: Alpha | None = None, /) -> Alpha:
        height, width = rgb.shape[:2]
        planes = shrink(rgb, (size, size)).transpose(2, 0, 1).astype(np.float32) / 255
        if net.in_channels == 4:
            prior = np.zeros((size, size), np.float32) if previous is None else resize(previous, (size, size))
            planes = np.concatenate([planes, prior[None]])
        image = torch.from_numpy(planes)[None].contiguous(memory_format=torch.channels_last)
        alpha = torch.sigmoid(person_logits(net(image), net.person_class))[0, 0].numpy()
        return cv2.resize(alpha, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)

    return make
