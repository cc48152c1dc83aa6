"""Memory that a loop over frames gives back and takes again: kept by the process, where the C library allows."""

from __future__ import annotations

import ctypes
import platform

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Names of glibc's mallopt(3)."""
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
