"""How long a start takes: the import, the first mask, and a whole `limner image`, each in a fresh process."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks.table import Row

IMPORT = "import time; start = time.perf_counter(); import limner; print(time.perf_counter() - start)"
FIRST_MASK = """
import time; start = time.perf_counter()
import sys, limner
limner.Segmenter("default").matte(limner.read_image(sys.argv[1]).pixels)
print(time.perf_counter() - start)
"""


def measure(photo: Path, folder: Path) -> list[Row]:
    """Medians over fresh processes. ``photo`` is a 1920×1080 JPEG."""
    out = folder / "cold.jpg"
    imported = median(float(_run("-c", IMPORT)[1]) for _ in range(9))
    first = median(float(_run("-c", FIRST_MASK, str(photo))[1]) for _ in range(5))
    command = ("-m", "limner.cli.app", "image", str(photo), "-o", str(out), "--effect", "blur")
    whole = []
    for _ in range(5):
        out.unlink(missing_ok=True)
        whole.append(_run(*command)[0])
    total = median(whole)
    return [
        _row("`import limner`", 0.3, imported, "9 fresh processes"),
        _row(
            "first matte of a 1080p photo from a cold start",
            1.0,
            first,
            "import, load and decode included; 5 fresh processes",
        ),
        _row(
            "`limner image` to a finished 1080p picture, cold",
            1.5,
            total,
            "the whole process, blur, JPEG to JPEG; 5 runs",
        ),
    ]


def _row(what: str, limit: float, seconds: float, detail: str) -> Row:
    return Row(
        what=what,
        target=f"≤ {limit} s",
        figure=f"{seconds:.2f} s",
        passed=seconds <= limit,
        detail=f"median of {detail}",
        values={"seconds": seconds},
    )


def _run(*arguments: str) -> tuple[float, str]:
    """(seconds, what it printed) of one Python process.

    Raises:
        RuntimeError: it failed.
    """
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no message"])[-1])
    return seconds, done.stdout.strip()
