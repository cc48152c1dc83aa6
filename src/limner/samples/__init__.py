"""The sample portrait, clip and background that ship with Limner: rendered people (see README.md here)."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
PORTRAIT = FOLDER / "portrait.jpg"
"""A woman in front of a bookcase."""
CLIP = FOLDER / "clip.mp4"
"""A few seconds of a woman who talks and turns her head, H.264 with sound."""
BACKGROUND = FOLDER / "lake.jpg"
"""A mountain lake at dusk, to put people in front of."""
