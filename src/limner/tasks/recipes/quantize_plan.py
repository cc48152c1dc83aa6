"""What `limner quantize` trains: a recipe with the net, size and teacher of the model that it starts from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from limner.augment.priors import Priors
from limner.errors import OptionError
from limner.kinds import SAFETENSORS, is_checkpoint
from limner.models.card import SEGMENT
from limner.models.catalogue import find_model
from limner.nets import make_net
from limner.tasks.recipes.recipe import Recipe, float_recipe
from limner.tasks.recipes.run import NetRecipe, Phase
from limner.weights.checkpoint import Checkpoint


def quantize_plan(source: str, recipe: Recipe) -> Recipe:
    """The recipe that quantizes ``source``: its net, at the size that it was made for, taught by itself.

    A net of four channels is given previous masks, whether the recipe says so or not.

    Args:
        source: a checkpoint, a shipped model's name, a .onnx file whose card names its net; or weights (.safetensors)
            of the recipe's own net.
        recipe: has the field ``quantize``. A teacher is asked for by ``loss.distill``.

    Raises:
        OptionError: the recipe quantizes nothing, or the source is quantized already.
        ModelError: the source is missing or damaged, or its card names no net.
    """
    if recipe.quantize is None:
        raise OptionError(
            "‹recipe›: has no field quantize, so nothing would be quantized; the shipped recipe quantize has one"
        )
    net, size = _origin(source, recipe)
    teacher = recipe.teacher
    if teacher is not None:
        name = f"{net.name}={source}" if source.endswith(SAFETENSORS) else source
        teacher = replace(teacher, models=(name,), weights=None)
    if recipe.data.priors is None and make_net(net.name, **net.options).in_channels == 4:
        recipe = replace(recipe, data=replace(recipe.data, priors=Priors()))
    return replace(recipe, net=net, input_size=size, phases=(Phase(size, 1.0),), teacher=teacher, init=source)


def _origin(source: str, recipe: Recipe) -> tuple[NetRecipe, int]:
    if source.endswith(SAFETENSORS):
        return recipe.net, recipe.input_size
    if is_checkpoint(source):
        trained = float_recipe(Checkpoint.load(Path(source)).recipe, source=source)
        return trained.net, trained.input_size
    card = find_model(source, task=SEGMENT).card
    if card.net is None or card.input.size[0] != card.input.size[1]:
        what = "names no net" if card.net is None else "has an input that is not square"
        raise OptionError(f"{source}: its card {what}, so it cannot be trained; name a checkpoint of `limner train`")
    return NetRecipe(card.net.name, dict(card.net.options)), card.input.size[0]
