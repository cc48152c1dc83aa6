"""What an HDR clip says of itself beside its colours: the display that it was mastered on, and how bright it gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import av
import numpy as np

_DYNAMIC = {
    "DYNAMIC_HDR_PLUS": "HDR10+",
    "DYNAMIC_HDR_VIVID": "HDR Vivid",
    "DYNAMIC_HDR_SMPTE_2094_APP5": "SMPTE ST 2094-50",
    "DOVI_RPU_BUFFER": "Dolby Vision",
    "DOVI_METADATA": "Dolby Vision",
}
_STEPS_OF_XY, _STEPS_OF_NITS = 50_000, 10_000
"""In which SMPTE ST 2086 counts."""


@dataclass(frozen=True, slots=True)
class HdrMetadata:
    """Static metadata of HDR10, and the names of what else there is.

    Attributes:
        mastering: (x, y) of red, green, blue and white, in steps of 1/50000, then the highest and lowest luminance in
            steps of 1/10000 cd/m² (SMPTE ST 2086).
        light: highest luminance of a pixel and of a frame's mean, in cd/m² (CTA-861.3).
        dynamic: what changes from frame to frame, which is never kept.
    """

    mastering: tuple[int, ...] | None = None
    light: tuple[int, int] | None = None
    dynamic: tuple[str, ...] = ()

    @property
    def x264_params(self) -> str:
        """The same for libx264; empty where there is nothing."""
        told = []
        if self.mastering is not None:
            r, g, b, white = (f"({x},{y})" for x, y in zip(self.mastering[:8:2], self.mastering[1:8:2], strict=True))
            told.append(f"mastering-display=G{g}B{b}R{r}WP{white}L({self.mastering[8]},{self.mastering[9]})")
        if self.light is not None:
            told.append(f"cll={self.light[0]},{self.light[1]}")
        return ":".join(told)

    def left_out(self, codec: str) -> str | None:
        """The notice about what a result in `codec` does not say any more; None where it says everything."""
        lost = list(self.dynamic)
        if codec != "h264":
            lost = ["mastering display"] * (self.mastering is not None) + ["light levels"] * bool(self.light) + lost
        return f"Its HDR metadata was left out: {', '.join(lost)}." if lost else None


def hdr_metadata(frame: av.VideoFrame) -> HdrMetadata:
    """What is told with a decoded frame."""
    mastering: tuple[int, ...] | None = None
    light: tuple[int, int] | None = None
    dynamic: list[str] = []
    sides: Any = frame.side_data
    for side in sides:
        name, data = side.type.name, bytes(side)
        if name == "MASTERING_DISPLAY_METADATA":
            mastering = _mastering(data)
        elif name == "CONTENT_LIGHT_LEVEL" and len(data) >= 8:
            most, mean = (int(value) for value in np.frombuffer(data[:8], np.uint32))
            light = (most, mean) if most or mean else None
        elif name in _DYNAMIC and _DYNAMIC[name] not in dynamic:
            dynamic.append(_DYNAMIC[name])
    return HdrMetadata(mastering, light, tuple(dynamic))


def _mastering(data: bytes) -> tuple[int, ...] | None:
    """Of libavutil's AVMasteringDisplayMetadata: ten fractions, the lowest luminance before the highest, two flags."""
    if len(data) < 88:
        return None
    numbers = np.frombuffer(data[:88], np.int32)
    parts, below, flags = numbers[:20:2], numbers[1:20:2], numbers[20:]
    if not flags.all() or not below.all():
        return None
    values = parts.astype(np.float64) / below
    steps = np.rint(values * ([_STEPS_OF_XY] * 8 + [_STEPS_OF_NITS] * 2)).astype(int)
    return (*steps[:8].tolist(), int(steps[9]), int(steps[8]))
