"""Changes the backgrounds of the samples that ship, tells what each frame cost, and writes the page that shows it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from limner import samples
from limner.demo.facts import Facts, Made, Subject
from limner.demo.page import PAGE, write_page
from limner.effects import Effect, make_effect
from limner.errors import LimnerError, MediaError
from limner.media.images import read_image, write_image
from limner.places import check_folder
from limner.processing.video import process_video
from limner.segment.segmenter import Segmenter
from limner.segment.steady.temporal import TemporalSegmenter
from limner.version import __version__
from limner.whole_file import whole_file


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of ``python -m limner.demo``; exits with 2 and one line where a result cannot be written."""
    parser = argparse.ArgumentParser(
        prog="python -m limner.demo",
        description="Change the backgrounds of the sample photo and clip, and write a page of before and after.",
    )
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the results [out]")
    options = parser.parse_args(arguments)
    try:
        for line in run(options.out):
            print(line, flush=True)
    except LimnerError as error:
        print(f"limner: {error.told(lambda field: f'--{field}')}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("limner: interrupted; nothing half-written was kept", file=sys.stderr)
        sys.exit(130)


def run(out: Path) -> Iterator[str]:
    """Makes the pictures, the clips and their page in ``out`` and yields what there is to say, a line at a time.

    Raises:
        MediaError: ``out`` cannot be written to.
    """
    check_folder(out, error=MediaError, option="out")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MediaError(f"{out}: cannot be made: {error.strerror}; name another folder with ‹out›") from None
    for sample in (samples.PORTRAIT, samples.CLIP, samples.BACKGROUND):
        with whole_file(out / sample.name) as file:
            file.write(sample.read_bytes())
    began = time.perf_counter()
    segmenter = Segmenter("default")
    runtime = segmenter.runtime
    loaded = 1000 * (time.perf_counter() - began)
    plural = "s" if runtime.threads > 1 else ""
    where = f"{runtime.name}, {runtime.device}, {runtime.threads} thread{plural}"
    yield f"Limner {__version__}: net {segmenter.card.name} on {where}, loaded in {loaded:.0f} ms"
    photo = yield from _photo(segmenter, out)
    clip = yield from _clips(segmenter, out)
    facts = Facts(net=segmenter.card.name, where=where, loaded_ms=loaded, photo=photo, clip=clip)
    write_page(facts, out)
    yield ""
    yield f"Everything is in {out.resolve()}"
    yield f"Before and after, with a slider: {(out / PAGE).resolve().as_uri()}"


def _photo(segmenter: Segmenter, out: Path) -> Generator[str, None, Subject]:
    image = read_image(samples.PORTRAIT)
    height, width = image.pixels.shape[:2]
    segmenter.matte(image.pixels)  # the first call also makes the runtime's buffers
    began = time.perf_counter()
    matte = segmenter.matte(image.pixels)
    found = 1000 * (time.perf_counter() - began)
    yield ""
    yield f"{samples.PORTRAIT.name}, {width}×{height}: person found in {found:.0f} ms"
    effects: tuple[tuple[str, str, Effect], ...] = (
        ("blur", "jpg", make_effect("blur")),
        ("replace", "jpg", make_effect("replace", background=samples.BACKGROUND)),
        ("cutout", "png", make_effect("cutout")),
        ("mask", "png", make_effect("mask")),
    )
    made = []
    for name, suffix, effect in effects:
        target = out / f"portrait-{name}.{suffix}"
        began = time.perf_counter()
        result = effect(image.pixels, matte)
        took = 1000 * (time.perf_counter() - began)
        write_image(target, result, like=image)
        made.append(Made(name=name, file=target.name, ms=took))
        yield f"  {name:<8} {took:4.0f} ms   {target}"
    return Subject(before=samples.PORTRAIT.name, size=(width, height), made=made, found_ms=found)


def _clips(segmenter: Segmenter, out: Path) -> Generator[str, None, Subject]:
    made = []
    for name, effect in (
        ("blur", make_effect("blur")),
        ("replace", make_effect("replace", background=samples.BACKGROUND)),
    ):
        target = out / f"clip-{name}.mp4"
        done = process_video(samples.CLIP, target, segment=TemporalSegmenter(segmenter), effect=effect)
        took = done.stats.milliseconds
        made.append(Made(name=name, file=target.name, ms=1000 / done.stats.fps, fps=done.stats.fps, stages=took))
        sound = f", {len(done.streams)} sound track" if done.streams else ""
        shape = f"{done.width}×{done.height}, {done.frames} frames{sound}"
        yield ""
        yield f"{samples.CLIP.name}, {shape}: {made[-1].ms:.1f} ms a frame, {done.stats.fps:.0f} frames a second"
        yield f"  {name:<8} {target}"
        stages = ", ".join(f"{stage} {ms:.1f}" for stage, ms in took.items())
        yield f"  at work, in ms a frame, all at the same time: {stages}"
    return Subject(before=samples.CLIP.name, size=(done.width, done.height), made=made, frames=done.frames)
