"""What each effect costs a frame of 720p on one core, beside the plain blur in the same run.

    python -m benchmarks.effects [--rounds 15] [--json]

The effects take turns, so that whatever else the machine does falls on all of them; CPU time, smallest and median of
the rounds. "own" is what an effect adds to the background it runs with.
"""

from __future__ import annotations

import argparse
import json
import time
from statistics import median

import cv2
import numpy as np

from limner import samples
from limner.effects import Effect, make_effect
from limner.frame import Frame
from limner.matte import Matte
from limner.media.images import read_image

SIZE = (720, 1280)
FLOOR = "blur"

_BEHIND = f"replace:{samples.BACKGROUND}"
CASES: dict[str, tuple[str, str | None]] = {
    # What is shown -> (the chain that is timed, the chain without it).
    "blur": ("blur", None),
    "bokeh": ("bokeh", None),
    "replace": (_BEHIND, None),
    "color": ("color", None),
    "cutout": ("cutout", None),
    "overlay": ("overlay", None),
    "stylize": ("stylize:warm", None),
    "frame_in_frame": (f"frame_in_frame:{samples.BACKGROUND}", None),
    "auto_frame": ("auto_frame:close,blur", "blur"),
    "smoothstep": (f"smoothstep,{_BEHIND}", _BEHIND),
    "light_wrap": (f"light_wrap,{_BEHIND}", _BEHIND),
    "color_transfer": (f"color_transfer,{_BEHIND}", _BEHIND),
    "seamless_clone": (f"seamless_clone,{_BEHIND}", _BEHIND),
    "all three": (f"smoothstep,color_transfer,light_wrap,{_BEHIND}", _BEHIND),
}


def scene() -> tuple[Frame, Matte]:
    """A frame of 720p whose person, an ellipse with a soft edge, fills about a quarter of it."""
    photo = read_image(samples.BACKGROUND).pixels
    frame = cv2.resize(photo, SIZE[::-1], interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
    away = np.minimum(np.hypot((y - 280) / 1.25, x - 640) - 140, np.hypot((y - 800) / 0.8, x - 640) - 330)
    alpha = np.clip(0.5 - away / 8, 0, 1).astype(np.float32)
    person = (frame[::-1, ::-1].astype(np.float32) * alpha[..., None]) + frame * (1 - alpha[..., None])
    return np.ascontiguousarray(np.rint(person).astype(np.uint8)), Matte(alpha)


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds of CPU time a frame, and the ratio to the blur, by case; "own_ms" where there is one."""
    cv2.setNumThreads(1)
    frame, matte = scene()
    specs = {spec for pair in CASES.values() for spec in pair if spec is not None}
    effects: dict[str, Effect] = {spec: make_effect(spec) for spec in specs}
    times: dict[str, list[float]] = {spec: [] for spec in specs}
    for turn in range(rounds + 1):
        for spec, effect in effects.items():
            began = time.thread_time()
            effect(frame, matte)
            if turn:  # the first also fits the photo
                times[spec].append(1000 * (time.thread_time() - began))
    floor = min(times[CASES[FLOOR][0]])
    result = {}
    for name, (spec, without) in CASES.items():
        best = min(times[spec])
        result[name] = {"ms": best, "median_ms": median(times[spec]), "ratio": best / floor}
        if without is not None:
            result[name]["own_ms"] = best - min(times[without])
    return result


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.effects", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="frames for each effect [15]")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    figures = measure(options.rounds)
    if options.json:
        print(json.dumps(figures, indent=2))
        return
    print("| effect, 1280×720, one core | ms a frame | median | × blur | of these its own |")
    print("|---|---|---|---|---|")
    for name, values in figures.items():
        own = f"{values['own_ms']:.1f}" if "own_ms" in values else ""
        print(f"| {name} | {values['ms']:.1f} | {values['median_ms']:.1f} | {values['ratio']:.2f} | {own} |")


if __name__ == "__main__":
    main()
