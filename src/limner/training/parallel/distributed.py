"""The processes of a run: alone, several on this CPU, or those that `torchrun` started on any number of machines.

Every process computes its share of each batch; gradients are averaged in one message a step. That does the work of
torch's DistributedDataParallel and no more: the nets here are small enough (at most some 20 MB of gradients) that there
is nothing to win by sending them in buckets while the backward pass runs, frozen encoders and heads without a term
need no care, and the same message carries the loss and the wish to stop, so that all processes stop at one step.
"""

from __future__ import annotations

import datetime
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn

from limner.children import leaving_interrupts_to_us
from limner.errors import OptionError

T = TypeVar("T")
_PATIENCE = datetime.timedelta(hours=2)  # the first process validates while the others wait


@dataclass(frozen=True, slots=True)
class Group:
    """One process's place among those of the run.

    Attributes:
        rank: of this process; 0 saves, reports and validates.
        world: how many there are.
        local: rank among those on this machine.
        local_world: how many there are on this machine.
    """

    rank: int = 0
    world: int = 1
    local: int = 0
    local_world: int = 1

    @classmethod
    def of_torchrun(cls) -> Group | None:
        """The place that `torchrun` gave this process, or None where it was not started by it.

        Raises:
            OptionError: the environment names a place, but only half of it.
        """
        if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
            return None
        wanted = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
        if missing := [name for name in wanted if name not in os.environ]:
            raise OptionError(f"torchrun: {missing[0]} is not set; start with torchrun, or unset RANK and WORLD_SIZE")
        return cls(*(int(os.environ[name]) for name in wanted[:4]))

    def join(self, device: str, *, address: str = "env://") -> None:
        """Meet the other processes at ``address``; nothing to do for a process alone."""
        if self.world == 1:
            return
        backend = "cpu:gloo,cuda:nccl" if device != "cpu" else "gloo"
        dist.init_process_group(backend, init_method=address, rank=self.rank, world_size=self.world, timeout=_PATIENCE)

    def leave(self) -> None:
        """Take leave of the others."""
        if dist.is_initialized():
            dist.destroy_process_group()

    def wait(self) -> None:
        """Wait for all."""
        if self.world > 1:
            dist.barrier()

    def from_first(self, value: Any) -> Any:
        """The first process's ``value`` in every process."""
        if self.world == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def share(self, net: nn.Module, told: Tensor) -> Tensor:
        """Average the gradients and the batch norm statistics of ``net``, and what is ``told``, over the processes.

        Args:
            told: float (K,), numbers of this process.

        Returns:
            float (K,), their means.
        """
        if self.world == 1:
            return told
        tensors = [p.grad for p in net.parameters() if p.grad is not None]
        tensors += [b for b in net.buffers() if b.is_floating_point()]
        flat = torch.cat([t.reshape(-1) for t in tensors] + [told])
        dist.all_reduce(flat)
        flat /= self.world
        offset = 0
        for tensor in tensors:
            tensor.copy_(flat[offset : offset + tensor.numel()].view(tensor.shape))
            offset += tensor.numel()
        return flat[offset:]


def together(first: Callable[[Group], T], other: Callable[[Group], object], world: int) -> T:
    """Run ``first`` here and ``other`` in ``world`` - 1 further processes of this CPU, which make a group.

    Args:
        other: can be pickled.

    Returns:
        what ``first`` returns. If it fails, the others are ended.
    """
    group, address = Group(0, world, 0, world), f"tcp://127.0.0.1:{_free_port()}"
    with leaving_interrupts_to_us():
        others = spawn(_join, args=(other, world, address), nprocs=world - 1, join=False)  # type: ignore[no-untyped-call]
    try:
        group.join("cpu", address=address)
        result = first(group)
    except BaseException:
        for process in others.processes:  # they would wait for this one
            process.kill()
        raise
    finally:
        group.leave()
    while not others.join(timeout=30):
        pass
    return result


def _join(index: int, body: Callable[[Group], object], world: int, address: str) -> None:
    group = Group(index + 1, world, index + 1, world)
    group.join("cpu", address=address)
    body(group)
    group.leave()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
