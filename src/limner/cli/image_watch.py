"""`limner image --watch`: photos of a folder as they appear, until Ctrl-C."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from limner.cli.interruption import heeded
from limner.errors import OptionError

if TYPE_CHECKING:
    from limner.assembly.photo import Select
    from limner.assembly.saving import PhotoSaving
    from limner.effects import Effect
    from limner.processing.photos import Result
    from limner.segment.segmenter import Segmenter

_EVERY = 0.5
"""Seconds between two looks at a folder; a large one is looked at less often, so that a fifth of a core does it."""


def watch(
    photos: list[str],
    output: str,
    load: Callable[[], Segmenter],
    effect: Effect,
    saving: PhotoSaving,
    *,
    select: Select | None,
    as_json: bool,
    tell: Callable[[Result], None],
    summary: Callable[[list[Result]], dict[str, Any]],
) -> None:
    """Does the photos of a folder as they appear; ends by Ctrl-C or SIGTERM, with a summary.

    Args:
        tell: shows one result.
        summary: what is printed as JSON.

    Raises:
        LimnerError: the folders cannot be used, or the watched one is gone.
        typer.Exit: 1 where photos failed.
    """
    from limner.media.formats import format_for, load_plugin
    from limner.places import check_folder
    from limner.processing.photos import process_photos
    from limner.processing.watching import WatchedFolder

    if len(photos) != 1:
        raise OptionError(f"‹watch› takes one folder, not {len(photos)} names")
    if output == "-":
        raise OptionError("‹output› -: ‹watch› needs a folder for the results")
    if saving.format is not None:
        load_plugin(format_for(f".{saving.format.lower().lstrip('.')}", alpha=effect.has_alpha, option="‹format›"))
    folder = Path(photos[0])
    watched = WatchedFolder(
        folder, Path(output), format=saving.format, alpha=effect.has_alpha, lossless=effect.is_matte
    )
    check_folder(Path(output), option="output")
    began, results = time.monotonic(), []
    try:
        segmenter = load()  # before the first photo comes
        print(f"limner: watching {folder}; Ctrl-C ends it", file=sys.stderr, flush=True)
        while True:
            looked = time.monotonic()
            jobs = watched.look()
            pause = max(_EVERY, 4 * (time.monotonic() - looked))
            for result in process_photos(jobs, lambda: segmenter, effect, saving, select=select):
                # One that cannot be read may still be written: it comes again, unless nothing changed for long.
                if result.error is None or watched.failed(result.job):
                    results.append(result)
                    tell(result)
            time.sleep(pause)
    except KeyboardInterrupt:
        heeded()
        _conclude(folder, results, time.monotonic() - began, None if not as_json else summary(results))


def _conclude(folder: Path, results: list[Result], seconds: float, document: dict[str, Any] | None) -> None:
    failed = [result.job.name for result in results if result.error is not None]
    minutes, rest = divmod(round(seconds), 60)
    text = f"watched {folder} for {minutes}:{rest:02}: {len(results) - len(failed)} photos done"
    text += f", {len(failed)} failed: {', '.join(failed)}" if failed else ", none failed"
    print(f"limner: {text}", file=sys.stderr, flush=True)
    if document is not None:
        print(json.dumps(document, indent=2, ensure_ascii=False))
    if failed:
        raise typer.Exit(1)
