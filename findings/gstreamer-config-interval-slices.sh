#!/bin/sh
# GStreamer 1.22.0 and FFmpeg 8.1 (PyAV 18.1.0): rtph264pay config-interval=-1, "SPS and PPS with every IDR", puts them before every
# slice of an IDR picture whose slices come as buffers of their own, so in the middle of the picture. libavcodec of FFmpeg 8.1 takes
# each parameter set for the begin of another picture. Seen: five pictures go in, fifteen come out, each with a part of one.
# x264enc tune=zerolatency makes as many slices as it has threads. With config-interval=0 (the parameter sets of the stream alone) the
# same pictures come whole. Here H.264 of four slices goes through rtph264pay and rtph264depay inside GStreamer, into a file of start
# codes that PyAV reads: no network is needed to see it.
# Exit 0: still so. Exit 1: it has changed. Exit 3: GStreamer is not there (Debian: gstreamer1.0-tools and -plugins-base, -good, -bad, -ugly).
set -eu
command -v gst-launch-1.0 >/dev/null || { echo "no gst-launch-1.0" >&2; exit 3; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.3.5
gst-launch-1.0 --version | head -2
for interval in -1 0; do
  gst-launch-1.0 -q videotestsrc num-buffers=5 pattern=ball ! video/x-raw,width=320,height=240,framerate=25/1,format=I420 \
    ! x264enc tune=zerolatency threads=4 sliced-threads=true key-int-max=1 bitrate=2000 \
    ! video/x-h264,stream-format=byte-stream ! rtph264pay config-interval=$interval ! rtph264depay \
    ! video/x-h264,stream-format=byte-stream,alignment=nal ! filesink location="$folder/$interval.h264"
done
"$folder/env/bin/python" - "$folder" <<'PYTHON'
import sys
from pathlib import Path

import av
import numpy as np

found = {}
print("av", av.__version__, av.library_versions["libavcodec"])
for interval in ("-1", "0"):
    data = (Path(sys.argv[1]) / f"{interval}.h264").read_bytes()
    units = [part[0] & 31 for part in data.split(b"\0\0\1")[1:]]
    shown = []
    with av.open(str(Path(sys.argv[1]) / f"{interval}.h264")) as file:
        for frame in file.decode(video=0):
            shown.append(frame.to_ndarray(format="gray"))
    print(f"config-interval={interval}: units of the first picture {units[:12]}, {len(shown)} pictures of 5")
    found[interval] = units, shown
(units_each, shown_each), (units_once, shown_once) = found["-1"], found["0"]
whole = np.stack(shown_once[:5])
bad = [float(np.abs(a.astype(int) - b.astype(int)).mean()) for a, b in zip(shown_each, whole)]
print("parameter sets:", units_each.count(7), "and", units_once.count(7), "- mean difference of the pictures:", [round(x, 1) for x in bad])
sys.exit(not (units_each.count(7) > 2 * units_once.count(7) and len(whole) == 5 and (len(shown_each) != 5 or max(bad) > 5)))
PYTHON
