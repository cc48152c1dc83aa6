"""Numbered pictures as a clip: which files of a folder they are, in which order, and when each is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from limner.errors import MediaError, OptionError
from limner.media.formats import readable

MOST_FPS = 1000
"""Frames a second that pictures may have."""
TIMES = "timestamps.txt"
"""The file beside the pictures that has their times, in milliseconds ("timestamp format v2")."""
_PLACE = re.compile(r"%0?\d*d")
_NUMBER = re.compile(r"(?P<before>.*?)(?P<number>\d+)(?P<after>\D*)", re.DOTALL)
_TICKS = (90_000, 24_000, 12_800, 15_360, 30_000, 60_000, 16_000, 48_000, 1_000, 1_000_000)
"""Ticks a second that common rates are whole numbers of; microseconds are what is left."""
_NANOSECOND = Fraction(1, 10**9)


@dataclass(frozen=True, slots=True)
class PictureSeries:
    """The pictures of a clip.

    Attributes:
        name: what the user called them.
        files: in the order of their numbers.
        times: seconds at which each is shown, ascending.
        time_base: seconds of a tick that all times are whole numbers of.
        rate: frames a second, on the whole.
        missing: pictures that the numbers leave out.
        first_missing: the name of the first of them; "" where there is none.
        notices: what is unusual about them, in sentences.
    """

    name: Path
    files: tuple[Path, ...]
    times: tuple[Fraction, ...]
    time_base: Fraction
    rate: Fraction
    missing: int = 0
    first_missing: str = ""
    notices: tuple[str, ...] = ()

    def lasts(self, index: int) -> Fraction:
        """Seconds that a picture stays on the screen."""
        return self.times[index + 1] - self.times[index] if index + 1 < len(self.times) else 1 / self.rate


def names_pictures(source: Path) -> bool:
    """Whether `source` means numbered pictures: a folder, or a name with a place for the number."""
    return source.is_dir() or (_PLACE.search(source.name) is not None and not source.exists())


def find_pictures(source: Path, fps: Fraction | None = None) -> PictureSeries:
    """The pictures that `source` names: a folder that holds one series, or a name such as shots/shot_%04d.png.

    Args:
        fps: frames a second; None takes the times of the `timestamps.txt` beside them.

    Raises:
        MediaError: there are none, or of more than one series, or their times cannot be used.
        OptionError: there is no such file of times, and no `fps`, or one that is no rate.
    """
    if fps is not None and not 0 < fps <= MOST_FPS:
        raise OptionError(f"‹fps› {float(fps):g} is no rate of pictures; say more than 0, {MOST_FPS} at most")
    folder = source if source.is_dir() else source.parent
    notices: tuple[str, ...] = ()
    if source.is_dir():
        found, notices = _of_folder(source)
    else:
        found = _of_pattern(source)
    numbers = sorted(found)
    gaps = [(one, other) for one, other in pairwise(numbers) if other > one + 1]
    listed = folder / TIMES
    if fps is not None and listed.is_file():
        notices += (f"The rate that was asked for counts, not the times in {listed}.",)
    if fps is not None:
        # Ticks that are fine enough for any container, and that the rate is a whole number of.
        ticks = fps.numerator
        while ticks < 10_000:
            ticks *= 2
        times, time_base, rate = tuple((n - numbers[0]) / fps for n in numbers), Fraction(1, ticks), fps
    elif listed.is_file():
        times, time_base = _read_times(listed, len(numbers), source)
        lasted = times[-1] - times[0]
        rate = ((len(times) - 1) / lasted).limit_denominator(1001) if lasted else Fraction(25)
    else:
        raise OptionError(
            f"{source}: pictures have no times, and there is no {TIMES} beside them; say frames a second with ‹fps›"
        )
    return PictureSeries(
        name=source,
        files=tuple(found[number] for number in numbers),
        times=times,
        time_base=time_base,
        rate=rate,
        missing=sum(other - one - 1 for one, other in gaps),
        first_missing=_between(found[gaps[0][0]], gaps[0][0] + 1) if gaps else "",
        notices=notices,
    )


def _of_pattern(source: Path) -> dict[int, Path]:
    """Number -> file."""
    if len(_PLACE.findall(source.name)) != 1 or source.name.count("%") != 1:
        raise MediaError(f"{source}: needs one place for the number, such as %05d")
    if not source.parent.is_dir():
        raise MediaError(f"{source}: there is no folder {source.parent}; check the name")
    place = _PLACE.search(source.name)
    assert place is not None
    wanted = re.compile(re.escape(source.name[: place.start()]) + r" *(\d+)" + re.escape(source.name[place.end() :]))
    alike = {path: int(hit[1]) for path in _files(source.parent) if (hit := wanted.fullmatch(path.name))}
    found = {number: path for path, number in alike.items() if source.name % number == path.name}
    if found:
        return found
    if alike:
        one = min(alike, key=lambda path: path.name)
        digits = re.search(r"\d+", one.name[place.start() :])
        width = len(digits[0]) if digits else 0
        raise MediaError(
            f"{source}: no picture is called so, but there is {one.name}; say %0{width}d or name the folder"
        )
    raise MediaError(f"{source}: no picture is called so; check the name, or name the folder")


def _of_folder(folder: Path) -> tuple[dict[int, Path], tuple[str, ...]]:
    """Number -> file, and what a user should know."""
    known = readable()
    series: dict[tuple[str, str], dict[int, Path]] = {}
    plain: list[str] = []
    for path in _files(folder):
        if path.suffix.lower() not in known:
            continue
        hit = _NUMBER.fullmatch(path.stem)
        if hit is None:
            plain.append(path.name)
            continue
        found = series.setdefault((hit["before"], hit["after"] + path.suffix), {})
        twin = found.setdefault(int(hit["number"]), path)
        if twin is not path:
            raise MediaError(f"{folder}: {twin.name} and {path.name} have the same number; take one of them away")
    if not series:
        what = f"the pictures in it have no numbers ({plain[0]})" if plain else "there is no picture in it"
        raise MediaError(f"{folder}: {what}; name a folder of pictures such as frame_000001.png, or a video file")
    if len(series) > 1:
        one, other = (next(iter(found.values())).name for found in list(series.values())[:2])
        raise MediaError(
            f"{folder}: holds more than one series of pictures ({one}, {other}); name one: {folder}/shot_%04d.png"
        )
    note = (f"Pictures without a number were left out: {', '.join(plain[:3])}.",) if plain else ()
    return next(iter(series.values())), note


def _files(folder: Path) -> Iterable[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.is_file())
    except OSError as error:
        raise MediaError(f"{folder}: cannot be read: {error.strerror}; make it readable first") from None


def _between(before: Path, number: int) -> str:
    """The name of the picture of `number`, written as that of the one before it."""
    hit = _NUMBER.fullmatch(before.stem)
    if hit is None:
        return str(number)
    return f"{hit['before']}{number:0{len(hit['number'])}}{hit['after']}{before.suffix}"


def _read_times(path: Path, count: int, source: Path) -> tuple[tuple[Fraction, ...], Fraction]:
    """Times in seconds and the tick that they are whole numbers of."""
    remedy = "say ‹fps› instead"
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        told = [Fraction(line.strip()) / 1000 for line in lines if line.strip() and not line.lstrip().startswith("#")]
    except (OSError, ValueError, ZeroDivisionError) as error:
        raise MediaError(f"{path}: is no list of milliseconds ({_short(error)}); {remedy}") from None
    if len(told) != count:
        raise MediaError(f"{path}: has {len(told)} times for the {count} pictures of {source}; {remedy}")
    ticks, times = common_ticks(told)
    if any(other <= one for one, other in pairwise(times)):
        raise MediaError(f"{path}: its times do not ascend; {remedy}")
    return tuple(times), Fraction(1, ticks)


def common_ticks(times: Sequence[Fraction]) -> tuple[int, list[Fraction]]:
    """Ticks a second of which times that were rounded to nanoseconds are whole numbers, and those times, exact."""
    fitting = (t for t in _TICKS if all(abs(at - Fraction(round(at * t), t)) <= _NANOSECOND for at in times))
    ticks = next(fitting, _TICKS[-1])
    return ticks, [Fraction(round(at * ticks), ticks) for at in times]


def _short(error: Exception) -> str:
    return " ".join(str(getattr(error, "strerror", None) or error).split())[:80]
