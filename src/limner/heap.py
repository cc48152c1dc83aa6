"""Memory that a loop over frames gives back and takes again: kept by the process, where the C library allows."""

from __future__ import annotations

import ctypes
import gc
import os
import platform

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -2, -3, -4, -8
"""Names of glibc's mallopt(3)."""
_MOST = 2**31 - 1
_LARGEST = 32 * 1024 * 1024
_KEPT = 512 * 1024 * 1024


def keep_freed_memory() -> bool:
    """Lets freed arrays of up to 32 MiB serve the next frame instead of going back to the system; says whether it does.

    glibc returns arrays of a frame's size at once, and every new one is then mapped and zeroed page by page: 1,600 page
    faults and a tenth of the processor time of a 720p frame. For commands that run over frames, not for a library to do
    to its host. Only glibc can be told; elsewhere nothing happens.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST)) and bool(mallopt(_TRIM_THRESHOLD, _KEPT))


def share_heaps(count: int = 2) -> bool:
    """Lets all threads take memory from so many heaps; says whether it does. To be called before threads are started.

    glibc gives threads up to eight heaps for each core, and what is free in one serves no other. Where threads come and
    go, as streams do, each heap grows to what its largest stream ever took: on 2 cores, 285 MiB instead of 221.
    """
    return platform.libc_ver()[0] == "glibc" and bool(ctypes.CDLL(None).mallopt(_ARENA_MAX, count))


def keep_training_memory() -> bool:
    """Lets freed memory of any size serve the next training step, in pages of 2 MiB where Linux has them; says whether.

    A step takes and frees gigabytes. glibc maps and unmaps each large tensor, which zeroes it page by page: 45,000 page
    faults a step of 16 pictures, which cost more than the net does where memory is virtual. Kept and in large pages a
    step of the selfie net takes less than half the processor time. Call it before torch is imported: torch reads its
    switch for large pages once. For a process that trains, not for a library to do to its host.
    """
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # torch's; child processes inherit it
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    kept = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, _MOST), (_TOP_PAD, 256 * 1024 * 1024))
    told = [bool(mallopt(name, value)) for name, value in kept]  # all of them, whatever one says
    return all(told)


def drop_circles() -> None:
    """Frees what hangs in circles of references. To be called where a video was read to its end and is opened again.

    A frame of PyAV 18.1 whose side data was looked at hangs in one (findings/pyav-side-data-circle.sh), with all of its
    pixels, and Python counts only a few objects: left to itself it looks for them late, and a clip in a loop takes a
    frame more each time until then.
    """
    gc.collect()
