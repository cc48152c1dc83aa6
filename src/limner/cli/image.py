"""`limner image`: photos in, their backgrounds blurred, replaced, recoloured or cut away."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from limner.assembly import (
    EffectOptions,
    MatteOptions,
    SubjectOptions,
    build_effect,
    build_segmenter,
    check_subjects,
)
from limner.assembly.photo import build_select, check_trim
from limner.assembly.saving import PhotoSaving
from limner.cli.interruption import NOTHING_KEPT, keeping
from limner.cli.options import spread
from limner.errors import OptionError

_STDOUT = {"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}
"""Other names of -: what is told of a result must not follow its bytes there."""


@spread
def command(
    photos: Annotated[list[str], typer.Argument(help="Photos, folders (searched recursively), or - for stdin.")],
    output: Annotated[str, typer.Option("-o", "--output", help="File, folder, or - for stdout.", metavar="OUT")],
    effect: EffectOptions,
    matte: MatteOptions,
    people: SubjectOptions,
    saving: PhotoSaving,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Results may replace the photos they come from.")
    ] = False,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Skip photos whose result exists already.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on with photos that appear in the folder, until Ctrl-C.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Blur, replace, recolour or cut out the background of photos."""
    if output in _STDOUT:
        output = "-"
    if as_json and output == "-":
        raise OptionError("--json and -o - both want stdout; name a file or leave --json out")
    check_subjects(people, matte)
    from limner.processing.photos import Result, process_photos
    from limner.processing.planning import check_quality, check_targets, plan_jobs

    warnings.filterwarnings("ignore", module="PIL")  # about odd metadata, of which the result is free
    applied = build_effect(effect)
    check_trim(saving, effect, applied)
    segmenters: list[Any] = []

    def load() -> Any:
        segmenters.append(build_segmenter(matte, photos=True))
        return segmenters[0]

    if watch:
        from limner.cli.image_watch import watch as watch_folder

        if overwrite or skip_existing:
            given = "overwrite" if overwrite else "skip_existing"
            raise OptionError(f"‹{given}› means nothing with ‹watch›, which does photos without a newer result")
        watch_folder(
            photos, output, load, applied, saving, select=build_select(people), as_json=as_json,
            tell=lambda result: _tell(result, _warn, quiet=as_json),
            summary=lambda results: _summary(results, segmenters[0] if segmenters else None),
        )  # fmt: skip
        return
    plan = plan_jobs(
        photos,
        output,
        format=saving.format,
        alpha=applied.has_alpha,
        lossless=applied.is_matte,
        overwrite=overwrite,
        read=applied.files(),
    )
    jobs, batch = plan.jobs, plan.batch
    for notice in plan.notices:
        _warn(f"limner: {notice}")
    if skip_existing:
        jobs = _without_results(jobs, quiet=as_json or output == "-")
    check_targets(jobs)
    check_quality(saving.quality, (job.format for job in jobs))
    results: list[Result] = []
    quiet = as_json or output == "-"

    def kept() -> str:
        if not batch:
            return NOTHING_KEPT
        return f"{len(results)} of {len(jobs)} results are whole and kept; --skip-existing does the others"

    with keeping(kept), _report(len(jobs), quiet=quiet) as report:
        for result in process_photos(jobs, load, applied, saving, select=build_select(people)):
            if result.error is not None and not batch:
                raise result.error
            results.append(result)
            report(result)
    if as_json:
        print(json.dumps(_summary(results, segmenters[0] if segmenters else None), indent=2, ensure_ascii=False))
    _fail_if_any_failed(results)


def _without_results(jobs: list[Any], *, quiet: bool) -> list[Any]:
    left = [job for job in jobs if not (isinstance(job.target, Path) and job.target.exists())]
    if len(left) < len(jobs) and not quiet:
        print(f"{len(jobs) - len(left)} of {len(jobs)} results exist already", flush=True)
    return left


@contextmanager
def _report(total: int, *, quiet: bool) -> Iterator[Any]:
    """A function that shows one result: by a bar on a terminal, by a line elsewhere; trouble always by a line."""
    if quiet or total < 2 or not sys.stderr.isatty():
        yield lambda result: _tell(result, _warn, quiet=quiet)
        return
    from limner.cli.progress import Meter

    with Meter("photos", "photos") as meter:
        done = 0

        def advance(result: Any) -> None:
            nonlocal done
            done += 1
            meter.update(done, total)
            _tell(result, meter.say, quiet=True)

        meter.update(0, total)
        yield advance


def _tell(result: Any, warn: Any, *, quiet: bool) -> None:
    for notice in result.notices:
        warn(f"limner: {notice}")
    if result.error is not None:
        warn(f"limner: {result.error}")
    elif not quiet:
        took = sum(result.ms.values())
        print(f"{result.job.name} -> {result.job.output}  person {result.person:.0%}, {took:.0f} ms", flush=True)


def _warn(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _summary(results: list[Any], segmenter: Any) -> dict[str, Any]:
    done = [
        {
            "photo": result.job.name,
            "output": result.job.output,
            "width": result.size[1],
            "height": result.size[0],
            "ms": result.ms,
            "person": round(result.person, 4),
            "confidence": round(result.confidence, 4),
            "notices": result.notices,
        }
        for result in results
        if result.error is None
    ]
    failed = [{"photo": result.job.name, "error": str(result.error)} for result in results if result.error is not None]
    if segmenter is None:  # every result was there already
        return {"model": None, "results": done, "failures": failed}
    runtime = segmenter.runtime
    model = {"name": segmenter.card.name, "runtime": runtime.name, "device": runtime.device, "threads": runtime.threads}
    return {"model": model, "results": done, "failures": failed}


def _fail_if_any_failed(results: list[Any]) -> None:
    failed = [result.job.name for result in results if result.error is not None]
    if failed:
        _warn(f"limner: {len(failed)} of {len(results)} photos failed: {', '.join(failed)}")
        raise typer.Exit(1)
