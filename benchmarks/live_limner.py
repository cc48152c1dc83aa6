"""`limner camera` from a camera to a window, with a mark for every frame shown; run by `benchmarks.live`.

The same session that the command runs; prints one line of JSON as benchmarks/live_mediapipe.py does, with its delays.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import cv2
import numpy as np

from limner.cli import camera
from limner.live.session import LiveSession
from limner.media import window


class Marked:
    """A window that notes when each frame is on the screen; without a display it only takes the picture."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.shown: list[tuple[float, float]] = []

    def show(self, pixels: np.ndarray, paint: Any = None) -> None:
        if self._real is None:
            cv2.cvtColor(pixels, cv2.COLOR_RGB2BGRA)
        else:
            self._real.show(pixels, paint)
        self.shown.append((time.perf_counter(), time.process_time()))

    def events(self) -> list[Any]:
        return [] if self._real is None else self._real.events()

    def close(self) -> None:
        if self._real is not None:
            self._real.close()


def main() -> None:
    clip, count, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    open_window = window.open_window
    marked = Marked(open_window("Limner") if "null" not in sys.argv else None)
    window.open_window = lambda title: marked  # type: ignore[assignment]
    told: list[Any] = []
    run = LiveSession.run
    LiveSession.run = lambda self: told.append(run(self)) or told[-1]  # type: ignore[method-assign]
    app = camera.typer.Typer(add_completion=False)
    app.command()(camera.command)
    pace = ["--pace", "--rate", str(rate)] if rate else ["--no-pace"]
    app(["--camera", clip, *pace, "--frames", str(count), "--json"], standalone_mode=False)
    result = told[0]
    print(
        json.dumps(
            {
                "name": "limner camera",
                "shown": marked.shown,
                "delay": [result.delay_median, result.delay_p95],
                "milliseconds": result.milliseconds,
                "dropped": result.dropped,
            }
        )
    )


if __name__ == "__main__":
    main()
