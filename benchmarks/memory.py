"""Whether memory stays flat over a long 1080p video, in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys

from benchmarks.table import ROOT, Row

FLAT = 32.0
"""MiB that may come on top after the first two seconds: allocators are not exact."""


def measure(*, minutes: float) -> Row:
    """Runs `benchmarks.memory_video` and reads its last line.

    Raises:
        RuntimeError: it failed.
    """
    command = [sys.executable, "-m", "benchmarks.memory_video", "--minutes", f"{minutes:g}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    told = re.search(r"(\d+) MiB after .* at most ([+-]\d+) MiB in the (\d+) s", done.stdout)
    if done.returncode or told is None:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"unexpected: {done.stdout!r}"])[-1])
    settled, more, seconds = float(told[1]), float(told[2]), int(told[3])
    return Row(
        what=f"resident memory over {seconds / 60:.1f} minutes of 1080p video, after 2 s",
        target=f"flat (≤ +{FLAT:.0f} MiB)",
        figure=f"{settled:.0f} MiB, at most {more:+.0f}",
        passed=more <= FLAT,
        detail="blur, H.264 to H.264, a process of its own",
        values={"settled_mib": settled, "growth_mib": more, "seconds": seconds},
    )
