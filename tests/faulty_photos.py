"""A data folder in which each photo has one fault, and two have none."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drawn_people import draw_person
from layout_folders import save

Array = NDArray[np.uint8]

MASKS: dict[str, str] = {
    "good": "", "fine": "", "inverted": "inverted", "empty": "empty", "full": "full", "ones": "range", "dim": "range",
    "soft": "soft", "residue": "residue", "specks": "specks", "cut": "cut", "shape": "shape", "size": "size",
    "unreadable": "unreadable", "gone": "unreadable", "twin": "duplicate", "leak": "leak", "mirror": "near_duplicate",
}  # fmt: skip
"""Stem -> its fault. ``good`` is what twin is of, ``leak`` is of ``fine``, which is val, and ``mirror`` of good."""


def spoiled(fault: str, rgb: Array, mask: Array) -> tuple[Array, Array]:
    """The photo and the mask with a fault."""
    if fault == "inverted":
        mask = 255 - mask
    elif fault == "empty":
        mask = np.zeros_like(mask)
    elif fault == "full":
        mask = np.full_like(mask, 255)
    elif fault == "ones":
        mask = mask // 255
    elif fault == "dim":
        mask = mask // 12
    elif fault == "soft":
        mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), 5), np.uint8)
    elif fault == "residue":
        noise = np.random.default_rng(1).integers(0, 9, mask.shape).astype(np.uint8)
        mask = np.where(mask > 0, 255 - noise, noise)
    elif fault == "specks":
        mask = mask.copy()
        mask[80, 36], mask[4, 60] = 0, 255
    elif fault == "cut":
        rgb, mask = np.ascontiguousarray(rgb[30:]), np.ascontiguousarray(mask[30:])
    elif fault == "shape":
        mask = np.ascontiguousarray(mask[:60])
    return rgb, mask


def write_faulty(data: Path) -> None:
    """The data folder, of one set ``own``."""
    rows: list[list[object]] = []
    people = {"twin": 0, "mirror": 0, "leak": 1}
    for number, stem in enumerate(MASKS):
        rgb, mask = spoiled(stem, *draw_person(people.get(stem, number)))
        if stem == "mirror":
            rgb, mask = np.ascontiguousarray(rgb[:, ::-1]), np.ascontiguousarray(mask[:, ::-1])
        if stem == "leak":
            rgb = np.clip(rgb.astype(int) + np.random.default_rng(0).integers(-3, 4, rgb.shape), 0, 255).astype(
                np.uint8
            )
        save(data / f"own/images/{stem}.png", rgb)
        save(data / f"own/masks/{stem}.png", mask)
        height = rgb.shape[0] + 5 * (stem == "size")
        rows.append(["own", stem, "val" if stem == "fine" else "train", "hand", rgb.shape[1], height, "drawn"])
    (data / "own/images/unreadable.png").write_bytes(b"no picture")
    (data / "own/masks/gone.png").unlink()
    with (data / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["set", "stem", "split", "mask", "width", "height", "source"], *rows])
