"""A report as one HTML file that loads nothing: its frame, its style, and pictures embedded in it."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from importlib.resources import files

import cv2
import numpy as np
from PIL import Image

from limner.frame import Frame
from limner.version import __version__

PRIVATE = (
    "This file contains photos of the data folder. Treat it as you treat them: people own their likeness, and what you "
    "may not publish there you may not publish here."
)
_THEME = (
    '<span class="theme">'
    '<label><input type="radio" name="theme" id="auto" checked>auto</label>'
    '<label><input type="radio" name="theme" id="light">light</label>'
    '<label><input type="radio" name="theme" id="dark">dark</label></span>'
)


def document(title: str, head: str, sections: Sequence[tuple[str, str, str]], *, footer: str) -> str:
    """The page as text.

    Args:
        title: of the window.
        head: HTML above the links.
        sections: of each its name, its heading and its HTML.
        footer: words after the version.
    """
    links = "".join(f'<a href="#{key}">{heading}</a>' for key, heading, _ in sections)
    body = "".join(f'<section id="{key}"><h2>{heading}</h2>{html}</section>' for key, heading, html in sections)
    style = files("limner.evaluation.report").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>"
        f"{head}<nav>{links}{_THEME}</nav><main>{body}</main>"
        f"<footer>Made by limner {__version__}{footer}</footer></body></html>"
    )


def tile(picture: Frame, caption: str, *, side: int = 300) -> str:
    """A picture, RGB uint8 (H, W, 3), as a figure, its longer side ``side`` pixels at most."""
    scale = side / max(picture.shape[:2])
    if scale < 1:
        width, height = (max(1, round(length * scale)) for length in picture.shape[1::-1])
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "WEBP", quality=72)
    source = base64.b64encode(data.getvalue()).decode()
    height, width = picture.shape[:2]
    return (
        f'<figure><img src="data:image/webp;base64,{source}" width="{width}" height="{height}" '
        f'alt="{escape(caption, quote=True)}" loading="lazy"><figcaption>{escape(caption)}</figcaption></figure>'
    )
