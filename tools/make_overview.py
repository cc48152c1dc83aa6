"""Remake the picture on the README out of what `make run` made: make_overview.py out docs/images/overview.jpg"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from limner import samples

WIDTH, GAP, SQUARE = 460, 12, 14


def checkered(cutout: Image.Image) -> Image.Image:
    """A transparent picture over the grey squares that stand for nothing."""
    y, x = np.mgrid[: cutout.height, : cutout.width] // SQUARE
    squares = np.where((x + y) % 2, 205, 240).astype(np.uint8)
    back = Image.fromarray(squares).convert("RGB")
    back.paste(cutout, (0, 0), cutout)
    return back


def main() -> None:
    out, target = Path(sys.argv[1]), Path(sys.argv[2])
    names = (samples.PORTRAIT, out / "portrait-blur.jpg", out / "portrait-replace.jpg", out / "portrait-cutout.png")
    panels = []
    for path in names:
        with Image.open(path) as file:
            panel = file.resize((WIDTH, round(WIDTH * file.height / file.width)), Image.Resampling.LANCZOS)
        panels.append(checkered(panel) if panel.mode == "RGBA" else panel.convert("RGB"))
    sheet = Image.new("RGB", (len(panels) * (WIDTH + GAP) - GAP, panels[0].height), "white")
    for index, panel in enumerate(panels):
        sheet.paste(panel, (index * (WIDTH + GAP), 0))
    sheet.save(target, quality=86, optimize=True)


if __name__ == "__main__":
    main()
