"""What to try after the demo: commands that work as they stand, on the files that it made."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from limner import samples


@dataclass(frozen=True, slots=True)
class Step:
    """A command, and what it does in a few words."""

    what: str
    command: str


def next_steps(out: Path) -> Sequence[Step]:
    """Commands for the folder ``out``, to be typed where the demo was started."""
    photo, clip, lake = (_typed(out / path.name) for path in (samples.PORTRAIT, samples.CLIP, samples.BACKGROUND))

    def made(name: str) -> str:
        return _typed(out / name)

    return (
        Step("A colour behind the person", f"limner image {photo} -o {made('teal.jpg')} --effect color --color teal"),
        Step(
            "The light of the new place on the person",
            f"limner image {photo} -o {made('at-the-lake.jpg')} --effect harmonize,replace --background {lake}",
        ),
        Step(
            "Finer edges, in more time",
            f"limner image {photo} -o {made('finer.png')} --effect cutout --model quality",
        ),
        Step(
            "The person alone as a clip with transparency, for editors and web pages",
            f"limner video {clip} -o {made('person.webm')} --effect cutout",
        ),
        Step("Every model, and what it was trained on", "limner models"),
        Step("What runs on this machine, and what would be faster", "limner doctor"),
    )


def activation() -> str | None:
    """What puts the command ``limner`` on the path; None where it is there already, or nobody knows."""
    script = Path(sys.executable).parent / ("Activate.ps1" if os.name == "nt" else "activate")
    if shutil.which("limner") is not None or not script.is_file():
        return None
    return f"source {_typed(script)}"


def _typed(path: Path) -> str:
    """A path as it is typed: from here where it lies below, with quotes where it needs them."""
    here, whole = Path.cwd(), path.absolute()
    return shlex.quote(str(whole.relative_to(here) if whole.is_relative_to(here) else whole))
