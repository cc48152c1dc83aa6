#!/bin/sh
# PyAV 18.1.0 (FFmpeg 8.1, libswscale 9): RGBA converted to YUVA gets alpha 128 to 254 one level too high, and 255 and
# everything up to 127 right. Alpha needs no conversion at all, so one would expect the same bytes.
# Half-transparent pixels (128) become 129, and 254 becomes opaque. Seen with yuva420p and yuva444p.
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

rgba = np.zeros((16, 256, 4), np.uint8)
rgba[..., 3] = np.arange(256)
same = True
for name in ("yuva420p", "yuva444p"):
    frame = av.VideoFrame.from_ndarray(rgba, "rgba").reformat(format=name)
    plane = np.frombuffer(frame.planes[3], np.uint8).reshape(16, -1)[:, :256].astype(int)
    off = plane[0] - np.arange(256)
    wrong = np.flatnonzero(off)
    print(f"{name}: {wrong.size} levels differ, {wrong.min()} to {wrong.max()}, each by {sorted({int(v) for v in off[wrong]})}")
    same &= wrong.tolist() == list(range(128, 255)) and set(off[wrong]) == {1}
print("av", av.__version__, av.library_versions["libswscale"])
sys.exit(not same)
PYTHON
