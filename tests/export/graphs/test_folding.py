"""Batch norms go into the convolution before them, where nothing else looks at what is between the two."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from limner.export.graphs.folding import fold_batch_norms


class Mixed(nn.Module):
    """Every case: folded after both kinds of convolution; not after a sum, a shared convolution or one used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 3, padding=1, groups=1, bias=False), nn.BatchNorm2d(4)
        self.up, self.up_norm = nn.ConvTranspose2d(4, 6, 2, 2, groups=2), nn.BatchNorm2d(6)
        self.sum_norm = nn.BatchNorm2d(6)
        self.twice, self.twice_norm = nn.Conv2d(6, 6, 1), nn.BatchNorm2d(6)
        self.seen, self.seen_norm = nn.Conv2d(6, 6, 1), nn.BatchNorm2d(6)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.conv(x)))
        x = self.up_norm(self.up(x))
        x = self.sum_norm(x + 1)
        x = self.twice_norm(self.twice(self.twice(x)))
        between = self.seen(x)
        result: Tensor = self.seen_norm(between) + between
        return result


def test_what_can_be_folded_is_and_the_rest_stays() -> None:
    torch.manual_seed(0)
    net = Mixed()
    for norm in (module for module in net.modules() if isinstance(module, nn.BatchNorm2d)):
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
    net(torch.rand(4, 3, 8, 8))
    net.eval()
    folded = fold_batch_norms(net, torch.rand(1, 3, 8, 8))
    left = [name for name, module in folded.named_modules() if isinstance(module, nn.BatchNorm2d)]
    assert left == ["sum_norm", "twice_norm", "seen_norm"]
    picture = torch.rand(2, 3, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(folded(picture), net(picture), atol=1e-5, rtol=1e-5)
    assert isinstance(net.norm, nn.BatchNorm2d)
