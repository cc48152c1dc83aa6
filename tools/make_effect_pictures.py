"""Remake the picture in docs/effects.md: make_effect_pictures.py docs/images/effects.webp"""

from __future__ import annotations

import sys

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from limner import samples
from limner.effects import Chain, Effect, make_effect
from limner.frame import Frame
from limner.matte import Matte
from limner.media.images import read_image
from limner.segment.segmenter import Segmenter

WIDTH, GAP, COLUMNS, LABEL = 264, 6, 5, 22
LAKE = f"replace:{samples.BACKGROUND}"
INSET = {"presentation": str(samples.BACKGROUND), "fit": "cover"}


def panels(frame: Frame, matte: Matte) -> list[tuple[str, Frame]]:
    """A title and a picture for every effect."""
    lamps = with_lamps(frame, matte)
    person, circle = (make_effect("frame_in_frame", shape=shape, **INSET) for shape in ("person", "circle"))
    made: list[tuple[str, Effect]] = [
        ("blur", make_effect("blur")),
        ("bokeh", make_effect("bokeh")),
        ("replace:lake.jpg", make_effect(LAKE)),
        ("light_wrap:1,replace:…", make_effect(f"light_wrap:1,{LAKE}")),
        ("color_transfer,replace:…", make_effect(f"color_transfer,{LAKE}")),
        ("seamless_clone,replace:…", make_effect(f"seamless_clone,{LAKE}")),
        ("harmonize,replace:…", make_effect(f"harmonize,{LAKE}")),
        ("smoothstep,mask", make_effect("smoothstep:0.3-0.7,mask")),
        ("stylize:warm", make_effect("stylize:warm")),
        ("stylize:cool", make_effect("stylize:cool")),
        ("stylize:green", make_effect("stylize:green")),
        ("stylize:bw@background", make_effect("stylize:bw@background")),
        ("frame_in_frame", person),
        ("blur,frame_in_frame, circle", Chain([make_effect("blur"), circle])),
        ("auto_frame:close,replace:…", make_effect(f"auto_frame:close,{LAKE}")),
    ]
    shown = [(title, effect(frame, matte)) for title, effect in made]
    lit = [("lamps drawn in, blur", make_effect("blur")(lamps, matte))]
    lit += [
        (f"lamps, bokeh, highlights {h}", make_effect("bokeh", highlights=h)(lamps, matte)) for h in (0.0, 0.5, 1.0)
    ]
    return [("the sample portrait", frame), *shown, *lit]


def with_lamps(frame: Frame, matte: Matte) -> Frame:
    """The frame in the evening, with small lamps behind the person."""
    rng = np.random.default_rng(3)
    dark = (frame * 0.3).astype(np.uint8)
    for _ in range(60):
        colour = [(255, 240, 200), (255, 180, 90), (255, 90, 60), (160, 200, 255)][rng.integers(4)]
        cv2.circle(dark, tuple(int(rng.integers(side)) for side in frame.shape[1::-1]), 3, colour, -1, cv2.LINE_AA)
    alpha = matte.alpha[..., None]
    return np.rint(frame * alpha + dark * (1 - alpha)).astype(np.uint8)


def sheet(shown: list[tuple[str, Frame]]) -> Image.Image:
    """All of them in rows, each under its title."""
    height = round(WIDTH * shown[0][1].shape[0] / shown[0][1].shape[1])
    rows = -(-len(shown) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * (WIDTH + GAP) - GAP, rows * (height + LABEL + GAP) - GAP), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(15)
    for index, (title, pixels) in enumerate(shown):
        x, y = index % COLUMNS * (WIDTH + GAP), index // COLUMNS * (height + LABEL + GAP)
        draw.text((x + 2, y + 2), title, fill="black", font=font)
        page.paste(Image.fromarray(pixels).resize((WIDTH, height), Image.Resampling.LANCZOS), (x, y + LABEL))
    return page


def main() -> None:
    frame = read_image(samples.PORTRAIT).pixels
    matte = Segmenter("default").matte(frame)
    sheet(panels(frame, matte)).save(sys.argv[1], quality=80, method=6)


if __name__ == "__main__":
    main()
