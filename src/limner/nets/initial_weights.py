"""Starting from given weights: which of them fit, which do not, and a report that says so."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from limner.errors import ModelError, OptionError
from limner.models.catalogue import weights_path
from limner.weights.checkpoint import load_weights


@dataclass(frozen=True, slots=True)
class WeightReport:
    """What became of weights that a net was started from; names are of tensors.

    Attributes:
        source: where they came from.
        matched: how many were taken over.
        widened: taken over with zeros for the fourth input channel, the previous mask.
        other_shape: name -> "shape there, shape here"; left randomly initialised.
        missing: of the net, not among the weights; left randomly initialised.
        unused: among the weights, not of the net.
    """

    source: str
    matched: int
    widened: tuple[str, ...]
    other_shape: dict[str, str]
    missing: tuple[str, ...]
    unused: tuple[str, ...]

    @property
    def untouched(self) -> tuple[str, ...]:
        """The net's tensors that stay randomly initialised."""
        return (*self.other_shape, *self.missing)

    def lines(self) -> list[str]:
        """The report for people, one line a kind; parts of a net stand for all their tensors."""
        total = self.matched + len(self.untouched)
        lines = [f"{self.source}: {self.matched} of the net's {total} tensors start from it"]
        if self.widened:
            lines.append(f"  a zero channel was added for the previous mask: {', '.join(self.widened)}")
        if self.other_shape:
            shown = [f"{name} ({shapes})" for name, shapes in list(self.other_shape.items())[:4]]
            more = len(self.other_shape) - len(shown)
            lines.append(
                f"  other shapes, randomly initialised: {', '.join(shown)}{f' and {more} more' if more else ''}"
            )
        if self.missing:
            lines.append(f"  not in it, randomly initialised: {_parts(self.missing)}")
        if self.unused:
            lines.append(f"  in it but not in this net: {_parts(self.unused)}")
        return lines

    def record(self) -> dict[str, Any]:
        """Plain data for the run's session record."""
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return {"init": plain.pop("source"), **plain}


def start_net(net: nn.Module, source: str) -> WeightReport:
    """Start ``net`` from ``source``: "imagenet", a shipped model's name, a .safetensors file or a checkpoint.

    Raises:
        ModelError: no such weights, a damaged file, or not one tensor fits.
        OptionError, MissingExtraError: there are no ImageNet weights for this net, or their package is missing.
    """
    if source == "imagenet":
        from limner.nets.backbones.pretrained import imagenet_weights

        return init_net(net, imagenet_weights(net), source=source)
    path = weights_path(source)
    return init_net(net, load_weights(path), source=path.name)


def start_part(net: nn.Module, part: str, source: str) -> WeightReport:
    """Start one part of ``net``, by the name of its attribute, from ``source``, see ``start_net``.

    Raises:
        OptionError: the net has no such part.
        ModelError: as of ``start_net``.
    """
    module = getattr(net, part, None)
    if not isinstance(module, nn.Module):
        raise OptionError(f"init_parts.{part}: {type(net).__name__}, with these options, has no part of that name")
    return start_net(module, source)


def init_net(net: nn.Module, weights: dict[str, Tensor], *, source: str) -> WeightReport:
    """Copy the weights that fit by name and shape into ``net``.

    A convolution over three channels fits one over four: the new channel, the previous mask, starts at zero, so that
    the net says what it said before.

    Raises:
        ModelError: not one tensor fits.
    """
    own, taken = net.state_dict(), {}
    widened, other_shape = [], {}
    for name in own.keys() & weights.keys():
        value, shape = weights[name], own[name].shape
        if value.shape == shape:
            taken[name] = value
        elif value.ndim == 4 and (value.shape[1], shape[1]) == (3, 4) and _widen(value).shape == shape:
            taken[name] = _widen(value)
            widened.append(name)
        else:
            other_shape[name] = f"{_size(value.shape)} there, {_size(shape)} here"
    if not taken:
        raise ModelError(f"{source}: none of its {len(weights)} tensors fits this net; it belongs to another one")
    net.load_state_dict(taken, strict=False)
    return WeightReport(
        Path(source).name,
        len(taken),
        tuple(widened),
        {name: other_shape[name] for name in own if name in other_shape},
        tuple(name for name in own if name not in weights),
        tuple(name for name in weights if name not in own),
    )


def soften_head(net: nn.Module, sharpness: float) -> None:
    """Multiply the net's logits by ``sharpness``, in its last convolution: the same masks at 0.5, less sure of them.

    Raises:
        OptionError: the net has no convolution ``head`` that says its logits.
    """
    if sharpness == 1:
        return
    head = getattr(net, "head", None)
    layers = [layer for layer in head.modules() if isinstance(layer, nn.Conv2d)] if head is not None else []
    if not layers:
        raise OptionError(f"init_sharpness: {type(net).__name__} has no head that can be scaled; leave it at 1")
    with torch.no_grad():
        layers[-1].weight *= sharpness
        if layers[-1].bias is not None:
            layers[-1].bias *= sharpness


def _widen(value: Tensor) -> Tensor:
    return torch.cat([value, torch.zeros_like(value[:, :1])], dim=1)


def _size(shape: torch.Size) -> str:
    return "×".join(map(str, shape)) or "one number"


def _parts(names: tuple[str, ...]) -> str:
    """ "decode8 (12), head (6)" """
    counts = Counter(name.partition(".")[0] for name in names)
    return ", ".join(f"{part} ({count})" for part, count in counts.items())
