"""What every net has in common: logits out at input size, training heads that inference drops."""

from __future__ import annotations

import copy
from typing import ClassVar, Self

from torch import Tensor, nn

from limner.errors import OptionError


class SegmentationNet(nn.Module):
    """A net from pictures to logits at the size of the input. Subclasses implement ``run``.

    ``net(x)`` gives logits, float (N, classes, H, W), for x float (N, in_channels, H, W): RGB in [0, 1] and, where
    in_channels is 4, the previous mask in [0, 1]. ``net(x, heads=True)`` gives ``(logits, extra)``, where ``extra``
    maps the names in ``head_names`` to what the heads used only for training say.

    Attributes:
        size_divisor: height and width of the input must be multiples of this.
        exportable: whether `limner export` takes it.
        head_modules: attribute names of the modules that only training uses.
        head_names: keys of ``extra``: "coarse" are person logits (N, 1, h, w) at a lower resolution, "boundary" are
            logits (N, 1, H, W) of the person's outline.
        in_channels: 3, or 4 with the previous mask.
        classes: 1 for person logits, or more classes for a softmax.
        person_class: which of several classes is the person.
    """

    size_divisor: ClassVar[int] = 32
    exportable: ClassVar[bool] = True
    head_modules: ClassVar[tuple[str, ...]] = ()
    head_names: ClassVar[tuple[str, ...]] = ()
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
            fit = " × ".join(str(max(1, -(-side // step)) * step) for side in (height, width))
            raise OptionError(
                f"{type(self).__name__} takes sizes divisible by {step}, not {height} × {width}; pad to {fit}"
            )
