#!/bin/sh
# PyAV 18.1.0 (FFmpeg 8.1, libavformat 62.12): opening an output on the network stops every Python thread of the process until
# the server answers. av.open of an input releases the GIL; av.open(…, "w") and start_encoding() do not. The options= of an
# output reach the muxer and not the protocol: rw_timeout in them is ignored, where an input obeys it.
# Here a server on loopback takes the connection, waits 1.5 s and closes it. Seen with RTMP: a thread that ticks every 10 ms
# ticks all the while an input is opened, and not for 1.5 s while an output is; rw_timeout of 0.3 s ends the input early only.
# So whoever sends from a program with other threads opens outputs in a process of its own.
# Exit 0: still so. Exit 1: it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.3.5
timeout 120 "$folder/env/bin/python" - <<'PYTHON'
import subprocess
import sys
import threading
import time

import av

SERVER = """
import socket, threading, time
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
for _ in range(4):
    connection, _ = server.accept()
    time.sleep(1.5)
    connection.close()
"""
# In a process of its own: a thread of this one could not answer while the GIL is held.
server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
assert server.stdout is not None


def tick() -> None:
    while True:
        ticks.append(time.monotonic())
        time.sleep(0.01)


def write(address: str, options: dict[str, str]) -> None:
    with av.open(address, "w", format="flv", options=options) as output:
        stream = output.add_stream("flv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        output.start_encoding()


def read(address: str, options: dict[str, str]) -> None:
    av.open(address, options=options).close()


ticks: list[float] = []
threading.Thread(target=tick, daemon=True).start()
address = f"rtmp://127.0.0.1:{int(server.stdout.readline())}/live/name"
found = {}
print("av", av.__version__, av.library_versions["libavformat"])
for way in (read, write):
    for options in ({}, {"rw_timeout": "300000"}):
        ticks.clear()
        began = time.monotonic()
        try:
            way(address, options)
        except (av.error.FFmpegError, OSError) as error:
            said = str(error)
        took = time.monotonic() - began
        marks = [began, *list(ticks), began + took]
        still = max(b - a for a, b in zip(marks, marks[1:]))
        found[way.__name__, bool(options)] = took, still
        print(f"{way.__name__} {options}: {took:.1f} s, no other thread ran for {still:.1f} s ({said})")
(took_in, still_in), (took_in_timed, _) = found["read", False], found["read", True]
(took_out, still_out), (took_out_timed, _) = found["write", False], found["write", True]
same = still_in < 0.5 < 1 < still_out and took_in > 1 and took_out > 1 and took_in_timed < 1 < took_out_timed
server.kill()
sys.exit(not same)
PYTHON
