"""Pruning takes out the channels that matter least, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

pytest.importorskip("torch_pruning")

from limner.augment.batch import Batch
from limner.datasets.photo_map import prepare
from limner.datasets.sampler import Sampler
from limner.errors import LimnerError, OptionError
from limner.export.onnx_file import export_onnx
from limner.nets import make_net
from limner.nets.base import SegmentationNet
from limner.nets.blocks import ConvBN, SqueezeExcite
from limner.nets.widths import changed_widths, layer_widths
from limner.tasks.batches import batches
from limner.tasks.recipes.recipe import from_dict
from limner.training.prune.groups import dependency_graph, sound_roots
from limner.training.prune.pruning import PruneOptions, cost, prune

SIZE = 64


class Knot(SegmentationNet):
    """Every way in which channels hang together: sum, concatenation, depthwise, attention, PReLU, pixel shuffle."""

    size_divisor = 4
    head_modules = ("boundary",)
    head_names = ("boundary",)

    def __init__(self) -> None:
        super().__init__()
        self.a = ConvBN(3, 16, stride=2)
        self.b = nn.Sequential(ConvBN(16, 16, groups=16), ConvBN(16, 16, kernel=1, act=False), nn.PReLU(16))
        self.attention = SqueezeExcite(16, reduced=4)
        self.c = ConvBN(32, 24, kernel=1)
        self.up = nn.ConvTranspose2d(24, 16, 2, stride=2)
        self.out = nn.Sequential(nn.Conv2d(16, 4, 1), nn.PixelShuffle(2), nn.AvgPool2d(2))
        self.boundary: nn.Module | None = nn.Conv2d(16, 1, 1)

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        a = self.a(x)
        b = self.attention(a + self.b(a))
        y = self.up(self.c(torch.cat([a, b], dim=1)))
        return self.out(y), {"boundary": self.boundary(y)} if heads and self.boundary is not None else {}


class Stubborn(Knot):
    """Its forward counts on sixteen channels, which no trace can see."""

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        a = self.a(x) + torch.arange(16.0)[None, :, None, None].to(x.dtype)
        return self.out(self.up(self.c(torch.cat([a, a], dim=1)))), {"boundary": a} if heads else {}


def lived_in(net: SegmentationNet) -> SegmentationNet:
    """The net with batch norms as training leaves them, in eval mode."""
    generator = torch.Generator().manual_seed(1)
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for tensor in (layer.weight.data, layer.running_var):
                assert tensor is not None
                tensor.uniform_(0.5, 1.5, generator=generator)
            layer.bias.data.normal_(generator=generator)
    return net.eval()


@torch.no_grad()
def outputs(net: SegmentationNet) -> list[Tensor]:
    picture = torch.rand(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    logits, extra = net.eval()(picture, heads=True)
    return [logits, *extra.values()]


def test_channels_that_nobody_reads_go_first_and_change_nothing() -> None:
    net = lived_in(Knot())
    with torch.no_grad():
        net.a[0].weight[:8] = net.a[1].weight[:8] = net.a[1].bias[:8] = 0
        net.up.weight[:, :8] = 0
        for conv, norm in ((net.b[0][0], net.b[0][1]), (net.b[1][0], net.b[1][1])):
            conv.weight[:8] = norm.weight[:8] = norm.bias[:8] = 0
        net.attention.expand.weight[:8] = 0
        net.up.bias[:8] = 0
        for reader in (net.c[0], net.attention.reduce, net.b[1][0], net.out[0], net.boundary):
            reader.weight[:, :8] = 0
        net.c[0].weight[:, 16:24] = 0
    full = cost(net, SIZE, "parameters")
    small = prune(net, SIZE, int(full * 0.56), options=PruneOptions(measure="parameters"))
    assert layer_widths(small)["a.0"] == (3, 8)
    assert layer_widths(small)["up"][1] == 8
    assert layer_widths(small)["c.0"][0] == 16
    for before, after in zip(outputs(net), outputs(small), strict=True):
        torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("measure", ["macs", "parameters"])
@pytest.mark.parametrize("importance", ["magnitude", "bn"])
def test_it_shrinks_to_the_target_and_is_made_again(measure: Any, importance: Any) -> None:
    net = lived_in(Knot())
    full = cost(net, SIZE, measure)
    small = prune(net, SIZE, int(0.6 * full), options=PruneOptions(measure=measure, importance=importance))
    assert 0.35 * full < cost(small, SIZE, measure) <= 0.6 * full
    assert cost(net, SIZE, measure) == full  # the net itself is left alone
    assert layer_widths(small)["out.0"][1] == 4
    kept = {name: w for name, w in layer_widths(small).items() if name not in ("a.0", "out.0", "boundary")}
    assert all(count % 4 == 0 and count >= 4 for counts in kept.values() for count in counts)


def test_fast_is_pruned_made_again_and_exported(tmp_path: Path) -> None:
    net = lived_in(make_net("fast", width=0.25))
    target = int(0.7 * cost(net, SIZE, "macs"))
    small = prune(net, SIZE, target, options=PruneOptions())
    again = make_net("fast", width=0.25, pruned=changed_widths(small, net))
    again.load_state_dict(small.state_dict())
    for first, second in zip(outputs(small), outputs(again), strict=True):
        torch.testing.assert_close(first, second, rtol=0, atol=0)
    pictures = np.random.default_rng(0).random((2, 3, SIZE, SIZE), dtype=np.float32)
    parity = export_onnx(again.for_inference(), tmp_path / "small.onnx", size=(SIZE, SIZE), pictures=pictures)
    assert parity.largest < 1e-3


def test_a_forward_that_counts_its_channels_is_left_alone() -> None:
    net = lived_in(Stubborn())
    names = {layer: name for name, layer in net.named_modules()}
    assert {names[root] for root in sound_roots(net, dependency_graph(net), lot=4)} == {"c.0", "up"}


def test_taylor_asks_the_data(data_folder: Path, tmp_path: Path) -> None:
    raw = {
        "net": {"name": "fast"},
        "input_size": 32,
        "data": {"sets": {"fashion_full_body": 1.0}},
        "samples": 8,
        "batch": 4,
        "phases": [{"size": 32, "share": 1.0}],
        "optimizer": {"lr": 0.003},
    }
    recipe = from_dict(raw, source="test")
    sampler = Sampler(prepare(data_folder, tmp_path), recipe.data, seed=1)
    drawn: list[Batch] = list(batches(sampler, recipe, first_step=0, rank=0, world=1))
    net, options = lived_in(Knot()), PruneOptions(importance="taylor")
    with torch.no_grad():
        net.c[1].bias += 5  # no channel sleeps
        net.c[0].weight[:4] *= 100  # large, but nobody reads it
        net.up.weight[:4] = 0
    small = prune(net, 32, int(0.9 * cost(net, 32, "macs")), options=options, batches=drawn)
    assert layer_widths(small)["c.0"][1] <= 20
    assert float(small.c[0].weight.detach().abs().max()) < 10  # type: ignore[union-attr,index,operator]
    with pytest.raises(OptionError, match="needs training batches"):
        prune(net, 32, 1, options=options)


def test_what_cannot_become_so_small_says_so() -> None:
    with pytest.raises(LimnerError, match="are the fewest that keep"):
        prune(lived_in(Knot()), SIZE, 10, options=PruneOptions(keep=0.5))


@pytest.mark.parametrize("field", [{"measure": "flops"}, {"importance": "luck"}, {"multiple": 0}, {"keep": 0.0}])
def test_options_are_checked(field: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=next(iter(field))):
        PruneOptions(**field)
