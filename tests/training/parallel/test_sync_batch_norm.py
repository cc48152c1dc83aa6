"""Batch norm over two processes with half the pictures each is batch norm over all of them in one."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn

from limner.training.parallel.sync_batch_norm import synchronise


def _net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 4, 3), nn.BatchNorm2d(4))


def _data() -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(1)
    return torch.rand(8, 3, 12, 12, generator=random), torch.rand(8, 4, 8, 8, generator=random)


def _process(rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder / 'meet'}", rank=rank, world_size=2)
    net, (x, y) = _net(), _data()
    synchronise(net)
    (net(x[rank::2]) - y[rank::2]).square().mean().backward()
    gradients = {}
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None
        dist.all_reduce(parameter.grad)
        gradients[name] = parameter.grad / 2
    if rank == 0:
        torch.save({"gradients": gradients, "state": net.state_dict()}, folder / "said.pt")
    dist.destroy_process_group()


def test_two_processes_see_what_one_sees(tmp_path: Path) -> None:
    spawn(_process, args=(tmp_path,), nprocs=2)  # type: ignore[no-untyped-call]
    said = torch.load(tmp_path / "said.pt")
    net, (x, y) = _net(), _data()
    (net(x) - y).square().mean().backward()
    for name, parameter in net.named_parameters():
        torch.testing.assert_close(said["gradients"][name], parameter.grad, rtol=1e-4, atol=1e-6)
    for name, value in net.state_dict().items():
        torch.testing.assert_close(said["state"][name], value, rtol=1e-5, atol=1e-7)


def test_a_process_alone_has_plain_batch_norm() -> None:
    plain, synchronised, (x, _) = _net(), _net(), _data()
    synchronise(synchronised)
    torch.testing.assert_close(synchronised(x), plain(x), rtol=0, atol=0)
    assert synchronised.state_dict().keys() == plain.state_dict().keys()
