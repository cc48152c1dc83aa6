"""The 1080p photo and the 1080p clip that the benchmarks work on, made from the samples that ship."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from limner import samples

WIDTH, HEIGHT, FPS = 1920, 1080, 25
_HOW = cv2.INTER_CUBIC


def photo(folder: Path) -> Path:
    """A 1920×1080 JPEG of a person in a room."""
    path = folder / "photo-1080p.jpg"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with av.open(str(samples.CLIP)) as file:
            first = next(file.decode(video=0)).to_ndarray(format="bgr24")
        cv2.imwrite(str(path), _large(first, np.random.default_rng(0)), [cv2.IMWRITE_JPEG_QUALITY, 92])
    return path


def large_photo(folder: Path) -> Path:
    """A JPEG of 12 megapixels, 3000×4000, as phones take them: the sample portrait, enlarged, with a sensor's noise."""
    path = folder / "photo-12mp.jpg"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        portrait = cv2.imread(str(samples.PORTRAIT))
        assert portrait is not None
        height, width = portrait.shape[:2]
        side = (width - height * 3 // 4) // 2
        upright = np.ascontiguousarray(portrait[:, side : width - side])
        large = _large(upright, np.random.default_rng(0), (3000, 4000))
        cv2.imwrite(str(path), large, [cv2.IMWRITE_JPEG_QUALITY, 92])
    return path


def clip(folder: Path, seconds: int, *, grain: bool = True) -> Path:
    """A 1920×1080 H.264 clip: the sample clip, enlarged and with a sensor's noise, again and again.

    Enlarged pictures alone are easy on the encoder; the noise gives it about the work of a real camera's.
    """
    path = folder / f"clip-1080p-{seconds}s{'' if grain else '-clean'}.mp4"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.mp4")
    noise = np.random.default_rng(0)
    with av.open(str(samples.CLIP)) as file:
        frames = [frame.to_ndarray(format="bgr24") for frame in file.decode(video=0)]
    with av.open(str(part), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"crf": "20", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index in range(seconds * FPS):
            picture = frames[index % len(frames)]
            picture = _large(picture, noise) if grain else cv2.resize(picture, (WIDTH, HEIGHT), interpolation=_HOW)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    part.replace(path)
    return path


def camera_clip(folder: Path) -> Path:
    """Eight seconds of 1280×720 at 30 frames a second in Motion JPEG, which is what USB cameras send at that size."""
    path = folder / "camera-720p.avi"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.avi")
    noise = np.random.default_rng(0)
    with av.open(str(samples.CLIP)) as file:
        frames = [frame.to_ndarray(format="bgr24") for frame in file.decode(video=0)]
    order = [*range(len(frames)), *range(len(frames) - 2, 0, -1)]  # there and back, so that nobody jumps
    with av.open(str(part), "w") as out:
        stream = out.add_stream("mjpeg", rate=30, options={"qmin": "4", "qmax": "4"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuvj422p"
        for index in range(8 * 30):
            picture = _large(frames[order[index % len(order)]], noise, (1280, 720))
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, 30)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    part.replace(path)
    return path


def _large(pixels: np.ndarray, noise: np.random.Generator, size: tuple[int, int] = (WIDTH, HEIGHT)) -> np.ndarray:
    large = cv2.resize(pixels, size, interpolation=_HOW)
    grain = np.empty((size[1], size[0], 1), np.int16)
    cv2.randn(grain, 0, 3)
    return cv2.add(large.astype(np.int16), np.repeat(grain, 3, 2)).clip(0, 255).astype(np.uint8)
