"""Edges keyed before a plain backdrop beside those of the filter: python -m benchmarks.keying [--data FOLDER]

Cut-out people before a screen whose light falls off, with their shadow and spill on it, its ends to be seen in every
second picture, and a camera's noise. Prints a table in Markdown: SAD and gradient error against the exact matte.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from benchmarks.steady_clips import rendered
from limner.datasets.manifest import PhotoFolder
from limner.datasets.moving_clips import Cutout
from limner.evaluation.metrics.mattes import gradient_error, sad
from limner.segment.segmenter import Segmenter

SCREENS = {"green": (60, 180, 75), "blue": (40, 70, 190), "grey wall": (150, 148, 145)}
SIZE = (720, 1280)


def people(data: Path | None, count: int) -> list[Cutout]:
    """The rendered ones beside this file, and some of a data folder's full bodies with exact mattes."""
    found = rendered()
    if data is not None:
        folder = PhotoFolder(data)
        photos = list(folder.select(sets=("cutouts_full_body",)))
        for index in np.linspace(0, len(photos) - 1, count).astype(int):
            rgb, mask = folder.load(photos[index])
            found.append(Cutout(rgb, (mask / np.float32(255)).astype(np.float32)))
    return found


def before(cutout: Cutout, colour: tuple[int, int, int], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """RGB uint8 (H, W, 3) and its exact alpha (H, W)."""
    height, width = SIZE
    scale = 0.85 * height / cutout.alpha.shape[0]
    wide, tall = (round(side * scale) for side in cutout.alpha.shape[::-1])
    left = max(0, (width - wide) // 2)
    own = np.zeros((*SIZE, 3), np.float32)
    alpha = np.zeros(SIZE, np.float32)
    part = slice(height - tall, height), slice(left, left + min(wide, width))
    own[part] = cv2.resize(cutout.rgb, (wide, tall), interpolation=cv2.INTER_AREA)[:, :width]
    alpha[part] = cv2.resize(cutout.alpha, (wide, tall), interpolation=cv2.INTER_AREA)[:, :width]
    y, x = np.mgrid[:height, :width] / np.array(SIZE)[:, None, None]
    shadow = cv2.GaussianBlur(np.roll(alpha, (20, 40), (0, 1)), (0, 0), 25)
    light = (1 - 0.375 * ((x - 0.4) ** 2 + (y - 0.3) ** 2)) * (1 - 0.25 * shadow)
    screen = np.array(colour, np.float32) * light[..., None].astype(np.float32)
    if seed % 2:
        screen[:, :140], screen[:, -120:] = 90, (60, 50, 40)
    spill = 0.075 * cv2.GaussianBlur(1 - alpha, (0, 0), 12)[..., None]
    picture = screen + (own * 0.925 + np.array(colour, np.float32) * spill - screen) * alpha[..., None]
    noise = np.random.default_rng(seed).normal(0, 2, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8), alpha


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a data folder with the set cutouts_full_body")
    parser.add_argument("--count", type=int, default=12, help="people of it [12]")
    parser.add_argument("--model", default="default", help="[default]")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    guided = Segmenter(options.model, threads=1)
    keyed = guided.sharing_net(edges="key")
    everybody = people(options.data, options.count)
    print("| before | people | SAD guided | key | gradient error guided | key | ms more |")
    print("|---|---|---|---|---|---|---|")
    for name, colour in SCREENS.items():
        rows = []
        for index, cutout in enumerate(everybody):
            frame, truth = before(cutout, colour, index)
            began = time.process_time()
            plain = guided.matte(frame).alpha
            half = time.process_time()
            sharp = keyed.matte(frame).alpha
            cost = 1000 * (time.process_time() - half - (half - began))
            errors = [error(matte, truth) for error in (sad, gradient_error) for matte in (plain, sharp)]
            rows.append([*errors, cost])
        means, more = np.mean(rows, axis=0), np.median(rows, axis=0)[-1]
        print(f"| {name} | {len(rows)} | " + " | ".join(f"{value:.2f}" for value in means[:4]) + f" | {more:.0f} |")


if __name__ == "__main__":
    main()
