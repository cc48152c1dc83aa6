"""The task of finding people: photos and their masks in, a net that tells person from background out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from limner.augment.batch import Batch
from limner.augment.gpu_augment import augment
from limner.datasets.photo import Photo
from limner.datasets.photo_map import PhotoMap
from limner.datasets.sampler import Sampler, check_photos
from limner.errors import ModelError
from limner.models.card import SEGMENT, ModelCard
from limner.nets import make_net
from limner.nets.base import SegmentationNet
from limner.nets.initial_weights import WeightReport, soften_head, start_net, start_part
from limner.tasks.base import Task
from limner.tasks.batches import batches
from limner.tasks.card import net_card
from limner.tasks.forward import Forward, net_input, split
from limner.tasks.loss.criterion import Criterion
from limner.tasks.recipes.recipe import Recipe, from_dict, recorded, to_dict
from limner.tasks.sheet import prediction_sheet


class SegmentationAtWork:
    """See ``limner.tasks.base.AtWork``."""

    def __init__(self, recipe: Recipe, net: SegmentationNet, device: str) -> None:
        self._recipe = recipe
        self._criterion, self._forward = Criterion(recipe, net), Forward(net, recipe, device)

    @property
    def terms(self) -> list[str]:
        return list(self._criterion.terms)

    def batches(self, photos: PhotoMap, *, first_step: int, rank: int, world: int) -> Iterator[Batch]:
        recipe = self._recipe
        sampler = Sampler(photos, recipe.data, seed=recipe.seed, photometric=recipe.augment_on == "host")
        return batches(sampler, recipe, first_step=first_step, rank=rank, world=world)

    def ready(self, batch: Batch, *, step: int, rank: int, world: int) -> Batch:
        batch = self._forward.on_device(batch)
        if self._recipe.augment_on == "device":
            seed = self._recipe.seed * world + rank  # processes share a step, not its light
            batch = augment(batch, step=step, seed=seed, look=self._recipe.data.look)
        return batch

    def parts(self, batch: Batch) -> list[tuple[Batch, float]]:
        return [(part, len(part.images) / len(batch.images)) for part in split(batch, self._recipe.accumulate)]

    def __call__(self, part: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        return self._criterion(self._forward(part))

    def pictures(self, net: nn.Module, photos: PhotoMap) -> NDArray[np.uint8]:
        assert isinstance(net, SegmentationNet)
        unseen = Sampler(photos, self._recipe.data, seed=self._recipe.seed + 1)
        return prediction_sheet(net, unseen, size=self._recipe.input_size)


class Segmentation(Task):
    """People found in photos."""

    name: ClassVar[str] = SEGMENT

    def read(self, raw: Mapping[str, Any], *, source: str) -> Recipe:
        return from_dict({name: value for name, value in raw.items() if name != "task"}, source=source)

    def recorded(self, raw: Mapping[str, Any], *, source: str) -> Recipe:
        return recorded(dict(raw), source=source)

    def plain(self, recipe: Recipe) -> dict[str, Any]:
        return to_dict(recipe)

    def at_work(self, recipe: Recipe, net: SegmentationNet, device: str) -> SegmentationAtWork:
        return SegmentationAtWork(recipe, net, device)

    def card(self, recipe: Recipe) -> ModelCard:
        return net_card(recipe.record, make_net(recipe.net.name, **recipe.net.options), task=self.name)

    def check_photos(self, recipe: Recipe, photos: Sequence[Photo]) -> None:
        check_photos(photos, recipe.data)

    def begun(
        self, recipe: Recipe, init: str | None, photos: Callable[[], PhotoMap]
    ) -> tuple[nn.Module, list[WeightReport]]:
        net = make_net(recipe.net.name, **recipe.net.options)
        if recipe.quantize is not None:
            net = net.for_inference()
        source = init if init is not None else recipe.init
        starts = [start_net(net, source)] if source is not None else []
        if init is None:  # what the recipe says of its own start holds for no other
            if starts:
                soften_head(net, recipe.init_sharpness)
            starts += [start_part(net, part, other) for part, other in recipe.init_parts.items()]
        if recipe.quantize is not None:
            if starts and (missing := starts[0].untouched):
                raise ModelError(f"{source}: lacks weights of the net {recipe.net.name}, such as {missing[0]}")
            net = _calibrated(net, recipe, photos())
        return net, starts


def _calibrated(net: SegmentationNet, recipe: Recipe, photos: PhotoMap) -> SegmentationNet:
    """The net with quantization, with ranges from the first batches of the run."""
    from limner.nets.quantized.net import QuantizedNet

    assert recipe.quantize is not None
    quantized = QuantizedNet(net, recipe.input_size, recipe.quantize)
    sampler = Sampler(photos, recipe.data, seed=recipe.seed)
    drawn = islice(batches(sampler, recipe, first_step=0, rank=0, world=1), recipe.quantize.calibrate)
    quantized.calibrate(net_input(batch.images, batch.priors if net.in_channels == 4 else None) for batch in drawn)
    return quantized
