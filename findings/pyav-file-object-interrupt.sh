#!/bin/sh
# PyAV 18.1.0: Ctrl-C is lost while it reads or writes a Python file object. Its callbacks catch Exception, and KeyboardInterrupt
# is none: what read() or write() raises is printed as "Exception ignored in", FFmpeg goes on as if nothing had come or gone, and
# the program never hears of the interrupt. An OSError raised there reaches the
# caller as PyAVCallbackError.
# Seen with a file object whose second write() raises: muxing ends without an error for KeyboardInterrupt, with one for OSError.
# So who muxes into a pipe or a socket looks after SIGINT by a flag of its own.
# Exit 0: still so. Exit 1: it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.3.5
"$folder/env/bin/python" - 2>"$folder/said" <<'PYTHON' || { cat "$folder/said"; exit 1; }
import sys

import av
import numpy as np


class Target:
    """Takes everything but one write."""

    def __init__(self, error: BaseException) -> None:
        self.error, self.writes = error, 0

    def write(self, data: bytes) -> int:
        self.writes += 1
        if self.writes == 2:
            raise self.error
        return len(data)


def mux(error: BaseException) -> str:
    target = Target(error)
    try:
        with av.open(target, "w", format="mpegts") as output:
            stream = output.add_stream("mpeg2video", rate=25)
            stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
            rng = np.random.default_rng(0)
            for _ in range(20):
                picture = rng.integers(0, 256, (240, 320, 3), np.uint8)
                output.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
            output.mux(stream.encode())
    except BaseException as raised:
        return f"{type(raised).__name__} after {target.writes} writes"
    return f"nothing raised, {target.writes} writes"


found = {type(error).__name__: mux(error) for error in (OSError(28, "full"), KeyboardInterrupt())}
print("av", av.__version__)
for name, what in found.items():
    print(f"write() raises {name}: {what}")
sys.exit(not (found["OSError"].startswith("PyAVCallbackError") and found["KeyboardInterrupt"].startswith("nothing raised")))
PYTHON
grep "Exception ignored in" "$folder/said"
