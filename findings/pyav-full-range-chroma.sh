#!/bin/sh
# PyAV 18.1.0 (FFmpeg 8.1, libswscale 9): RGB converted to YUV of full range gets chroma that is cut off instead of
# rounded: half a level too low on average, in 8 and in 10 bits. Limited range is rounded as one would expect.
# (200, 60, 40) in BT.709 has Cr 198.92 and gets 198; a round trip gives (198, 60, 38).
# Exit 0: still so. Exit 1: it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.3.5
"$folder/env/bin/python" - <<'PYTHON'
import sys

import av
import numpy as np

rgb = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
red, green, blue = (rgb[..., i] / 255 for i in range(3))
luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
chroma = (blue - luma) / 1.8556, (red - luma) / 1.5748


def mean_error(name, span, top, steps, kind):
    """Of Cb and Cr, in levels of the format."""
    frame = av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(
        format=name, dst_colorspace="ITU709", src_color_range="JPEG", dst_color_range=span
    )
    planes = [np.frombuffer(p, kind).reshape(240, -1)[:, :320] for p in frame.planes[1:]]
    return [float((p - (c * steps + (top + 1) / 2)).mean()) for p, c in zip(planes, chroma)]


found = {
    "full range, 8 bits": mean_error("yuv444p", "JPEG", 255, 255, np.uint8),
    "full range, 10 bits": mean_error("yuv444p10le", "JPEG", 1023, 1023, "<u2"),
    "limited range, 8 bits": mean_error("yuv444p", "MPEG", 255, 224, np.uint8),
}
for name, (cb, cr) in found.items():
    print(f"{name}: Cb {cb:+.3f}, Cr {cr:+.3f} levels off on average")
print("av", av.__version__, av.library_versions["libswscale"])
low = all(-0.55 < error < -0.45 for name in ("full range, 8 bits", "full range, 10 bits") for error in found[name])
sys.exit(not (low and all(abs(error) < 0.05 for error in found["limited range, 8 bits"])))
PYTHON
