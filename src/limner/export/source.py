"""What `limner export` starts from: a checkpoint, a model with its card, or weights and the recipe of their net."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from limner.checking import checked
from limner.errors import OptionError
from limner.kinds import ONNX, SAFETENSORS, is_checkpoint
from limner.models.card import ModelCard, NetSpec
from limner.models.catalogue import weights_path
from limner.models.checkpoints import checkpoint_card, recipe_card
from limner.models.files import export_card, stem_card
from limner.models.pair import card_beside
from limner.nets import make_net
from limner.nets.base import SegmentationNet
from limner.nets.rebuild import checkpoint_net, filled, model_net
from limner.tasks.recipes.recipe import Recipe, load_recipe, recorded, to_dict
from limner.weights.checkpoint import Checkpoint, load_weights
from limner.weights.record import NetRecord


@dataclass(frozen=True, slots=True)
class Source:
    """A trained net, in eval mode without training heads, and what is known of it.

    Attributes:
        net: the net.
        spec: its name and options.
        size: (height, width) of the input it was made for.
        name: what exports of it are called unless somebody says otherwise.
        recipe: how it was trained; None for a model with its card.
        state: None where nobody recorded its training.
        card: of the model or the checkpoint it was; of weights their recipe; None where only the net is known.
        files: that were read for it, which no export may replace.
    """

    net: SegmentationNet
    spec: NetSpec
    size: tuple[int, int]
    name: str
    card: ModelCard | None = None
    recipe: Recipe | None = None
    state: Checkpoint | None = None
    files: tuple[Path, ...] = ()

    @property
    def record(self) -> NetRecord:
        """What builds the net again."""
        return NetRecord(self.spec.name, self.spec.options, self.size[0])


@checked
def load_source(path: str, recipe: Path | None) -> Source:
    """Load a checkpoint (.pt), a model with its card, or weights (.safetensors, .onnx) of the recipe's net.

    Raises:
        OptionError: a checkpoint with a recipe, or weights without one.
        ModelError: the file is missing or damaged, or its weights are not those of the net.
    """
    return replace(_load(path, recipe), files=_files(path, recipe))


def _files(path: str, recipe: Path | None) -> tuple[Path, ...]:
    file = Path(path) if is_checkpoint(path) else weights_path(path)
    return (file, stem_card(file), export_card(file), *([] if recipe is None else [recipe]))


def _load(path: str, recipe: Path | None) -> Source:
    if is_checkpoint(path):
        if recipe is not None:
            raise OptionError(f"‹recipe›: the checkpoint {path} has its own recipe; leave the option out")
        file = Path(path)
        net, _, state = checkpoint_net(file)
        plan = recorded(state.recipe, source=path)
        # last.pt and best.pt say nothing; the folder of the run does
        name = file.stem if file.stem not in ("last", "best") else file.resolve().parent.name
        return Source(net, _spec(plan), (plan.input_size,) * 2, name, checkpoint_card(file), recipe=plan, state=state)
    if recipe is not None:
        plan = load_recipe(recipe)
        file = weights_path(path)
        net = filled(make_net(plan.net.name, **plan.net.options), load_weights(file), source=path)
        card = recipe_card(to_dict(plan), name=recipe.stem, file=file.name, source=str(recipe))
        return Source(net, _spec(plan), (plan.input_size,) * 2, recipe.stem, card, recipe=plan)
    if path.endswith(SAFETENSORS):
        raise OptionError(f"{path}: weights alone do not say which net they are of; name its recipe with ‹recipe›")
    file = Path(path)
    if file.suffix == ONNX and file.is_file() and card_beside(file) is None:
        raise OptionError(f"{path}: has no card that would say which net it is of; name its recipe with ‹recipe›")
    net, card = model_net(path)
    assert card.net is not None
    return Source(net, card.net, card.input.size, card.name, card)


def _spec(plan: Recipe) -> NetSpec:
    return NetSpec(name=plan.net.name, options=plan.net.options)
