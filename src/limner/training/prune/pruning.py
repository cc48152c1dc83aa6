"""Structured pruning: takes whole channels out of a net, the least important first, until it costs what it may cost."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch_pruning as tp
from torch import Tensor, nn

from limner.augment.batch import Batch
from limner.errors import LimnerError, OptionError
from limner.nets.base import SegmentationNet, person_logits
from limner.nets.blocks import count_macs, count_parameters
from limner.tasks.loss.losses import edge_weighted_bce
from limner.training.prune.groups import LAYERS, Layer, dependency_graph, group_of, sound_roots

Measure = Literal["macs", "parameters"]
Importance = Literal["magnitude", "bn", "taylor"]
Scorer = Callable[[Any], Tensor | None]

_GROUPS_A_ROUND = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneOptions:
    """How channels are chosen.

    Attributes:
        measure: what is to shrink: multiply-accumulates, or parameters.
        importance: "magnitude", the norm of a channel's weights in all layers it passes (Fang et al. 2023); "bn", the
            scale of its batch norms (Liu et al. 2017); "taylor", how much the loss would change to first order
            (Molchanov et al. 2019), which needs training batches.
        multiple: channels go in lots of this many, because processors compute them in lots.
        keep: share of the channels that every group keeps at least.
    """

    measure: Measure = "macs"
    importance: Importance = "magnitude"
    multiple: int = 4
    keep: float = 0.25

    def __post_init__(self) -> None:
        if self.measure not in ("macs", "parameters"):
            raise OptionError(f"measure: must be macs or parameters, not {self.measure!r}")
        if self.importance not in ("magnitude", "bn", "taylor"):
            raise OptionError(f"‹importance›: must be magnitude, bn or taylor, not {self.importance!r}")
        if self.multiple < 1:
            raise OptionError("‹multiple›: must be 1 or more")
        if not 0 < self.keep <= 1:
            raise OptionError(f"‹keep› {self.keep}: must lie in (0, 1]")


def cost(net: SegmentationNet, size: int, measure: Measure) -> int:
    """MACs at ``size`` pixels square, or parameters, of the net as it ships."""
    shipped = net.for_inference()
    if measure == "parameters":
        return count_parameters(shipped)
    return count_macs(shipped, (size, size), channels=net.in_channels)


def prune(
    net: SegmentationNet, size: int, target: int, *, options: PruneOptions, batches: Iterable[Batch] = ()
) -> SegmentationNet:
    """A copy of ``net`` without its least important channels, training heads included.

    Channels that are bound together by sums, concatenations, depthwise convolutions or attention go together (Fang et
    al. 2023, DepGraph). Every such group is tried first: it is left alone unless taking out channels that nobody reads
    changes nothing.

    Args:
        size: pixels, square, at which the net ships.
        target: what it may cost in the end, see ``cost``.
        batches: training batches, for the importance "taylor".

    Raises:
        LimnerError: it cannot become that small without giving up more than ``options.keep`` allows.
    """
    net = copy.deepcopy(net).eval()
    for parameter in net.parameters():
        parameter.requires_grad_(True)
    uses = _uses(net, size)
    if options.measure == "parameters":
        uses = dict.fromkeys(uses, 1)
    if options.importance == "taylor":
        _add_gradients(net, batches)
    graph = dependency_graph(net)
    roots = sound_roots(net, graph, lot=options.multiple)
    least = {root: options.keep * graph.get_out_channels(root) for root in roots}
    scorer = _scorer(options.importance)
    while (now := _cost(uses)) > target:
        lots = sorted(_lots(graph, roots, least, uses, scorer, options.multiple), key=lambda lot: lot.score)
        if not lots:
            raise LimnerError(
                f"pruning: {now / 1e6:.2f} M {options.measure} are the fewest that keep={options.keep} and "
                f"multiple={options.multiple} allow; aim higher or lower them"
            )
        for lot in [lot for lot in lots[:_GROUPS_A_ROUND] if lot.score <= 2 * lots[0].score]:
            group_of(graph, lot.root, lot.channels).prune()
            if _cost(uses) <= target:
                break
    net.zero_grad(set_to_none=True)
    return net.train()


@dataclass(frozen=True, slots=True)
class _Lot:
    """Channels of one group that would go together; ``score`` is what they matter on average.

    It is not divided by what they save: that empties the few layers at high resolution, on which everything rests.
    """

    root: nn.Module
    channels: list[int]
    score: float


def _lots(
    graph: Any,
    roots: list[nn.Module],
    least: dict[nn.Module, float],
    uses: Mapping[Layer, int],
    scorer: Scorer,
    multiple: int,
) -> Iterator[_Lot]:
    for root in roots:
        count = graph.get_out_channels(root)
        # A count that is no multiple (an odd net, or one pruned in other lots) is first brought to one.
        lot = count % multiple or multiple
        if count - lot < max(least[root], 1):
            continue
        group = group_of(graph, root, list(range(count)))
        importance = scorer(group)
        assert importance is not None
        weakest = importance.argsort()[:lot]
        if any(dep.target.module in uses for dep, _ in group):  # a group of training heads alone saves nothing
            yield _Lot(root, weakest.tolist(), float(importance[weakest].mean()))


def _scorer(importance: Importance) -> Scorer:
    magnitude = tp.importance.GroupMagnitudeImportance(p=2, normalizer="mean")
    if importance == "magnitude":
        return magnitude  # type: ignore[no-any-return]
    if importance == "taylor":
        return tp.importance.GroupTaylorImportance(normalizer=None)  # type: ignore[no-any-return]
    scale = tp.importance.BNScaleImportance()

    def score(group: Any) -> Tensor | None:
        found: Tensor | None = scale(group)
        return magnitude(group) if found is None else found  # a group without batch norm, such as attention's

    return score


def _add_gradients(net: SegmentationNet, batches: Iterable[Batch]) -> None:
    """Sum the gradients of the loss over some batches; batch norm stays as it is."""
    seen = 0
    for batch in batches:
        images = batch.images.float().div(255)
        if net.in_channels == 4:
            empty = torch.zeros_like(images[:, :1])
            images = torch.cat([images, empty if batch.priors is None else batch.priors], dim=1)
        logits = person_logits(net(images), net.person_class)
        edge_weighted_bce(logits, batch.targets, batch.weights, edge=3.0).backward()  # type: ignore[no-untyped-call]
        seen += 1
    if not seen:
        raise OptionError("importance taylor: needs training batches")
    for parameter in net.parameters():
        if parameter.grad is None:  # of a training head
            parameter.grad = torch.zeros_like(parameter)


def _uses(net: SegmentationNet, size: int) -> dict[Layer, int]:
    """How often one picture uses each weight of a layer (not of training heads): times their number, these are MACs."""
    found: Counter[Layer] = Counter()

    def hook(layer: Layer, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if isinstance(layer, nn.Linear):
            found[layer] += output.numel() // output.shape[-1]
        else:
            maps = inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output
            found[layer] += maps.shape[-2] * maps.shape[-1]

    handles = [layer.register_forward_hook(hook) for layer in net.modules() if isinstance(layer, LAYERS)]
    try:
        with torch.no_grad():
            net(torch.zeros(1, net.in_channels, size, size))
    finally:
        for handle in handles:
            handle.remove()
    return dict(found)


def _cost(uses: Mapping[Layer, int]) -> int:
    return sum(count * layer.weight.numel() for layer, count in uses.items())
