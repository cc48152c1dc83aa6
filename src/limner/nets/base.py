"""What every net has in common: logits out at input size, training heads that inference drops."""

from __future__ import annotations

import copy
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from limner.errors import OptionError


class SegmentationNet(nn.Module):
    """A net from pictures to logits at the size of the input. Subclasses implement ``run``.

    ``net(x)`` gives logits, float (N, classes, H, W), for x float (N, in_channels, H, W): RGB in [0, 1] and, where
    in_channels is 4, the previous mask in [0, 1]. ``net(x, heads=True)`` gives ``(logits, extra)``, where ``extra``
    maps the names in ``head_names`` to what the heads used only for training say.

    Attributes:
        rounded: whether it simulates 8 bits already (quantization-aware training), see ``limner.nets.quantized.net``.
        size_divisor: height and width of the input must be multiples of this.
        exportable: whether `limner export` takes it.
        head_modules: attribute names of the modules that only training uses.
        head_names: keys of ``extra``: "coarse" are person logits (N, 1, h, w) at a lower resolution, "boundary" are
            logits (N, 1, H, W) of the person's outline, "presence" are logits (N, 1, h, w) of a person being in a cell
            of a coarse grid or beside it.
        encoder_modules: attribute names of the modules that make its encoder; a recipe may freeze or slow them. Names
            that a net does not have are passed over.
        in_channels: 3, or 4 with the previous mask.
        classes: 1 for person logits, or more classes for a softmax.
        person_class: which of several classes is the person.
        usual_size: side in pixels of the pictures that the net is made for; what `limner nets` counts costs at.
        paper: where the architecture comes from, e.g. "Zhang et al. 2019".
    """

    rounded: ClassVar[bool] = False
    size_divisor: ClassVar[int] = 32
    exportable: ClassVar[bool] = True
    head_modules: ClassVar[tuple[str, ...]] = ()
    head_names: ClassVar[tuple[str, ...]] = ()
    encoder_modules: ClassVar[tuple[str, ...]] = ("encoder", "backbone")
    usual_size: ClassVar[int] = 256
    paper: ClassVar[str] = "Limner"
    in_channels: int = 3
    classes: int = 1
    person_class: int = 0

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        """Logits and, with ``heads``, what the training heads say; the heads are not run without it."""
        raise NotImplementedError

    def forward(self, x: Tensor, heads: bool = False) -> Tensor | tuple[Tensor, dict[str, Tensor]]:
        if heads and any(getattr(self, name) is None for name in self.head_modules):
            raise RuntimeError("heads=True on a net made by for_inference(): its training heads were dropped")
        logits, extra = self.run(x, heads=heads)
        return (logits, extra) if heads else logits

    def for_inference(self) -> Self:
        """A copy in eval mode without the training heads."""
        net = copy.deepcopy(self).eval()
        for name in self.head_modules:
            setattr(net, name, None)
        return net

    def check_size(self, height: int, width: int) -> None:
        """Raise OptionError unless the net takes pictures of this size; the message names the next size it takes."""
        step = self.size_divisor
        if height % step or width % step or height <= 0 or width <= 0:
            fit = "x".join(str(max(1, -(-side // step)) * step) for side in (width, height))
            raise OptionError(
                f"{type(self).__name__} takes sizes divisible by {step}, not {width}x{height} (width x height); "
                f"pad to {fit}"
            )


def person_logits(logits: Tensor, person_class: int = 0) -> Tensor:
    """One person logit from the logits of several classes: (N, C, H, W) -> (N, 1, H, W).

    It is the person's logit minus the log-sum-exp of all others, so that its sigmoid is the softmax probability of the
    person. With C = 1 the logits are person logits already and come back as they are.

    Raises:
        OptionError: there is no class ``person_class``.
    """
    classes = logits.shape[1]
    if not 0 <= person_class < classes:
        raise OptionError(
            f"person_class: must be between 0 and {classes - 1} for {classes} classes, not {person_class}"
        )
    if classes == 1:
        return logits
    others = torch.cat([logits[:, :person_class], logits[:, person_class + 1 :]], dim=1)
    return logits[:, person_class : person_class + 1] - torch.logsumexp(others, dim=1, keepdim=True)
