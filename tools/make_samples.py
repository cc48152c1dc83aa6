"""Remake the samples that ship with the package out of renders: python tools/make_samples.py RENDERS [--out FOLDER]

RENDERS holds `portrait.png` and `clip/000.png …` (people: RGBA, straight alpha) and `room.png`, which
`tools/render_room.py` makes. The lake, the sound, the composites and the encoding are made here.
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.float32]
CLIP_SIZE = (480, 848)
FPS = 20
SAMPLE_RATE = 48_000


def read(path: Path) -> Picture:
    """A PNG as float32 in [0, 1]."""
    with Image.open(path) as file:
        return np.asarray(file, np.float32) / 255


def crop(
    room: Picture, size: tuple[int, int], *, centre: tuple[float, float] = (0.5, 0.5), zoom: float = 1.0
) -> Picture:
    """A part of a room with the shape of ``size`` (height, width), scaled to it.

    The largest one at ``zoom`` 1; ``centre`` says where it lies, (0, 0) at the top left and (1, 1) at the bottom right.
    """
    height, width = size
    h, w = room.shape[:2]
    scale = min(h / height, w / width) / zoom
    part_h, part_w = round(height * scale), round(width * scale)
    top, left = round((h - part_h) * centre[1]), round((w - part_w) * centre[0])
    part = room[top : top + part_h, left : left + part_w, :3]
    return np.clip(cv2.resize(part, (width, height), interpolation=cv2.INTER_LANCZOS4), 0, 1)


def onto(person: Picture, room: Picture, *, top: int, left: int, exposure: float = 1.0) -> Picture:
    """An RGBA person over a room, mixed in linear light, with a little of the room's light around the outline."""
    h, w = room.shape[:2]
    layer = np.zeros((h, w, 4), np.float32)
    ph, pw = person.shape[:2]
    y0, x0, y1, x1 = max(top, 0), max(left, 0), min(top + ph, h), min(left + pw, w)
    layer[y0:y1, x0:x1] = person[y0 - top : y1 - top, x0 - left : x1 - left]
    alpha = layer[..., 3:]
    light, back = layer[..., :3] ** 2.2 * exposure, room[..., :3] ** 2.2
    spill = cv2.GaussianBlur(back, (0, 0), h / 30) * (1 - cv2.GaussianBlur(alpha, (0, 0), h / 220)[..., None])
    mixed = (light + 0.25 * spill) * alpha + back * (1 - alpha)
    return np.clip(mixed, 0, 1) ** np.float32(1 / 2.2)


def bytes_of(picture: Picture, noise: np.random.Generator, *, grain: float) -> NDArray[np.uint8]:
    """8 bits with a sensor's noise, so that the render does not look like one."""
    spread = noise.normal(0, grain, picture.shape[:2]).astype(np.float32)
    return (np.clip(picture + cv2.GaussianBlur(spread, (0, 0), 0.6)[..., None], 0, 1) * 255 + 0.5).astype(np.uint8)


def ridge(width: int, rng: np.random.Generator, roughness: float) -> Picture:
    """A mountain's outline: heights in about [-1, 1] by midpoint noise."""
    x = np.linspace(0, 1, width, dtype=np.float32)
    line = np.zeros(width, np.float32)
    for octave in range(9):
        count = 3 * 2**octave
        line += np.interp(x, np.linspace(0, 1, count), rng.normal(0, roughness**octave, count)).astype(np.float32)
    return line / np.abs(line).max()


