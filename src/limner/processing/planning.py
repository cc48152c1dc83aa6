"""Which photo becomes which file: one, many or a folder in; a file, a folder or stdout out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from limner.errors import MediaError, OptionError
from limner.media.formats import FORMATS, format_for, load_plugin, readable
from limner.places import RealPaths, check_file, check_folder, refuse_to_replace
from limner.processing.photos import Job

STREAM = "-"
_NAMED = 5
"""Files that were left out, by name; of more there is the number."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done; whether it is a batch, where one photo that fails does not stop the others; and what a user
    should know of it."""

    jobs: list[Job]
    batch: bool
    notices: tuple[str, ...] = ()


def plan_jobs(
    photos: Sequence[str],
    output: str,
    *,
    format: str | None,
    alpha: bool,
    lossless: bool,
    overwrite: bool,
    read: Sequence[Path] = (),
) -> Plan:
    """

    Args:
        photos: paths of photos and folders, or "-".
        output: a file, a folder, or "-".
        format: extension for all results; None where the names say it.
        alpha: the results are transparent, so they need a format that can be.
        lossless: the results are masks, whose values no lossy format should touch unasked.
        overwrite: inputs may be replaced. Results of earlier runs always are: another option is why one runs again.
        read: files that are read beside the photos, and count as inputs.

    Raises:
        OptionError: the paths make no sense together, two results would share a name, or one would replace an input.
        MediaError: a folder holds no photo.
    """
    if not all(photos) or not output:
        raise OptionError(f"{'‹output›' if not output else 'PHOTO'}: the name is empty; say a file, a folder or -")
    if format is not None:
        format = f".{format.lower().lstrip('.')}"
        format_for(format, alpha=alpha, option="‹format›")
    skipped: list[Path] = []
    found = _once(_find(photos, Path(output), skipped))
    batch = len(photos) > 1 or (photos[0] != STREAM and Path(photos[0]).is_dir())
    if output == STREAM:
        return Plan([_to_stdout(found, batch, format)], False)
    folder = _wants_folder(output, batch, format)
    jobs = [_job(source, below, output, folder, format, alpha=alpha, lossless=lossless) for source, below in found]
    jobs = apart(jobs)
    refuse_collisions(jobs)
    if not overwrite:
        _refuse_inputs(jobs)
        refuse_to_replace([job.target for job in jobs if isinstance(job.target, Path)], read)
    return Plan(jobs, batch, of_skipped(skipped))


def folder_jobs(folder: Path, output: Path, *, format: str | None, alpha: bool, lossless: bool) -> list[Job]:
    """Every photo that lies in a folder and below now, as `plan_jobs` would plan it; none where none does.

    Raises:
        OptionError: two of them would get one result.
    """
    format = None if format is None else f".{format.lower().lstrip('.')}"
    known = readable()
    found = [(str(path), below) for path, below in walk(folder, output) if path.suffix.lower() in known]
    jobs = [_job(name, below, str(output), True, format, alpha=alpha, lossless=lossless) for name, below in found]
    jobs = apart(jobs)
    refuse_collisions(jobs)
    return jobs


def check_targets(jobs: Sequence[Job]) -> None:
    """All results could be written now, so that no photo is worked on in vain.

    Raises:
        MediaError: a result's name is a folder's, or its folder can neither be written to nor made.
        MissingExtraError: a format needs a package that is not installed.
    """
    for extension in {job.format for job in jobs}:
        load_plugin(format_for(extension))
    targets = [job.target for job in jobs if isinstance(job.target, Path)]
    for target in targets:
        if target.is_dir():
            raise MediaError(f"{target}: is a folder; name a file in it, or remove it")
    for folder, target in {Path(os.path.realpath(target)).parent: target for target in targets}.items():
        if folder.is_dir():
            check_file(target)
        else:
            check_folder(target.parent, error=MediaError)


def _once(found: Iterator[tuple[str, Path]]) -> list[tuple[str, Path]]:
    """A photo that is named twice, in whatever way, is done once."""
    by_file: dict[str, tuple[str, Path]] = {}
    for source, below in found:
        by_file.setdefault(STREAM if source == STREAM else os.path.realpath(source), (source, below))
    return list(by_file.values())


def _find(photos: Sequence[str], output: Path, skipped: list[Path]) -> Iterator[tuple[str, Path]]:
    """Every photo, with its path below the folder that was named; other files go to `skipped`.

    Raises:
        MediaError: a folder holds no photo.
    """
    for photo in photos:
        if photo == STREAM or not Path(photo).is_dir():
            yield photo, Path("stdin" if photo == STREAM else Path(photo).name)
            continue
        empty, known = True, readable()
        for path, below in walk(Path(photo), output):
            if path.suffix.lower() not in known:
                skipped.append(path)
                continue
            empty = False
            yield str(path), below
        if empty:
            raise MediaError(f"{photo}: there is no photo in this folder ({', '.join(sorted(known))})")


def walk(root: Path, output: Path) -> Iterator[tuple[Path, Path]]:
    """Every file of a folder with its path below it, sorted.

    Hidden files are left out, and so are results of an earlier run, where ``output`` lies in the folder: they are no
    photos of this one.
    """
    top, results = root.resolve(), output.resolve()
    inside = results != top and results.is_relative_to(top)
    for path in sorted(root.rglob("*")):
        below = path.relative_to(root)
        hidden = any(part.startswith(".") for part in below.parts)
        earlier = inside and (top / below).is_relative_to(results)
        if not hidden and not earlier and path.is_file():
            yield path, below


def check_quality(quality: int | None, extensions: Iterable[str]) -> None:
    """
    Args:
        extensions: of all results, which say their formats.

    Raises:
        OptionError: a quality is asked for, and no result loses anything.
    """
    known = list(dict.fromkeys(extensions))
    if quality is not None and known and not any(format_for(extension).quality for extension in known):
        raise OptionError(f"‹quality› {quality} means nothing in lossless {known[0][1:]}; leave it out")


def of_skipped(skipped: Sequence[Path | str]) -> tuple[str, ...]:
    """The notice for files that were left out; none where there are none."""
    if not skipped:
        return ()
    names = ", ".join(str(path) for path in skipped[:_NAMED]) + (", …" if len(skipped) > _NAMED else "")
    what = "1 file is" if len(skipped) == 1 else f"{len(skipped)} files are"
    return (f"{what} no photo that can be read and left out: {names}",)


def _to_stdout(found: list[tuple[str, Path]], batch: bool, format: str | None) -> Job:
    if batch:
        raise OptionError("‹output› -: only one photo fits into stdout; name a folder for several")
    if format is None:
        raise OptionError("‹output› -: stdout has no name that tells the format; say it with ‹format›, png for example")
    if sys.stdout.isatty():
        raise OptionError("‹output› -: a terminal cannot show a picture; send stdout into a file or another program")
    return _read_from(found[0][0], sys.stdout.buffer, "stdout", format)


def _wants_folder(output: str, batch: bool, format: str | None) -> bool:
    path = Path(output)
    if path.is_dir() or output.endswith(("/", os.sep)):
        return True
    if not batch and not path.suffix and format is None and not path.exists():
        return True  # as for several: a pattern of the shell may match one photo today
    if batch and (path.exists() or path.suffix.lower() in readable()):
        raise OptionError(f"‹output› {output}: several photos need a folder, not a file")
    return batch


def _job(
    source: str, below: Path, output: str, folder: bool, format: str | None, *, alpha: bool, lossless: bool
) -> Job:
    if not folder:
        _refuse_other_name(output, format)
        kind = format_for(format or output, alpha=alpha, option="‹format›" if format else "‹output›")
        return _read_from(source, Path(output), output, kind.extensions[0])
    extension = format or own_format(below.suffix.lower(), alpha=alpha, lossless=lossless)
    target = Path(output) / below.with_suffix(extension)
    return _read_from(source, target, str(target), extension)


def _refuse_other_name(output: str, format: str | None) -> None:
    """
    Raises:
        OptionError: the name of the result says another format than the one that is asked for.
    """
    named = next((kind for kind in FORMATS.values() if Path(output).suffix.lower() in kind.extensions), None)
    if format is not None and named is not None and format not in named.extensions:
        raise OptionError(
            f"‹output› {output} is the name of a {named.name} file, and ‹format› says {format[1:]}: change one of them"
        )


def own_format(extension: str, *, alpha: bool, lossless: bool) -> str:
    """The photo's own extension where the result can have it, else .png."""
    kind = next((kind for kind in FORMATS.values() if extension in kind.extensions), None)
    fits = kind is not None and kind.writes and (kind.has_alpha or not alpha) and not (lossless and kind.quality)
    return extension if fits else ".png"


