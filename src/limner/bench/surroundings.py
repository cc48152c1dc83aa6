"""What of this machine matters to Limner: CPU, NVIDIA GPU, the devices runtimes offer, cameras, video encoders."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from limner.cores import physical_cores
from limner.runtimes.cpu import Cpu, this_cpu
from limner.runtimes.loading import RUNTIMES
from limner.threads import default_threads

_NVIDIA = Path("/proc/driver/nvidia/version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The machine.

    Attributes:
        cores: physical ones this process may use; ``threads`` of them are used by default.
        memory: bytes of all of it; None where the system does not tell.
        nvidia: whether NVIDIA's driver is loaded.
        devices: installed runtime -> devices it offers.
        cameras, virtual_cameras: device files.
        encoders: video codec -> whether this build of FFmpeg, or of Pillow, has its encoder.
    """

    system: str
    python: str
    cpu: Cpu
    cores: int
    threads: int
    memory: int | None
    nvidia: bool
    devices: dict[str, tuple[str, ...]]
    cameras: tuple[str, ...]
    virtual_cameras: tuple[str, ...]
    encoders: dict[str, bool]


def look_around() -> Surroundings:
    """Ask the machine; changes nothing, opens no camera."""
    import av.codec
    from PIL import features

    from limner.media.camera import list_cameras
    from limner.media.video_formats import CODECS
    from limner.media.virtual_camera import list_loopbacks

    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        memory = None
    return Surroundings(
        system=f"{platform.system()} {platform.release()}, {platform.machine()}",
        python=platform.python_version(),
        cpu=this_cpu(),
        cores=physical_cores(),
        threads=default_threads(),
        memory=memory,
        nvidia=_NVIDIA.exists(),
        devices=_devices(),
        cameras=tuple(str(entry.path) for entry in list_cameras()),
        virtual_cameras=tuple(str(entry.path) for entry in list_loopbacks()),
        encoders={
            name: bool(features.check("avif")) if name == "avif" else codec.encoder in av.codec.codecs_available
            for name, codec in CODECS.items()
        },  # moving AVIF is Pillow's affair
    )


def _devices() -> dict[str, tuple[str, ...]]:
    """Without importing torch, which takes seconds: its devices show when it runs."""
    from limner.runtimes.onnx_runtime import available_devices

    found = {"onnxruntime": available_devices()}
    if RUNTIMES["openvino"].installed:
        import openvino

        found["openvino"] = tuple(name.lower() for name in openvino.Core().available_devices)
    return found
