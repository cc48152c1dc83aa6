"""What `make run` shows: the samples that ship with their backgrounds changed, and what each frame cost."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from limner import samples
from limner.effects import Effect, make_effect
from limner.errors import LimnerError, MediaError
from limner.media.images import read_image, write_image
from limner.processing.video import process_video
from limner.segment.segmenter import Segmenter
from limner.segment.steady.temporal import TemporalSegmenter
from limner.version import __version__


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of ``python -m limner.demo``; exits with 2 and one line where a result cannot be written."""
    parser = argparse.ArgumentParser(prog="python -m limner.demo", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the results [out]")
    options = parser.parse_args(arguments)
    try:
        for line in run(options.out):
            print(line, flush=True)
    except LimnerError as error:
        print(f"limner: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("limner: interrupted; nothing half-written was kept", file=sys.stderr)
        sys.exit(130)


def run(out: Path) -> Iterator[str]:
    """Makes the pictures and clips in ``out`` and yields what there is to say, a line at a time.

    Raises:
        MediaError: ``out`` cannot be written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MediaError(f"{out}: cannot be made: {error.strerror}; name another folder with --out") from None
    began = time.perf_counter()
    segmenter = Segmenter("default")
    runtime = segmenter.runtime
    loaded = 1000 * (time.perf_counter() - began)
    plural = "s" if runtime.threads > 1 else ""
    where = f"{runtime.name}, {runtime.device}, {runtime.threads} thread{plural}"
    yield f"Limner {__version__}: net {segmenter.card.name} on {where}, loaded in {loaded:.0f} ms"
    yield from _photo(segmenter, out)
    for name, effect in (
        ("blur", make_effect("blur")),
        ("replace", make_effect("replace", background=samples.BACKGROUND)),
    ):
        yield from _clip(segmenter, name, effect, out / f"clip-{name}.mp4")
    yield ""
    yield f"Everything is in {out.resolve()}"


def _photo(segmenter: Segmenter, out: Path) -> Iterator[str]:
    image = read_image(samples.PORTRAIT)
    height, width = image.pixels.shape[:2]
    segmenter.matte(image.pixels)  # the first call also makes the runtime's buffers
    began = time.perf_counter()
    matte = segmenter.matte(image.pixels)
    yield ""
    yield f"{samples.PORTRAIT.name}, {width}×{height}: person found in {1000 * (time.perf_counter() - began):.0f} ms"
    effects: tuple[tuple[str, str, Effect], ...] = (
        ("blur", "jpg", make_effect("blur")),
        ("replace", "jpg", make_effect("replace", background=samples.BACKGROUND)),
        ("cutout", "png", make_effect("cutout")),
        ("mask", "png", make_effect("mask")),
    )
    for name, suffix, effect in effects:
        target = out / f"portrait-{name}.{suffix}"
        began = time.perf_counter()
        result = effect(image.pixels, matte)
        took = 1000 * (time.perf_counter() - began)
        write_image(target, result, like=image)
        yield f"  {name:<8} {took:4.0f} ms   {target}"


def _clip(segmenter: Segmenter, name: str, effect: Effect, target: Path) -> Iterator[str]:
    done = process_video(samples.CLIP, target, segment=TemporalSegmenter(segmenter), effect=effect)
    stages = ", ".join(f"{stage} {ms:.1f}" for stage, ms in done.stats.milliseconds.items())
    sound = f", {len(done.streams)} sound track" if done.streams else ""
    yield ""
    shape = f"{done.width}×{done.height}, {done.frames} frames{sound}"
    yield f"{samples.CLIP.name}, {shape}: {1000 / done.stats.fps:.1f} ms a frame, {done.stats.fps:.0f} frames a second"
    yield f"  {name:<8} {target}"
    yield f"  at work, in ms a frame, all at the same time: {stages}"


if __name__ == "__main__":
    main()
