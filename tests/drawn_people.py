"""Pytest plugin: a small data folder of drawn people, made once a session."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

SIZE = (96, 72)  # height, width


def draw_person(seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A head-and-shoulders figure on a noisy gradient: RGB (H, W, 3) and its mask (H, W) of 0 and 255."""
    rng = np.random.default_rng(seed)
    height, width = SIZE
    ramp = np.linspace(40, 120, width)[None, :, None] * rng.uniform(0.5, 1, 3)
    rgb = np.clip(ramp + rng.normal(0, 8, (height, width, 3)), 0, 255).astype(np.uint8)
    mask = np.zeros(SIZE, np.uint8)
    x, y = int(width * rng.uniform(0.4, 0.6)), int(height * rng.uniform(0.3, 0.4))
    cv2.ellipse(mask, (x, height + 8), (24, 46), 0, 0, 360, 255, -1)
    cv2.circle(mask, (x, y), 13, 255, -1)
    rgb[mask > 0] = np.clip(rng.uniform(150, 250, 3) + rng.normal(0, 6, (int((mask > 0).sum()), 3)), 0, 255)
    return rgb, mask


def write_data_folder(folder: Path) -> None:
    """Seven sets as `limner train` reads them: hand and auto masks, void pixels, renders, photos without people."""
    folder.mkdir(parents=True, exist_ok=True)
    height, width = SIZE
    rows: list[list[object]] = []
    for name, mask_kind, count in (
        ("fashion_full_body", "hand", 8),
        ("faces_close_up", "hand", 8),
        ("people_with_animals", "hand", 5),
        ("auto_selfies", "auto", 4),
        ("rendered_people", "exact", 4),
        ("no_people_rooms", "none", 5),
        ("no_people_animals", "none", 3),
    ):
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            for index in range(count):
                rgb, mask = draw_person(sum(map(ord, name)) * 100 + index)
                stem = f"{index:04}"
                if name == "people_with_animals":
                    mask[:6] = 128
                if mask_kind == "none":
                    rgb = np.ascontiguousarray(rgb[::-1, :, ::-1] // 2)
                if mask_kind == "exact":
                    rgb = np.dstack([rgb, mask])
                archive.writestr(f"images/{stem}.avif", _encode(rgb, "AVIF"))
                if mask_kind in ("hand", "auto"):
                    archive.writestr(f"masks/{stem}.png", _encode(mask, "PNG"))
                split = "val" if mask_kind == "hand" and index >= count - 2 else "train"
                rows.append([name, stem, split, mask_kind, width, height, "drawn by the tests"])
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["set", "stem", "split", "mask", "width", "height", "source"], *rows])


def _encode(array: NDArray[np.uint8], kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind, quality=95)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder; treat it as read-only (copy it to break it)."""
    folder = tmp_path_factory.mktemp("photos") / "data"
    write_data_folder(folder)
    return folder
