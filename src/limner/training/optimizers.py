"""Makes a recipe's optimiser, and keeps its encoder frozen or slower than the rest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import torch
from torch import nn

from limner.errors import OptionError
from limner.tasks.recipes.optimizer import AdamW, Sgd

if TYPE_CHECKING:
    from limner.tasks.recipes.run import FreezeRecipe


class ScaledOptimizer:
    """An optimiser whose groups of parameters may have their own multiple of the learning rate.

    Weight decay spares tensors of one dimension: biases and norms.

    Raises:
        OptionError: the encoder shall learn at another rate, and the net has none.
    """

    def __init__(self, net: nn.Module, recipe: AdamW | Sgd) -> None:
        inner = {id(p) for module in encoder_modules(net) for p in module.parameters()}
        if recipe.encoder_lr != 1 and not inner:
            raise OptionError("optimizer.encoder_lr: this net has no encoder of its own; leave it at 1")
        if recipe.encoder_lr == 1:
            inner = set()
        self.recipe = recipe
        groups: list[dict[str, Any]] = []
        self._scales: list[float] = []
        for scale, encoder in ((recipe.encoder_lr, True), (1.0, False)):
            mine = [p for p in net.parameters() if (id(p) in inner) == encoder]
            if mine:
                groups.append({"params": [p for p in mine if p.ndim > 1], "weight_decay": recipe.weight_decay})
                groups.append({"params": [p for p in mine if p.ndim <= 1], "weight_decay": 0.0})
                self._scales += [scale, scale]
        if isinstance(recipe, AdamW):
            self.torch: torch.optim.Optimizer = torch.optim.AdamW(groups, lr=recipe.lr, betas=recipe.betas)
        else:
            self.torch = torch.optim.SGD(groups, lr=recipe.lr, momentum=recipe.momentum, nesterov=recipe.nesterov)

    def set_rate(self, factor: float) -> float:
        """Set the learning rate to ``factor`` times the recipe's, and give it."""
        rate = self.recipe.lr * factor
        for group, scale in zip(self.torch.param_groups, self._scales, strict=True):
            group["lr"] = rate * scale
        return rate

    def load(self, state: dict[str, Any]) -> None:
        """Go on from the optimiser's own state dict.

        Raises:
            OptionError: it is the state of another kind of optimiser.
        """
        try:
            self.torch.load_state_dict(state)
        except (ValueError, KeyError) as error:
            raise OptionError(
                f"optimizer: the checkpoint was made with another one ({error}); choose another ‹out›"
            ) from None


def encoder_modules(net: nn.Module) -> list[nn.Module]:
    """The modules that ``net`` counts to its encoder; none for nets without one."""
    named = (getattr(net, name, None) for name in getattr(net, "encoder_modules", ()))
    return [module for module in named if isinstance(module, nn.Module)]


@runtime_checkable
class Freezes(Protocol):
    """Whatever stops learning, in whole or in part, at some share of a run."""

    def at(self, progress: float) -> None:
        """Freeze or unfreeze for the step at ``progress`` in [0, 1]."""


class Freezer:
    """Keeps modules as they are, batch norm statistics too, for the first part of a run.

    Args:
        modules: see `encoder_modules` and `named_parts`.
        until: share of the run, in [0, 1]; at 0 nothing is ever touched, at infinity the modules never learn.
    """

    def __init__(self, modules: Sequence[nn.Module], *, until: float) -> None:
        self.until, self._modules = until, modules

    @classmethod
    def for_recipe(cls, net: nn.Module, freeze: FreezeRecipe | None) -> list[Freezer]:
        """What the recipe's ``freeze`` asks for; parts that never learn come last, so that they have the last word.

        Raises:
            OptionError: the net has no encoder, or no such part.
        """
        if freeze is None:
            return []
        encoder = encoder_modules(net)
        if freeze.encoder_until and not encoder:
            raise OptionError("freeze.encoder_until: this net has no encoder of its own; take it out")
        return [cls(encoder, until=freeze.encoder_until), cls(named_parts(net, freeze.parts), until=math.inf)]

    def at(self, progress: float) -> None:
        """Freeze or unfreeze for the step at ``progress`` in [0, 1]; the net's other modules are not touched."""
        if not self.until:
            return
        learn = progress >= self.until
        for module in self._modules:
            module.train(learn)
            for parameter in module.parameters():
                parameter.requires_grad_(learn)


def named_parts(net: nn.Module, names: Iterable[str]) -> list[nn.Module]:
    """The modules of ``net`` with these attribute names.

    Raises:
        OptionError: there is none of a name.
    """
    parts = {name: getattr(net, name, None) for name in names}
    for name, part in parts.items():
        if not isinstance(part, nn.Module):
            raise OptionError(f"freeze.parts: {type(net).__name__}, with these options, has no part {name!r}")
    return [part for part in parts.values() if isinstance(part, nn.Module)]
