"""What tests of streams share: a clip that flashes and beeps at the same moments, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

RATE = 20
SIZE = (96, 160)
BEEP_EVERY = 0.5
"""Seconds: the picture is white in the frame in which a beep begins."""
SOUND_RATE = 48_000


def picture(index: int, color: tuple[int, int, int] = (200, 40, 40)) -> NDArray[np.uint8]:
    """RGB (H, W, 3) of one colour, white where a beep begins; a bar on the left grows with the index."""
    frame = np.full((*SIZE, 3), color, np.uint8)
    if index % round(BEEP_EVERY * RATE) == 0:
        frame[:] = 255
    return frame


def beeps(seconds: float) -> NDArray[np.float32]:
    """Stereo (2, N): 50 ms of 1 kHz each half a second, otherwise silence."""
    time = np.arange(round(seconds * SOUND_RATE)) / SOUND_RATE
    tone = np.where(time % BEEP_EVERY < 0.05, 0.5 * np.sin(2 * np.pi * 1000 * time), 0)
    return np.stack([tone, tone]).astype(np.float32)


def make_clip(path: Path, seconds: float = 2.0, *, sound: bool = True) -> Path:
    """A clip whose flashes and beeps come at the same moments."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "crf": "10"})
        video.width, video.height, video.pix_fmt = SIZE[1], SIZE[0], "yuv420p"
        audio = out.add_stream("aac", rate=SOUND_RATE, layout="stereo") if sound else None
        samples, step = beeps(seconds), 1024
        heard = 0
        for index in range(round(seconds * RATE)):
            out.mux(video.encode(av.VideoFrame.from_ndarray(picture(index), format="rgb24")))
            while audio is not None and heard * RATE < (index + 1) * SOUND_RATE and heard < samples.shape[1]:
                part = np.ascontiguousarray(samples[:, heard : heard + step])
                frame = av.AudioFrame.from_ndarray(part, "fltp", "stereo")
                frame.rate, frame.pts, frame.time_base = SOUND_RATE, heard, Fraction(1, SOUND_RATE)
                out.mux(audio.encode(frame))
                heard += step
        out.mux(video.encode(None))
        if audio is not None:
            out.mux(audio.encode(None))
    return path


@dataclass(frozen=True)
class Seen:
    """What is in a result: seconds of its pictures, their mean colours (N, 3), and the moments of flashes and beeps."""

    times: list[float]
    colors: NDArray[np.float64]
    flashes: list[float]
    beeps: list[float]
    keys: list[float]


def look(path: str | Path) -> Seen:
    """Reads a result back, all of it."""
    times, colors, keys = [], [], []
    with av.open(str(path)) as clip:
        for frame in clip.decode(clip.streams.video[0]):
            times.append(float(frame.pts * frame.time_base))
            colors.append(frame.to_ndarray(format="rgb24").mean((0, 1)))
            keys += [times[-1]] if frame.key_frame else []
    beeping: list[float] = []
    with av.open(str(path)) as clip:
        for sound in clip.decode(clip.streams.audio[0]) if clip.streams.audio else ():
            samples = np.abs(sound.to_ndarray().reshape(-1, sound.samples)[0])
            begins = float(sound.pts * sound.time_base)
            loud = np.flatnonzero(samples > 0.2)
            beeping += [begins + loud[0] / sound.sample_rate] if len(loud) else []
    array = np.array(colors).reshape(-1, 3)
    flashes = [time for time, color in zip(times, array, strict=True) if color.min() > 235]
    return Seen(times, array, flashes, _first_of_each(beeping), keys)


def _first_of_each(moments: list[float]) -> list[float]:
    found: list[float] = []
    for moment in moments:
        if not found or moment - found[-1] > BEEP_EVERY / 2:
            found.append(moment)
    return found


def furthest(flashes: list[float], beeps: list[float]) -> float:
    """Seconds between a flash and the beep next to it, at most, of all but the first and last."""
    inner = flashes[1:-1]
    assert inner, "too few flashes to tell"
    return max(_apart(inner, beeps))


def usual(flashes: list[float], beeps: list[float]) -> float:
    """As `furthest`, but the median: for files of receivers that note when something came, not when it was shown."""
    assert len(flashes) > 3, "too few flashes to tell"
    return float(np.median(_apart(flashes[1:-1], beeps)))


def _apart(flashes: list[float], beeps: list[float]) -> list[float]:
    return [min(abs(flash - beep) for beep in beeps) for flash in flashes]