def _read_from(source: str, target: Path | object, output: str, extension: str) -> Job:
    stream = source == STREAM
    return Job(
        name="stdin" if stream else source,
        source=sys.stdin.buffer if stream else Path(source),
        target=target,  # type: ignore[arg-type]
        output=output,
        format=extension,
    )


def apart(jobs: list[Job]) -> list[Job]:
    """Photos of one name and several extensions (a.jpg, a.jpeg) keep the extension in the names of their results."""
    by_output: dict[str, list[Job]] = {}
    for job in jobs:
        by_output.setdefault(job.output, []).append(job)
    apart = []
    for job in jobs:
        rivals = by_output[job.output]
        names = {Path(rival.name).name for rival in rivals}
        plain = Path(job.name).suffix == job.format  # photo.png stays photo.png beside photo.jpg.png
        if len(names) == len(rivals) > 1 and not plain and isinstance(job.target, Path):
            target = job.target.with_name(Path(job.name).name + job.format)
            job = replace(job, target=target, output=str(target))
        apart.append(job)
    return apart


def refuse_collisions(jobs: list[Job]) -> None:
    """
    Raises:
        OptionError: two photos would get one result.
    """
    owners: dict[str, str] = {}
    real = RealPaths()
    for job in jobs:
        other = owners.setdefault(real(job.output), job.name)
        if other != job.name:
            raise OptionError(
                f"{other} and {job.name} would both become {job.output}; name the folder that holds both, "
                "or do them in two runs"
            )


def _refuse_inputs(jobs: list[Job]) -> None:
    """
    Raises:
        OptionError: a result would replace one of the photos.
    """
    inputs = {os.path.realpath(job.name) for job in jobs}
    for job in jobs:
        if os.path.realpath(job.output) in inputs:
            raise OptionError(
                f"‹output› {job.output}: is a photo to read; name another place, or replace it with ‹overwrite›"
            )
