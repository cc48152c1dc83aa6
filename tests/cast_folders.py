"""Data folders for composites: people whose colours and masks are known, cut at the bottom or standing, and rooms."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from drawn_bodies import body


def bust(index: int, *, size: int = 160) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Somebody red before green, cut at the lower border: RGB (S, S, 3) and a soft mask (S, S)."""
    fine = np.zeros((size * 4, size * 4), np.uint8)
    x = int((0.45 + 0.02 * (index % 6)) * fine.shape[1])
    cv2.ellipse(fine, (x, int(0.36 * size * 4)), (int(0.11 * size * 4), int(0.15 * size * 4)), 0, 0, 360, 255, -1)
    cv2.rectangle(fine, (x - 36, int(0.45 * size * 4)), (x + 36, int(0.7 * size * 4)), 255, -1)
    cv2.ellipse(fine, (x, size * 4), (int(0.27 * size * 4), int(0.4 * size * 4)), 0, 0, 360, 255, -1)
    fine = np.asarray(cv2.GaussianBlur(fine, (0, 0), 6), np.uint8)
    mask = np.asarray(cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA), np.uint8)
    share = mask[..., None] / 255
    rgb = share * np.array([200.0, 40 + 8 * (index % 5), 40]) + (1 - share) * np.array([0.0, 230, 0])
    return np.round(rgb).astype(np.uint8), mask


def write_cast(folder: Path, *, people: int = 6, val: int = 2, rooms: int = 4) -> Path:
    """``people`` busts, the last ``val`` of them for validation; a standing one; ``rooms`` photos of nobody."""
    rows = []
    for kind in ("busts/images", "busts/masks", "bodies/images", "bodies/masks", "rooms/images"):
        (folder / kind).mkdir(parents=True)
    for index in range(people):
        rgb, mask = bust(index)
        Image.fromarray(rgb).save(folder / f"busts/images/{index}.png")
        Image.fromarray(mask).save(folder / f"busts/masks/{index}.png")
        split = "val" if index >= people - val else "train"
        rows.append(["busts", index, split, "hand", 160, 160, f"photographer {index}", "CC BY 4.0", f"p{index}"])
    mask = body(240, 120, 30, 60, 8)
    Image.fromarray(np.where(mask[..., None] > 127, (40, 60, 200), (90, 90, 90)).astype(np.uint8)).save(
        folder / "bodies/images/0.png"
    )
    Image.fromarray(mask).save(folder / "bodies/masks/0.png")
    rows.append(["bodies", 0, "train", "hand", 120, 240, "a tailor", "", ""])
    rng = np.random.default_rng(7)
    for index in range(rooms):
        small = rng.integers(0, 256, (6, 8, 3)).astype(np.uint8)
        Image.fromarray(np.asarray(cv2.resize(small, (320, 240), interpolation=cv2.INTER_CUBIC), np.uint8)).save(
            folder / f"rooms/images/{index}.jpg"
        )
        rows.append(["rooms", index, "train", "none", 320, 240, f"room {index}", "CC0", ""])
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        columns = ["set", "stem", "split", "mask", "width", "height", "source", "rights", "group"]
        csv.writer(file).writerows([columns, *rows])
    return folder


def write_walls(folder: Path, *colours: tuple[int, int, int]) -> Path:
    """Photos of one colour each."""
    folder.mkdir(parents=True)
    for index, colour in enumerate(colours):
        Image.fromarray(np.full((240, 320, 3), colour, np.uint8)).save(folder / f"{index}.png")
    return folder
