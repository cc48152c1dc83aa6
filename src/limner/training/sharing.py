"""How the processes of a run share this machine's cores."""

from __future__ import annotations

import cv2
import torch

from limner.cores import check_parallel, usable_cores
from limner.training.parallel.distributed import Group


def process_count(device: str, *, processes: int, workers: int, batch: int) -> int:
    """Processes that a run starts here.

    Args:
        processes, workers, batch: as in the recipe; ``processes`` of 0 is one for each usable core.

    Raises:
        OptionError: more processes or workers than ``limner.cores.check_parallel`` allows.
    """
    for count, what in ((processes, "processes"), (workers, "workers")):
        if count:
            check_parallel(count, what)
    return 1 if device != "cpu" else min(processes or usable_cores(), batch)


def share_cores(device: str, group: Group) -> None:
    """Keep the processes of a machine from taking each other's cores."""
    if device == "cpu":
        torch.set_num_threads(max(1, usable_cores() // group.local_world))
    cv2.setNumThreads(1)


def machine_name(device: str, group: Group) -> str:
    """What the record of a session calls the device."""
    cores = usable_cores()
    name = torch.cuda.get_device_name() if device == "cuda" else f"{cores} CPU core{'s' if cores != 1 else ''}"
    count = group.world if device == "cuda" else group.world // group.local_world
    return name if count == 1 else f"{count} × {name}"
