"""Remake the backgrounds and the clip that the page in web/page shows: python tools/make_page_pictures.py RENDERS

RENDERS holds two pictures that `tools/render_room.py` makes:

    room.png       --size 1600x900 --samples 64 --look-at -0.75 1.35 --view 40
    library.png    --size 1600x900 --samples 64 --look-at 1.3 1.3 --view 30 --seed 9

The lake, the clip and the portrait are those of src/limner/samples; everything else is computed here.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

import limner

Picture = NDArray[np.float32]
TOP = Path(__file__).parents[1]
SIZE = (900, 1600)
FPS = 20


def coordinates(size: tuple[int, int] = SIZE) -> tuple[Picture, Picture]:
    """x and y of each pixel, both in units of the height, from the middle of the picture."""
    height, width = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return (x - width / 2) / height, (y - height / 2) / height


def dithered(picture: Picture, rng: np.random.Generator, grain: float = 0.004) -> NDArray[np.uint8]:
    """8 bits, with noise that hides the steps of slow gradients."""
    noise = rng.normal(0, grain, picture.shape[:2]).astype(np.float32)[..., None]
    return (np.clip(picture + noise, 0, 1) * 255 + 0.5).astype(np.uint8)


def colour(hexadecimal: str) -> Picture:
    """``rrggbb`` as three floats in [0, 1]."""
    return np.array([int(hexadecimal[i : i + 2], 16) / 255 for i in (0, 2, 4)], np.float32)


def studio() -> Picture:
    """A grey paper backdrop with a light on it."""
    x, y = coordinates()
    glow = np.exp(-((x / 0.62) ** 2 + ((y + 0.06) / 0.48) ** 2))[..., None]
    floor = np.clip((y - 0.24) / 0.30, 0, 1)[..., None] ** 2
    return (colour("26282b") * (1 - glow) + colour("8b8d8f") * glow) * (1 - 0.45 * floor)


def evening(rng: np.random.Generator) -> Picture:
    """Lights of a city at night, out of focus."""
    height, width = SIZE
    x, y = coordinates()
    skyline = 0.10 + 0.05 * np.sin(x * 3.1) + 0.03 * np.sin(x * 7.7 + 1)
    town = 1 / (1 + np.exp(-(y - skyline) / 0.05))
    picture = colour("10182e") * (1 - town[..., None]) + colour("0a0d18") * town[..., None]
    picture = picture + colour("5a3350") * (0.9 * np.exp(-(((y - skyline) / 0.16) ** 2)))[..., None]
    hues = [colour(c) for c in ("ffb45e", "ff8a4a", "ffd9a0", "7fb4ff", "ff5f5f", "fff3dd")]
    shares = (0.36, 0.2, 0.18, 0.11, 0.05, 0.10)
    for _ in range(150):
        px = int(rng.uniform(-0.02, 1.02) * width)
        depth = rng.beta(1.1, 1.8)
        py = int(height * (0.5 + 0.08 + 0.44 * depth + rng.normal(0, 0.02)))
        radius = int(height * (0.008 + 0.040 * depth * rng.uniform(0.6, 1.25)))
        disc = np.zeros((2 * radius + 9, 2 * radius + 9), np.float32)
        middle = (radius + 4, radius + 4)
        cv2.circle(disc, middle, radius, 0.62, -1, cv2.LINE_AA)
        cv2.circle(disc, middle, radius, 0.95, max(1, radius // 9), cv2.LINE_AA)
        disc = cv2.GaussianBlur(disc, (0, 0), max(0.8, radius / 14)) * rng.uniform(0.12, 0.6)
        top, left = py - middle[1], px - middle[0]
        y0, x0 = max(top, 0), max(left, 0)
        y1, x1 = min(top + disc.shape[0], height), min(left + disc.shape[1], width)
        if y0 >= y1 or x0 >= x1:
            continue
        piece = disc[y0 - top : y1 - top, x0 - left : x1 - left, None]
        light = hues[rng.choice(len(hues), p=shares)]
        picture[y0:y1, x0:x1] = 1 - (1 - picture[y0:y1, x0:x1].clip(0, 1)) * (1 - piece * light)
    return cv2.GaussianBlur(picture.clip(0, 1).astype(np.float32), (0, 0), 1.6)


def plaster(rng: np.random.Generator) -> Picture:
    """A clay-coloured wall with the light of a window on it."""
    height, width = SIZE
    x, y = coordinates()
    mottle = np.zeros(SIZE, np.float32)
    for octave in range(5):
        grid = rng.normal(0, 1, (5 * 2**octave, 9 * 2**octave)).astype(np.float32)
        mottle += 0.6**octave * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    wall = colour("c9a78e") * (1 + 0.022 * mottle / mottle.std())[..., None]
    across, down = x * 0.92 + y * 0.34 + 0.16, y - x * 0.16 + 0.02
    panes = np.zeros(SIZE, np.float32)
    for column in range(3):
        for row in range(2):
            left, top = -0.52 + column * 0.33, -0.36 + row * 0.36
            inside = (across > left) & (across < left + 0.29) & (down > top) & (down < top + 0.32)
            panes[inside] = 1
    leaves = np.zeros(SIZE, np.float32)
    for _ in range(46):
        stem = (int(rng.normal(0.70, 0.13) * width), int(rng.normal(0.50, 0.20) * height))
        axes = (int(rng.uniform(38, 74)), int(rng.uniform(9, 17)))
        cv2.ellipse(leaves, stem, axes, rng.uniform(-75, 25), 0, 360, 1, -1, cv2.LINE_AA)
    light = cv2.GaussianBlur(panes, (0, 0), 9) * (1 - 0.72 * cv2.GaussianBlur(leaves, (0, 0), 11))
    falloff = np.exp(-((x + 0.1) ** 2 + y**2) / 1.3)
    lit = wall * (0.60 + 0.16 * falloff)[..., None]
    return lit + wall * light[..., None] * np.array([0.40, 0.35, 0.285], np.float32)


def rendered(path: Path) -> Picture:
    """A picture of a room as float32 in [0, 1], scaled to ``SIZE``."""
    with Image.open(path) as file:
        scaled = file.convert("RGB").resize(SIZE[::-1], Image.Resampling.LANCZOS)
    return np.asarray(scaled, np.float32) / 255


CARDS = ((300, 60), (360, 0), (300, 60))
"""Width and distance from the top of the three pictures of the welcome; their height follows the portrait."""


def welcome(portrait: Path, lake: Path) -> Image.Image:
    """The portrait blurred, in front of the lake, and cut out, side by side."""
    picture = limner.read_image(portrait).pixels
    matte = limner.Segmenter("quality").matte(picture)
    blurred = limner.make_effect("blur", strength=0.7)(picture, matte)
    moved = limner.make_effect("replace", background=lake)(picture, matte)
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]] // 45
    squares = np.where((x + y) % 2, 214, 242).astype(np.float32)[..., None]
    alpha = matte.alpha[..., None]
    cut = (picture * alpha + squares * (1 - alpha) + 0.5).astype(np.uint8)
    cards = [Image.fromarray(np.ascontiguousarray(pixels[..., :3])) for pixels in (blurred, moved, cut)]
    sheet = Image.new("RGBA", (sum(width for width, _ in CARDS) + 48, 450))
    left = 0
    for card, (width, top) in zip(cards, CARDS, strict=True):
        small = card.resize((width, round(width * 1.25)), Image.Resampling.LANCZOS)
        corners = Image.new("L", (4 * width, 5 * width))
        ImageDraw.Draw(corners).rounded_rectangle((0, 0, 4 * width, 5 * width), radius=4 * 34, fill=255)
        sheet.paste(small, (left, top // 2), corners.resize(small.size, Image.Resampling.LANCZOS))
        left += width + 24
    return sheet


def frames(path: Path) -> Iterator[av.VideoFrame]:
    """The pictures of a clip."""
    with av.open(str(path)) as file:
        yield from file.decode(video=0)


def write_webm(path: Path, source: Path) -> None:
    """The clip without its sound, as VP9."""
    with av.open(str(path), "w") as file:
        options = {"crf": "36", "b": "0", "deadline": "good", "cpu-used": "1", "row-mt": "1"}
        video = file.add_stream("libvpx-vp9", rate=FPS, options=options)
        video.pix_fmt = "yuv420p"
        for index, frame in enumerate(frames(source)):
            if index == 0:
                video.width, video.height = frame.width, frame.height
            made = frame.reformat(format="yuv420p")
            made.pts, made.time_base = index, Fraction(1, FPS)
            file.mux(video.encode(made))
        file.mux(video.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("renders", type=Path)
    parser.add_argument("--out", type=Path, default=TOP / "web/page/src/assets")
    options = parser.parse_args()
    samples = TOP / "src/limner/samples"
    rng = np.random.default_rng(11)
    pictures = {
        "room": rendered(options.renders / "room.png"),
        "library": rendered(options.renders / "library.png"),
        "lake": rendered(samples / "lake.jpg"),
        "plaster": plaster(rng),
        "evening": evening(rng),
        "studio": studio(),
    }
    folder = options.out / "backgrounds"
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        Image.fromarray(dithered(picture, rng, 0.003)).save(folder / f"{name}.webp", quality=78, method=6)
    greeting = welcome(samples / "portrait.jpg", samples / "lake.jpg")
    greeting.save(options.out / "welcome.webp", quality=82, method=6)
    write_webm(options.out / "sample.webm", samples / "clip.mp4")
    for path in (*sorted(folder.glob("*.webp")), options.out / "welcome.webp", options.out / "sample.webm"):
        print(f"{path.relative_to(options.out)}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
