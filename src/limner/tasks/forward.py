"""From a batch to a prediction: onto the device, photos with their twins and previous frames in one pass."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from limner.augment.batch import Batch
from limner.errors import OptionError
from limner.nets.base import SegmentationNet, person_logits
from limner.tasks.loss.criterion import Prediction
from limner.tasks.recipes.recipe import Recipe
from limner.tasks.teachers.distillation import Teacher

_TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Forward:
    """Runs a net in training on batches.

    Twins and previous frames go through the net together with their photos, so that batch norm sees them all. A
    fourth channel takes the batch's previous masks, for the three alike. Where the recipe asks for ``own_priors``,
    previous frames go first and alone, without a gradient, and what the net says of them is the previous mask of the
    first photos of the batch.

    Args:
        recipe: its terms say what is computed beside the photos.
        device: "cpu" or "cuda".

    Raises:
        OptionError: this device cannot compute in the recipe's precision.
        OptionError, ModelError: the recipe's teacher cannot be used.
    """

    def __init__(self, net: SegmentationNet, recipe: Recipe, device: str) -> None:
        self.net, self.device = net, device
        self._autocast = autocast(recipe.precision, device)
        terms = recipe.loss.active()
        self.twins, self.previous = "consistency" in terms, "temporal" in terms
        self.own_priors = recipe.own_priors
        self.teacher = Teacher(recipe.teacher, device=device) if recipe.teacher is not None else None

    def on_device(self, batch: Batch) -> Batch:
        """The batch on the net's device; from pinned memory the copy runs beside the computation."""
        given = {name: getattr(batch, name) for name in Batch.__slots__}
        there = {name: tensor for name, tensor in given.items() if tensor is not None}
        return Batch(**{name: tensor.to(self.device, non_blocking=True) for name, tensor in there.items()})

    def __call__(self, batch: Batch) -> Prediction:
        """What the net says of a batch that lies on its device, with all that the loss may ask for, in float32."""
        if self.own_priors:
            return self._after_previous(batch)
        return self._together(batch, previous=self.previous)

    def _after_previous(self, batch: Batch) -> Prediction:
        """Previous frames first: their mattes are previous masks."""
        assert batch.previous is not None
        assert batch.priors is not None
        with torch.no_grad(), self._autocast:
            before = person_logits(self.net(net_input(batch.previous, batch.priors)), self.net.person_class).float()
        own = round(self.own_priors * len(before))
        priors = torch.cat([torch.sigmoid(before[:own]), batch.priors[own:]])
        return replace(self._together(replace(batch, priors=priors), previous=False), previous=before)

    def _together(self, batch: Batch, *, previous: bool) -> Prediction:
        count = len(batch.images)
        pictures = [batch.images]
        if self.twins:
            assert batch.twins is not None
            pictures.append(batch.twins)
        if previous:
            assert batch.previous is not None
            pictures.append(batch.previous)
        x = net_input(torch.cat(pictures), batch.priors if self.net.in_channels == 4 else None)
        teacher = self.teacher(x[:count, :3]) if self.teacher is not None else None
        with self._autocast:
            logits, heads = self.net(x, heads=True)
        logits = logits.float()
        person = list(torch.split(person_logits(logits, self.net.person_class), count))
        return Prediction(
            logits[:count],
            person.pop(0),
            self.net.person_class,
            {name: head[:count].float() for name, head in heads.items()},
            batch.targets,
            batch.weights,
            twin=person.pop(0) if self.twins else None,
            previous=person.pop(0) if previous else None,
            previous_target=batch.previous_targets,
            teacher=teacher,
        )


def autocast(precision: str, device: str) -> torch.autocast:
    """The context in which a net computes in a recipe's precision.

    Raises:
        OptionError: this device cannot.
    """
    kind = _TYPES[precision]
    _try_type(kind, device, precision)
    return torch.autocast(device, dtype=kind, enabled=kind != torch.float32)


def net_input(images: Tensor, priors: Tensor | None) -> Tensor:
    """Float (N, 3 or 4, H, W) in [0, 1] of uint8 images (N, 3, H, W) and, for a fourth channel, previous masks.

    Where there are more images than masks, the masks repeat.
    """
    x = images.float().div_(255)
    if priors is not None:
        x = torch.cat([x, priors.repeat(len(images) // len(priors), 1, 1, 1)], dim=1)
    return x.contiguous(memory_format=torch.channels_last)


def split(batch: Batch, parts: int) -> list[Batch]:
    """The batch in ``parts`` of almost equal size (fewer if it has fewer pictures)."""
    pieces = {
        name: tensor.tensor_split(min(parts, len(batch.images)))
        for name in Batch.__slots__
        if isinstance(tensor := getattr(batch, name), Tensor)
    }
    return [Batch(**dict(zip(pieces, part, strict=True))) for part in zip(*pieces.values(), strict=True)]


def _try_type(kind: torch.dtype, device: str, precision: str) -> None:
    """One small convolution there and back, so that a device that cannot says so before the run."""
    if kind == torch.float32:
        return
    layer = torch.nn.Conv2d(3, 8, 3, device=device)
    try:
        with torch.enable_grad(), torch.autocast(device, dtype=kind):
            result = layer(torch.zeros(1, 3, 8, 8, device=device))
        result.float().sum().backward()
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise OptionError(f"precision: {precision} does not run on this {device} ({reason}); use fp32") from None
