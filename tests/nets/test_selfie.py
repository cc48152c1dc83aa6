"""SelfieNet keeps the contract of nets, takes the published weights, and grows without a change of what it says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from limner.errors import ModelError
from limner.models.catalogue import find_model
from limner.nets.blocks import count_macs
from limner.nets.initial_weights import start_net
from limner.nets.selfie import Decode, SelfieNet, from_published
from limner.runtimes.onnx_runtime import OnnxRuntime
from nets.net_tester import NetTester


class TestSelfie(NetTester):
    name = "selfie"


def _picture(channels: int = 3) -> torch.Tensor:
    return torch.rand(1, channels, 64, 96, generator=torch.Generator().manual_seed(3))


@torch.no_grad()
@pytest.mark.parametrize(("widen", "channels"), [((1, 1, 1, 1), 3), ((2, 0, 3, 0), 3), ((0, 0, 0, 0), 4)])
def test_a_grown_net_says_at_first_what_the_shipped_one_says(widen: tuple[int, int, int, int], channels: int) -> None:
    small, grown = SelfieNet().eval(), SelfieNet(widen=widen, in_channels=channels).eval()
    start_net(small, "selfie")
    report = start_net(grown, "selfie")
    assert report.matched == len(small.state_dict())
    seen = _picture(channels)
    torch.testing.assert_close(grown(seen), small(seen[:, :3]), rtol=1e-4, atol=1e-3)


def test_what_was_added_learns() -> None:
    """The scales that silence it get a gradient at once, and after one step everything in it does."""
    net = SelfieNet(widen=(1, 1, 1, 1))
    start_net(net, "selfie")
    added = {name: value for name, value in net.named_parameters() if name.startswith("wide")}
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-5)
    for _ in range(2):
        optimizer.zero_grad()
        seen = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(5))
        net.train()(seen).square().mean().backward()
        reached = {name for name, value in added.items() if value.grad is not None and value.grad.any()}
        optimizer.step()
        if len(reached) < len(added):
            assert len(reached) == 8  # scale and shift of each block's last norm
    assert reached == set(added)


@torch.no_grad()
def test_the_shipped_file_computes_what_the_net_computes() -> None:
    net = SelfieNet().eval()
    start_net(net, "selfie")
    seen = torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(1))
    alpha = OnnxRuntime(find_model("selfie").path).run({"image": seen.numpy()})["alpha"]
    assert np.abs(torch.sigmoid(net(seen)).numpy() - alpha).max() < 1e-4


@torch.no_grad()
def test_decoding_in_the_cheaper_order_is_the_published_order() -> None:
    """Published: enlarge, project, mean of skip + enlarged."""
    torch.manual_seed(2)
    stage, x, skip = Decode(8, 4), torch.rand(2, 8, 6, 5), torch.rand(2, 4, 12, 10)
    up = stage.reduce(nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False))
    y = torch.relu(stage.mix(skip * stage.gate((skip + up).mean((2, 3), keepdim=True)) + up))
    torch.testing.assert_close(stage(x, skip), y + torch.relu(stage.depthwise(y)))


def _published(net: SelfieNet) -> list[tuple[np.ndarray, np.ndarray]]:
    """The net's convolutions as a .tflite file has them."""
    layers = []
    for name, layer in net.named_modules():
        if isinstance(layer, nn.Conv2d):
            weight, bias = layer.weight.detach(), layer.bias.detach().numpy()
            kernel = weight.permute(1, 2, 3, 0) if layer.groups > 1 else weight.permute(0, 2, 3, 1)
            if name == "head":
                kernel, bias = weight[:, :, 0, 0].T.reshape(1, 16, 2, 2).permute(0, 2, 3, 1), bias[:1]
            layers.append((kernel.numpy(), bias))
    return layers


@torch.no_grad()
def test_published_layers_become_the_net() -> None:
    net = SelfieNet().eval()
    net.head.bias[:] = net.head.bias[0]  # the transposed convolution has one bias
    other = SelfieNet().eval()
    other.load_state_dict(from_published(_published(net)))
    torch.testing.assert_close(other(_picture()), net(_picture()))


def test_layers_of_another_net_are_refused() -> None:
    layers = _published(SelfieNet())
    with pytest.raises(ModelError, match="has 55 convolutions, not 54"):
        from_published(layers[:-1])
    with pytest.raises(ModelError, match=r"stem of the selfie net is \(16, 3, 3, 3\), not"):
        from_published(layers[1:2] + layers[1:])


def test_growing_costs_little() -> None:
    small, grown = (count_macs(SelfieNet(widen=widen), (256, 256)) for widen in ((0, 0, 0, 0), (1, 1, 1, 1)))
    assert small < 53e6
    assert grown < 1.5 * small
