#!/bin/sh
# PyAV 18.1.0 (FFmpeg 8.1, its own libx264): the same frames, one thread, CRF: other bytes each time, and other pixels, where
# pictures are small. x264 says of itself that its output is deterministic. It is without its macroblock tree
# (x264-params mbtree=0), without B-frames (bf=0) and without assembly (asm=0).
# Exit 0: still so. Exit 1: it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.3.5
"$folder/env/bin/python" - <<'PYTHON'
import hashlib
import io
import sys
from fractions import Fraction

import av
import numpy as np

WIDTH, HEIGHT = 96, 64


def frames():
    """A disc that slides over a pattern that pans, with a camera's noise: planar YUV 4:2:0."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
    for number in range(20):
        room = 120 + 60 * np.sin((x + number) / 9) * np.cos(y / 7)
        disc = np.clip(18.5 - np.hypot(x - 30 - 1.5 * number, y - 36), 0, 1)
        luma = room * (1 - disc) + 190 * disc + rng.normal(0, 2.5, room.shape)
        planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
        planes[:HEIGHT] = np.clip(luma, 16, 235)
        yield planes


def encoded(**more):
    file = io.BytesIO()
    with av.open(file, "w", format="matroska", options={"fflags": "+bitexact"}) as container:
        options = {"crf": "16", "preset": "veryfast", **more}
        stream = container.add_stream("libx264", rate=Fraction(24), options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.thread_count = 1
        for planes in PICTURES:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode())
    return hashlib.sha256(file.getvalue()).hexdigest()


PICTURES = list(frames())
usual = len({encoded() for _ in range(500)})
calm = {name: len({encoded(**{"x264-params": name}) for _ in range(100)}) for name in ("mbtree=0", "asm=0")}
print(f"av {av.__version__}, libavcodec {av.library_versions['libavcodec']}")
print(f"as usual: {usual} different files of 500; {', '.join(f'{n}: {c} of 100' for n, c in calm.items())}")
sys.exit(usual == 1 or set(calm.values()) != {1})
PYTHON
