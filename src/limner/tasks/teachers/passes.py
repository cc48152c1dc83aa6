"""How a teacher looks at one photo: mirrored, nearer, farther; and what its models make of it together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from limner.tasks.teachers.distillation import Teacher, average

Map = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class View:
    """What a teacher sees in a photo. Probabilities of person are float32 (H, W) in [0, 1].

    Attributes:
        probability: the mean of all models by their shares.
        people: what each model says that finds people, the mean of its passes.
        everybody: the mean of these, or None where there are none.
        salient: the mean of the models that find whatever stands out, or None where there are none.
        agreement: mean IoU of all passes with the mean.
    """

    probability: Map
    people: list[Map]
    everybody: Map | None
    salient: Map | None
    agreement: float


def view(
    teacher: Teacher, image: Tensor, *, scales: tuple[float, ...], flip: bool, salient: Collection[int] = ()
) -> View:
    """Look at a photo, RGB float (1, 3, H, W) in [0, 1], with every model of ``teacher``.

    Args:
        scales: size at which models that find people see it, relative to their own.
        flip: these models also see it mirrored.
        salient: the models that find any salient object. They look once, as they are: such nets are large, and sure.
    """
    means, passes = [], []
    for index in range(len(teacher.members)):
        once = index in salient
        seen = [
            look(teacher, index, image, scale=scale, flip=mirrored)
            for scale, mirrored in product((1.0,) if once else scales, (False, True) if flip and not once else (False,))
        ]
        passes += seen
        means.append(average(seen, [1 / len(seen)] * len(seen), mean=teacher.recipe.mean))

    def together(members: list[int]) -> Map | None:
        shares = [teacher.shares[index] for index in members]
        if not members:
            return None
        mean = average([means[i] for i in members], [s / sum(shares) for s in shares], mean=teacher.recipe.mean)
        return _plane(mean)

    everyone = list(range(len(means)))
    persons = [index for index in everyone if index not in salient]
    probability = together(everyone)
    assert probability is not None
    agreement = float(np.mean([iou(_plane(one) > 0.5, probability > 0.5) for one in passes]))
    return View(
        probability,
        [_plane(means[index]) for index in persons],
        together(persons),
        together([index for index in everyone if index in salient]),
        agreement,
    )


def look(teacher: Teacher, member: int, image: Tensor, *, scale: float, flip: bool) -> Tensor:
    """One model's probability in one pass, float32 (1, 1, H, W).

    A model whose size is fixed sees a photo smaller by a reflected border around it, and larger in four overlapping
    crops, one from each corner, whose mean counts.
    """
    if scale == 1 or not teacher.members[member].fixed_size:
        return teacher.look(member, image, scale=scale, flip=flip)
    height, width = image.shape[-2:]
    if scale < 1:
        rows, columns = (round(side * (1 / scale - 1) / 2) for side in (height, width))
        wide = F.pad(image, (columns, columns, rows, rows), mode="reflect")
        return teacher.look(member, wide, flip=flip)[..., rows : rows + height, columns : columns + width]
    rows, columns = round(height / scale), round(width / scale)
    total, count = torch.zeros(1, 1, height, width), torch.zeros(1, 1, height, width)
    for top, left in product((0, height - rows), (0, width - columns)):
        part = (..., slice(top, top + rows), slice(left, left + columns))
        total[part] += teacher.look(member, image[part], flip=flip).cpu()
        count[part] += 1
    return total / count


def iou(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Intersection over union; 1 where both are empty."""
    union = int((first | second).sum())
    return int((first & second).sum()) / union if union else 1.0


def _plane(probability: Tensor) -> Map:
    return np.asarray(probability[0, 0].cpu().numpy(), np.float32)
