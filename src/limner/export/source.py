"""What `limner export` starts from: a checkpoint, or weights and the recipe that says which net they are of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from limner.errors import OptionError
from limner.models.weights import weights_path
from limner.nets import make_net
from limner.nets.base import SegmentationNet
from limner.training.checkpoint import Checkpoint, load_weights
from limner.training.rebuild import checkpoint_net, filled
from limner.training.recipe import Recipe, load_recipe


@dataclass(frozen=True, slots=True)
class Source:
    """A trained net, in eval mode without training heads; ``state`` is None where nobody recorded its training."""

    net: SegmentationNet
    recipe: Recipe
    state: Checkpoint | None


def load_source(path: str, recipe: Path | None) -> Source:
    """Load a checkpoint (.pt), or weights (.safetensors, .onnx, or a shipped model's name) of the recipe's net.

    Raises:
        OptionError: a checkpoint with a recipe, or weights without one.
        ModelError: the file is missing or damaged, or its weights are not those of the net.
    """
    if path.endswith(".pt"):
        if recipe is not None:
            raise OptionError(f"--recipe: the checkpoint {path} has its own recipe; leave the option out")
        return Source(*checkpoint_net(Path(path)))
    if recipe is None:
        raise OptionError(f"{path}: weights alone do not say which net they are of; name its recipe with --recipe")
    plan = load_recipe(recipe)
    file = weights_path(path)
    net = filled(make_net(plan.net.name, **plan.net.options), load_weights(file), source=str(file))
    return Source(net, plan, None)