def lake(width: int, height: int, rng: np.random.Generator) -> Picture:
    """Ridges in haze, a low sun and its reflection: a background that is plainly not a room."""
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
    stops = np.array([[0.10, 0.18, 0.34], [0.36, 0.42, 0.58], [0.86, 0.62, 0.52], [1.0, 0.80, 0.56]], np.float32)
    shore = 0.60
    place = np.clip(y[:, 0, 0] / shore, 0, 1)
    sky = np.stack([np.interp(place, [0, 0.45, 0.82, 1], stops[:, c]) for c in range(3)], -1).astype(np.float32)[
        :, None
    ]
    away = ((x - 0.68) * width / height) ** 2 + (y - 0.43) ** 2
    picture = np.repeat(sky, width, 1)
    picture = picture + np.array([1.0, 0.72, 0.42], np.float32) * (
        0.55 * np.exp(-away / 0.035) + 0.9 * np.exp(-away / 0.0012)
    )
    clouds = cv2.resize(rng.random((14, 5)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    for octave in range(1, 5):
        grid = rng.random((14 * 2**octave, 5 * 2**octave)).astype(np.float32)
        clouds += 0.55**octave * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    clouds = np.clip((clouds - clouds.mean()) / clouds.std() - 0.4, 0, 1.4)[..., None] * np.exp(
        -(((y - 0.2) / 0.16) ** 2)
    )
    picture = picture + clouds * np.array([0.22, 0.13, 0.10], np.float32)
    haze = np.array([0.80, 0.58, 0.52], np.float32)
    for depth, (base, tall, rough) in enumerate(
        ((0.47, 0.10, 0.60), (0.52, 0.085, 0.58), (0.565, 0.06, 0.56), (0.60, 0.035, 0.62))
    ):
        near = (depth + 1) / 4
        top = base - tall * (0.45 + 0.75 * ridge(width, rng, rough))[None, :, None]
        colour = haze * (1 - near) * 0.85 + np.array([0.06, 0.085, 0.12], np.float32) * near
        inside = np.clip((y - top) * height / 1.5, 0, 1)
        fog = np.clip((y - top) / (base - top + 0.05), 0, 1) * 0.35 * (1 - near)
        picture = picture * (1 - inside) + inside * (colour * (1 - fog) + haze * fog)
    rows = np.arange(height)
    edge = int(shore * height)
    depth_in = (rows - edge).clip(0)
    mirror = (edge - 1 - depth_in * (edge - 1) / max(height - edge, 1) * 0.92).astype(int).clip(0, edge - 1)
    waves = rng.normal(0, 1, (height, 1)) * 1.5 * (depth_in[:, None] / 40) ** 0.8
    ripple = cv2.GaussianBlur(
        rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), sigmaX=width / 45, sigmaY=0.9
    )
    shift = waves + ripple / ripple.std() * (1 + depth_in[:, None] / 14)
    source_y = np.clip(mirror[:, None] + shift, 0, edge - 1).astype(np.float32)
    source_x = np.clip(np.arange(width)[None] + shift * 0.7, 0, width - 1).astype(np.float32)
    water = cv2.remap(picture.astype(np.float32), source_x, source_y, cv2.INTER_LINEAR)
    water = water * np.array([0.62, 0.70, 0.80], np.float32) + np.array([0.02, 0.035, 0.05], np.float32)
    return np.where(rows[:, None, None] >= edge, water, picture).clip(0, 1).astype(np.float32)


def pad(seconds: float) -> NDArray[np.float32]:
    """A soft chord as planar stereo float32 (2, samples), faded in and out."""
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    fade = np.clip(np.minimum(t / 0.6, (seconds - t) / 0.9), 0, 1)
    sides = []
    for drift in (0.997, 1.003):
        tone = sum(
            level * np.sin(2 * np.pi * pitch * drift * t + phase) * (0.8 + 0.2 * np.sin(2 * np.pi * 0.4 * t + phase))
            for pitch, level, phase in ((196.0, 0.32, 0.0), (246.9, 0.24, 1.1), (293.7, 0.22, 2.0), (440.0, 0.08, 0.6))
        )
        sides.append(tone * 0.22 * np.sin(fade * np.pi / 2) ** 2)
    return np.ascontiguousarray(sides, np.float32)


def write_clip(path: Path, frames: list[NDArray[np.uint8]]) -> None:
    """H.264 and AAC, BT.709 limited range, tagged as such."""
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as file:
        video = file.add_stream("libx264", rate=FPS, options={"crf": "20", "preset": "slow"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.codec_context.color_range, video.codec_context.colorspace = 1, 1
        video.codec_context.color_primaries, video.codec_context.color_trc = 1, 1
        sound = file.add_stream("aac", rate=SAMPLE_RATE, layout="stereo", bit_rate=96_000)
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            file.mux(video.encode(frame))
        file.mux(video.encode())
        wave = pad(len(frames) / FPS)
        for start in range(0, wave.shape[1], 1024):
            piece = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(wave[:, start : start + 1024]), format="fltp", layout="stereo"
            )
            piece.sample_rate, piece.pts, piece.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
            file.mux(sound.encode(piece))
        file.mux(sound.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("renders", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "src/limner/samples")
    options = parser.parse_args()
    renders, out = options.renders, options.out
    rng = np.random.default_rng(7)

    room = read(renders / "room.png")
    person = read(renders / "portrait.png")
    behind = crop(room, person.shape[:2], centre=(0.5, 0.3), zoom=1.22)
    picture = bytes_of(onto(person, behind, top=0, left=0), rng, grain=0.012)
    Image.fromarray(picture).save(out / "portrait.jpg", quality=88, optimize=True)

    Image.fromarray(bytes_of(lake(1920, 1080, rng), rng, grain=0.004)).save(out / "lake.jpg", quality=80, optimize=True)

    height = CLIP_SIZE[0]
    behind = crop(room, CLIP_SIZE, centre=(0.5, 0.4))
    half = []
    for path in sorted((renders / "clip").glob("*.png")):
        side = round(height * 0.95)
        small = cv2.resize(read(path), (side, side), interpolation=cv2.INTER_CUBIC).clip(0, 1)
        half.append(onto(small, behind, top=height - side, left=0))
    there_and_back = [*half, *half[-2:0:-1]]
    write_clip(out / "clip.mp4", [bytes_of(picture, rng, grain=0.008) for picture in there_and_back])
    for name in ("portrait.jpg", "lake.jpg", "clip.mp4"):
        print(f"{out / name}: {(out / name).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
