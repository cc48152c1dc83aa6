"""The tests that every net passes: inherit, say which net, and it is tested."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from limner.errors import OptionError
from limner.export.onnx_file import export_onnx
from limner.nets import NETS, make_net
from limner.nets.base import SegmentationNet, person_logits


class _PersonOnly(nn.Module):
    """A net reduced to one person logit, as export and evaluation see it."""

    def __init__(self, net: SegmentationNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        logits = self.net(x)
        assert isinstance(logits, Tensor)
        return person_logits(logits, self.net.person_class)


class NetTester:
    """Inherit as ``class TestX(NetTester)`` and set what differs.

    Attributes:
        name: of the net in ``NETS``.
        options: for ``make_net``.
        sizes: (height, width) that the net takes; the first is a small one, used wherever one size will do.
    """

    name: ClassVar[str]
    options: ClassVar[dict[str, Any]] = {}
    sizes: ClassVar[tuple[tuple[int, int], ...]] = ((64, 64), (64, 96))

    def net(self, **more: Any) -> SegmentationNet:
        """A seeded net in eval mode whose batch norms have seen pictures, so that its signals have a natural scale."""
        torch.manual_seed(0)
        net = make_net(self.name, **{**self.options, **more})
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = None
        with torch.no_grad():
            net.train()(self.pictures(net))
        return net.eval()

    def pictures(self, net: SegmentationNet, size: tuple[int, int] | None = None, count: int = 4) -> Tensor:
        """Smooth seeded noise in [0, 1], float (count, in_channels, H, W)."""
        coarse = torch.rand(count, net.in_channels, 5, 5, generator=torch.Generator().manual_seed(1))
        return nn.functional.interpolate(coarse, size=size or self.sizes[0], mode="bicubic").clamp(0, 1)

    @torch.no_grad()
    def alpha(self, net: SegmentationNet, pictures: Tensor) -> Tensor:
        return _PersonOnly(net)(pictures).float().sigmoid()

    def test_logits_have_the_size_of_the_input(self) -> None:
        net = self.net()
        for size in self.sizes:
            net.check_size(*size)
            with torch.no_grad():
                logits = net(self.pictures(net, size, 1))
            assert isinstance(logits, Tensor)
            assert logits.shape == (1, net.classes, *size)
            assert logits.isfinite().all()
            assert logits.min() < 0 or logits.max() > 1  # no sigmoid inside
        assert 0 <= net.person_class < net.classes

    def test_a_gradient_reaches_every_weight(self) -> None:
        net = self.net().train()
        out = net(self.pictures(net), heads=True)
        assert isinstance(out, tuple)
        logits, extra = out
        assert tuple(extra) == net.head_names
        loss = sum((head.sigmoid().square().mean() for head in extra.values()), (logits * logits.detach().cos()).mean())
        loss.backward()
        dead = [
            n for n, p in net.named_parameters() if p.grad is None or not p.grad.isfinite().all() or not p.grad.any()
        ]
        assert dead == []

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bf16", "fp16"])
    def test_half_precision_agrees_with_single(self, dtype: torch.dtype) -> None:
        """Half precision errs little more than single precision does with rounded weights and pictures.

        An untrained net amplifies any rounding, each net by another factor, so there is no fixed tolerance.
        """
        net = self.net()
        pictures = self.pictures(net)
        exact = self.alpha(net, pictures)
        half = self.alpha(net.to(dtype), pictures.to(dtype))
        rounded = self.alpha(net.float(), pictures.to(dtype).float())
        assert exact.std() > 1e-3  # otherwise there is nothing to agree on
        assert (exact - half).abs().mean() < 2 * (exact - rounded).abs().mean()

    def test_weights_survive_saving(self, tmp_path: Path) -> None:
        net = self.net()
        torch.save(net.state_dict(), tmp_path / "weights.pt")
        other = make_net(self.name, **self.options).eval()
        other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
        pictures = self.pictures(net)
        torch.testing.assert_close(self.alpha(net, pictures), self.alpha(other, pictures))

    @pytest.mark.slow
    def test_onnx_computes_the_same(self, tmp_path: Path) -> None:
        net = self.net().for_inference()
        pictures: np.ndarray[Any, np.dtype[np.float32]] = self.pictures(net, count=2).numpy()
        path = tmp_path / "net.onnx"
        parity = export_onnx(net, path, size=self.sizes[0], pictures=pictures, channels=net.in_channels)
        assert net.exportable
        assert parity.mean < 1e-4
        assert path.is_file()

    def test_inference_drops_the_training_heads_and_changes_nothing_else(self) -> None:
        net = self.net()
        if not net.head_modules:
            pytest.skip(f"{self.name} has no training heads")
        bare = net.for_inference()
        pictures = self.pictures(net)
        torch.testing.assert_close(self.alpha(bare, pictures), self.alpha(net, pictures))
        kept = tuple(f"{name}." for name in net.head_modules)
        assert [name for name in net.state_dict() if name.startswith(kept)]
        assert [name for name in bare.state_dict() if name.startswith(kept)] == []
        with pytest.raises(RuntimeError, match="training heads were dropped"):
            bare(pictures, heads=True)

    def test_a_wrong_size_is_refused_with_the_size_to_pad_to(self) -> None:
        net = self.net()
        step = net.size_divisor
        with pytest.raises(OptionError, match=f"divisible by {step}, not {step}x0 .*; pad to {step}x{step}"):
            net.check_size(0, step)
        if step > 1:
            with pytest.raises(OptionError, match=f"not {step}x{step + 1} .*; pad to {step}x{2 * step}"):
                net.check_size(step + 1, step)

    def test_a_fourth_channel_is_looked_at(self) -> None:
        if "in_channels" not in inspect.signature(NETS[self.name]).parameters:
            pytest.skip(f"{self.name} takes RGB only")
        net = self.net(in_channels=4)
        pictures = self.pictures(net)
        other = pictures.clone()
        other[:, 3] = 1 - other[:, 3]
        assert net.in_channels == 4
        assert not torch.allclose(self.alpha(net, pictures), self.alpha(net, other), atol=1e-4)
