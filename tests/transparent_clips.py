"""Clips with transparency of their own, in every way that files hold it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

SIZE = (64, 96)
RED = (220, 40, 50)
CODECS: dict[str, tuple[str, str, dict[str, str]]] = {
    "vp9.webm": ("libvpx-vp9", "yuva420p", {"auto-alt-ref": "0", "crf": "4", "b": "0", "cpu-used": "5"}),
    "vp8.webm": ("libvpx", "yuva420p", {"auto-alt-ref": "0", "crf": "4", "b": "2M", "cpu-used": "5"}),
    "prores.mov": ("prores_ks", "yuva444p10le", {"profile": "4444", "alpha_bits": "16"}),
    "ffv1.mkv": ("ffv1", "bgra", {}),
    "deep.mkv": ("ffv1", "yuva444p10le", {}),
    "animation.mov": ("qtrle", "argb", {}),
    "moving.png": ("apng", "rgba", {}),
}


def alpha_at(index: int) -> NDArray[np.uint8]:
    """uint8 (H, W): nothing on the left, all there on the right, half in a band between that moves with each frame."""
    alpha = np.zeros(SIZE, np.uint8)
    alpha[:, 40:] = 255
    alpha[:, 24 + index : 40 + index] = 128
    return alpha


def make_transparent(path: Path, kind: str, frames: int = 6) -> None:
    """A red clip, 25 frames a second."""
    if kind == "moving.avif":
        pictures = [Pillow.fromarray(rgba(index)) for index in range(frames)]
        pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=40, quality=95)
        return
    codec, pixel_format, options = CODECS[kind]
    with av.open(str(path), "w", format="apng" if codec == "apng" else None) as output:
        stream: Any = output.add_stream(codec, rate=25, width=SIZE[1], height=SIZE[0], pix_fmt=pixel_format,
                                        options=options)  # fmt: skip
        if kind.endswith("webm"):
            stream.metadata["alpha_mode"] = "1"
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(rgba(index), "rgba").reformat(format=pixel_format)
            frame.pts, frame.time_base = index, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def rgba(index: int) -> NDArray[np.uint8]:
    return np.dstack([np.full((*SIZE, 3), RED, np.uint8), alpha_at(index)])


def remux(source: Path, target: Path) -> None:
    """A copy of the packets as most programs make it."""
    with av.open(str(source)) as read, av.open(str(target), "w") as output:
        stream = output.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(video=0):
            if packet.size:
                packet.stream = stream
                output.mux(packet)
