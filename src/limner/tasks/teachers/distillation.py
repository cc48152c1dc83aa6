"""Distillation: soft targets from a larger net or an ensemble, and the loss that follows them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from limner.errors import ModelError, OptionError
from limner.kinds import CHECKPOINT, SAFETENSORS
from limner.nets import make_net
from limner.nets.base import SegmentationNet, person_logits
from limner.nets.rebuild import checkpoint_net, filled, model_net
from limner.segment.segmenter import Segmenter
from limner.tasks.recipes.teacher import TeacherRecipe
from limner.weights.checkpoint import load_weights

_SURE = 1e-4  # probabilities are kept this far from 0 and 1 before they become logits


class Member(Protocol):
    """One model of a teacher."""

    size: int
    """Pixels, square, that it sees unless asked otherwise."""
    fixed_size: bool
    """Whether it sees every picture at that size, whatever is asked for."""

    def __call__(self, images: Tensor, size: int) -> Tensor:
        """Probability of person (N, 1, h, w) at the model's own size, for images (N, 3, S, S) in [0, 1]."""


class Teacher:
    """Soft person probabilities from one model or an ensemble; never trained, never differentiated.

    >>> import torch
    >>> teacher = Teacher(TeacherRecipe(models=("fast",)))
    >>> teacher(torch.zeros(2, 3, 64, 64)).shape
    torch.Size([2, 1, 64, 64])

    Args:
        recipe: who teaches; ``shares`` are the weights of its models, which add up to 1.
        device: where torch teachers run; model files run on the CPU through Limner's runtimes.

    Raises:
        OptionError, ModelError: a teacher's name, file, weights or card cannot be used.
    """

    def __init__(self, recipe: TeacherRecipe, *, device: str | torch.device = "cpu") -> None:
        self.recipe = recipe
        self.members: list[Member] = [load_member(name, torch.device(device)) for name in recipe.models]
        shares = recipe.weights or (1.0,) * len(self.members)
        self.shares = [share / sum(shares) for share in shares]

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        """Probability of person, float32 (N, 1, S, S), for RGB float (N, 3, S, S) in [0, 1]."""
        flips = (False, True) if self.recipe.flip else (False,)
        passes = [self.look(index, images, flip=flip) for index in range(len(self.members)) for flip in flips]
        shares = [share / len(flips) for share in self.shares for _ in flips]
        return average(passes, shares, mean=self.recipe.mean)

    @torch.no_grad()
    def look(self, member: int, images: Tensor, *, flip: bool, scale: float = 1.0) -> Tensor:
        """One member's probability in one pass at ``scale`` times its size, float32 (N, 1, S, S)."""
        model = self.members[member]
        size = model.size if self.recipe.size is None else self.recipe.size
        seen = model(images.flip(3) if flip else images, round(scale * size))
        seen = seen.flip(3) if flip else seen
        return _resize(seen.to(images.device, torch.float32), images.shape[-2], images.shape[-1])


def average(passes: Sequence[Tensor], shares: Sequence[float], *, mean: str) -> Tensor:
    """Weighted mean of probabilities, or the sigmoid of the weighted mean of their logits ("logits")."""
    if mean == "probability":
        return torch.stack([seen * share for seen, share in zip(passes, shares, strict=True)]).sum(0)
    logits = [torch.logit(seen, eps=_SURE) * share for seen, share in zip(passes, shares, strict=True)]
    return torch.sigmoid(torch.stack(logits).sum(0))


def distill_loss(
    person_logits: Tensor, teacher_probability: Tensor, weight: Tensor, *, temperature: float, confidence: float
) -> Tensor:
    """Kullback-Leibler divergence of the student from the teacher, pixel by pixel, both softened (Hinton et al. 2015).

    Zero where the student says what the teacher says; scaled by temperature², so that its gradient does not fade as
    the temperature rises.

    Args:
        person_logits, teacher_probability, weight: float (N, 1, H, W); probability and weight in [0, 1].
        temperature: above 0; 1 compares the probabilities as they are.
        confidence: in [0, 1); pixels where the teacher's |2p − 1| is below it do not count.

    Returns:
        Scalar: the mean over all pixels.
    """
    teacher_logits = torch.logit(teacher_probability, eps=_SURE)
    soft = torch.sigmoid(teacher_logits / temperature)
    entropy = F.binary_cross_entropy_with_logits(teacher_logits / temperature, soft, reduction="none")
    loss = F.binary_cross_entropy_with_logits(person_logits / temperature, soft, reduction="none") - entropy
    if confidence:
        weight = weight * ((2 * teacher_probability - 1).abs() >= confidence)
    return (loss * weight).mean() * temperature**2


def load_member(name: str, device: torch.device) -> Member:
    """The model that ``name`` means, see ``TeacherRecipe.models``."""
    net_name, equals, file = name.partition("=")
    if equals:
        return _from_weights(net_name, Path(file), device)
    suffix = Path(name).suffix.lower()
    if suffix == CHECKPOINT:
        return _from_checkpoint(Path(name), device)
    if suffix == SAFETENSORS:
        raise OptionError(f"teacher {name}: say which net the weights are of, for example quality={name}")
    try:
        net, card = model_net(name)
    except (ModelError, OptionError):  # not a net of Limner's, so it cannot be built in torch; or no model at all
        return _ModelFile(Segmenter(name, refine=False))
    return _TorchNet(net, card.input.size[0], device)


class _TorchNet:
    """A net on the training device, at any size."""

    fixed_size = False

    def __init__(self, net: SegmentationNet, size: int, device: torch.device) -> None:
        self.net = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.size, self.device = size, device

    def __call__(self, images: Tensor, size: int) -> Tensor:
        step = self.net.size_divisor
        side = max(step, round(size / step) * step)
        x = _resize(images.to(self.device), side, side)
        if self.net.in_channels == 4:  # nothing is known of a frame before
            x = torch.cat([x, torch.zeros_like(x[:, :1])], dim=1)
        logits = self.net(x.contiguous(memory_format=torch.channels_last))
        return torch.sigmoid(person_logits(logits.float(), self.net.person_class))


class _ModelFile:
    """A model file in one of Limner's runtimes, fed as its card says, picture by picture."""

    fixed_size = True

    def __init__(self, segmenter: Segmenter) -> None:
        self.segmenter, self.size = segmenter, segmenter.size[0]

    def __call__(self, images: Tensor, size: int) -> Tensor:
        pixels = images.mul(255).round().clamp(0, 255).to("cpu", torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
        return torch.stack([torch.from_numpy(self._probability(rgb))[None] for rgb in pixels])

    def _probability(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.ascontiguousarray(self.segmenter.probability(rgb), np.float32)


def _from_checkpoint(path: Path, device: torch.device) -> _TorchNet:
    trained = checkpoint_net(path)
    return _TorchNet(trained.net, trained.record.size, device)


def _from_weights(net_name: str, path: Path, device: torch.device) -> _TorchNet:
    net = make_net(net_name)
    return _TorchNet(filled(net, load_weights(path), source=str(path)), net.usual_size, device)


def _resize(x: Tensor, height: int, width: int) -> Tensor:
    """Bilinear, with an area filter where the picture shrinks."""
    if x.shape[-2:] == (height, width):
        return x
    return F.interpolate(x, size=(height, width), mode="bilinear", align_corners=False, antialias=height < x.shape[-2])
