"""A small data folder and a folder of masks for reviews: three labelled photos, one without a mask, one on a list."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from limner.datasets.masks_overlay import Row, write_overlay

SIZE = 120, 160  # (H, W)


def scene() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A reddish disc before bluish noise: RGB (H, W, 3), and where the disc is, uint8 (H, W)."""
    truth = np.zeros(SIZE, np.uint8)
    cv2.circle(truth, (80, 60), 36, 255, -1)
    noise = np.random.default_rng(3).normal(0, 9, (*SIZE, 3))
    rgb = np.where(truth[..., None] > 0, (190, 90, 60), (60, 90, 150)) + noise
    return np.clip(rgb, 0, 255).astype(np.uint8), truth


def write_review(folder: Path) -> tuple[Path, Path]:
    """The data folder and the masks: ``a/0`` to ``a/2`` are of the kind auto, ``b/9`` is unlabelled.

    The masks have rows of ``a/1``, asked about, and ``b/9``, kept; both have pictures.
    """
    data, masks = folder / "data", folder / "masks"
    rgb, truth = scene()
    rough = np.asarray(cv2.erode(truth, np.ones((13, 13), np.uint8)), np.uint8)
    lines = ["set,stem,split,mask,width,height,source"]
    for name, stem in (("a", "0"), ("a", "1"), ("a", "2"), ("b", "9")):
        (data / name / "images").mkdir(parents=True, exist_ok=True)
        Image.fromarray(rgb).save(data / name / f"images/{stem}.png")
        if name == "a":
            (data / name / "masks").mkdir(exist_ok=True)
            Image.fromarray(truth).save(data / name / f"masks/{stem}.png")
        lines.append(f"{name},{stem},train,{'auto' if name == 'a' else 'unlabelled'},{SIZE[1]},{SIZE[0]},me")
    (data / "manifest.csv").write_text("\n".join(lines) + "\n")
    for name, stem in (("a", "1"), ("b", "9")):
        (masks / name).mkdir(parents=True)
        Image.fromarray(rough).save(masks / name / f"{stem}.png")
    rows = [
        Row("a", "1", "old", 0.5, 0.7, 0.8, "auto", verdict="ask"),
        Row("b", "9", "new", 1.0, 0.95, 0.0, "unlabelled", verdict="keep"),
    ]
    write_overlay(masks / "masks.csv", rows)
    (masks / "review.csv").write_text("set,stem,score,why\na,1,0.7,the passes disagree\n")
    return data, masks
