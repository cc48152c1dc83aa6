"""Do masks depend on skin tone? python -m benchmarks.skin_tones --data FOLDER [--write]

Measures models on val photos grouped by the tone of the skin in them, and on rendered people recoloured to six tones,
and prints the tables of docs/skin-tones.md. Skin is found by a net that `limner models fetch studio` gets.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import mean

import cv2

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.skin_colour import DARKEST, LIGHTEST, MODEL, TONES, SkinFinder
from benchmarks.skin_gaps import Gap, gap_of_groups, gap_within_sets, mean_with_interval
from benchmarks.skin_scores import (
    BOUNDARY,
    METRICS,
    MIOU,
    MISSED,
    Case,
    on_photos,
    on_recoloured,
    on_renders,
    paired,
    scores_of,
)
from benchmarks.table import ROOT, Surroundings
from limner.datasets.manifest import PhotoFolder
from limner.errors import LimnerError
from limner.evaluation.contenders import contenders
from limner.whole_file import whole_text

MODELS = ("fast", "selfie", "tiny", "quality", "video")
PEOPLE, EACH, EACH_SET = 24, 3, 30
_PAGE = ROOT / "docs" / "skin-tones.md"
_BEGIN, _END = "<!-- measured -->\n", "<!-- end of what was measured -->\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    options = _options(arguments)
    cv2.setNumThreads(1)
    if options.write:
        with_section(options.page.read_text(encoding="utf-8"), "")  # minutes of measuring must not end in an error
    try:
        text = "\n".join(measure(options))
    except LimnerError as error:
        print(f"skin_tones: {error}", file=sys.stderr)
        return 2
    print(text)
    if options.write:
        whole_text(options.page, with_section(options.page.read_text(encoding="utf-8"), text))
    return 0


def measure(options: argparse.Namespace) -> Iterator[str]:
    """The measured section of the page, line by line."""
    folder, finder = PhotoFolder(options.data), SkinFinder(options.skin_model)
    found = contenders(options.models.split(","), refine=True, threads=1)
    makers = {maker.label: maker.matte for maker in found}
    yield f"Measured {Surroundings.here().date}, commit {Surroundings.here().commit}."
    yield ""
    photos = on_photos(makers, folder, finder, limit=options.limit, progress=_tell)
    yield from photo_tables(photos)
    again = on_recoloured(makers, folder, finder, each=options.recoloured, progress=_tell)
    yield from paired_tables("Photos, recoloured", "photos", again)
    renders = on_renders(makers, folder, finder, count=options.people, each=options.backgrounds, progress=_tell)
    yield from paired_tables("Renders", "people", renders)


def photo_tables(cases: Sequence[Case]) -> Iterator[str]:
    """Photos by tone and set; figures by model and tone; gaps between the darkest and the lightest two bins."""
    models = list(dict.fromkeys(case.model for case in cases))
    first = [case for case in cases if case.model == models[0]] if models else []
    yield "### Photos"
    yield ""
    yield from _counts(first)
    yield ""
    for metric in METRICS:
        yield from _by_tone(cases, models, metric, f"{METRICS[metric]}, percent, means over photos:", unknown=True)
    yield "Darkest two bins minus lightest two, with 95 % intervals:"
    yield ""
    yield from _row(
        "model",
        *_heads(MIOU, "all", "same source"),
        *_heads(BOUNDARY, "all", "same source"),
        "skin missed, same source",
    )
    yield _rule(6)
    for model in models:
        mine = [case for case in cases if case.model == model]
        cells = [show(gap(mine, metric)) for metric in (MIOU, BOUNDARY) for gap in (_plain_gap, _gap_within)]
        yield from _row(f"`{model}`", *cells, show(_gap_within(mine, MISSED)))
    yield ""
    yield from _gaps_apart("set", cases, models, lambda case: case.person.partition("/")[0])
    yield from _gaps_apart("source", cases, models, lambda case: case.group)


def _gaps_apart(
    kind: str, cases: Sequence[Case], models: Sequence[str], name_of: Callable[[Case], str]
) -> Iterator[str]:
    names = list(dict.fromkeys(map(name_of, cases)))
    yield f"The same for each {kind} alone, mIoU / Boundary IoU:"
    yield ""
    yield from _row("model", *names)
    yield _rule(1 + len(names))
    for model in models:
        parts = [[case for case in cases if case.model == model and name_of(case) == name] for name in names]
        yield from _row(
            f"`{model}`", *(f"{show(_plain_gap(p, MIOU))} / {show(_plain_gap(p, BOUNDARY))}" for p in parts)
        )
    yield ""


def paired_tables(title: str, what: str, cases: Sequence[Case]) -> Iterator[str]:
    """Figures by model and tone, and differences between tones of the same people; all, and in each group."""
    models = list(dict.fromkeys(case.model for case in cases))
    groups = list(dict.fromkeys(case.group for case in cases))
    people = len({case.person for case in cases})
    yield f"### {title}"
    yield ""
    yield f"{people} {what}, {len(cases) // max(1, len(models))} pictures."
    yield ""
    for metric in METRICS:
        yield from _by_tone(cases, models, metric, f"{METRICS[metric]}, percent:")
    yield "Same person, same background: darkest two tones minus lightest two, with 95 % intervals over people:"
    yield ""
    yield from _row("model", "group", *METRICS.values())
    yield _rule(5)
    for model in models:
        for name in ("all", *groups):
            mine = [case for case in cases if case.model == model and name in ("all", case.group)]
            gaps = (mean_with_interval(paired(mine, metric, DARKEST, LIGHTEST)) for metric in METRICS)
            yield from _row(f"`{model}`", name, *map(show, gaps))
    yield ""


def show(gap: Gap | None) -> str:
    """A gap in a cell, bold where its interval leaves out zero and it is not zero as shown."""
    if gap is None:
        return ""
    return f"**{gap}**" if gap.clear and abs(gap.value) >= 0.05 else str(gap)


def with_section(page: str, made: str) -> str:
    """The page with ``made`` in the place of what was measured before.

    Raises:
        ValueError: the page has no place for it.
    """
    head, begin, rest = page.partition(_BEGIN)
    _, end, tail = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"the page has no {_BEGIN.strip()} and {_END.strip()} to put the tables between")
    return f"{head}{_BEGIN}\n{made.strip()}\n\n{_END}{tail}"


def _plain_gap(cases: Sequence[Case], metric: str) -> Gap | None:
    first, second = (_pooled(scores_of(cases, metric, tones)) for tones in (DARKEST, LIGHTEST))
    return gap_of_groups(first, second)


def _gap_within(cases: Sequence[Case], metric: str) -> Gap | None:
    return gap_within_sets(scores_of(cases, metric, DARKEST), scores_of(cases, metric, LIGHTEST))


def _pooled(groups: dict[str, list[float]]) -> list[float]:
    return [value for values in groups.values() for value in values]


def _counts(cases: Sequence[Case]) -> Iterator[str]:
    yield from _row("photos", *TONES, "not known")
    yield _rule(2 + len(TONES))
    for name in dict.fromkeys(case.group for case in cases):
        tones = [case.tone for case in cases if case.group == name]
        yield from _row(name, *(str(tones.count(tone)) for tone in (*TONES, None)))
    tones = [case.tone for case in cases]
    yield from _row("all", *(str(tones.count(tone)) for tone in (*TONES, None)))


def _by_tone(
    cases: Sequence[Case], models: Sequence[str], metric: str, title: str, *, unknown: bool = False
) -> Iterator[str]:
    tones: tuple[str | None, ...] = (*TONES, None) if unknown and metric != MISSED else TONES
    yield title
    yield ""
    yield from _row("model", *(tone or "not known" for tone in tones))
    yield _rule(1 + len(tones))
    for model in models:
        mine = [case for case in cases if case.model == model]
        scores = [_pooled(scores_of(mine, metric, (tone,))) for tone in tones]
        yield from _row(f"`{model}`", *(f"{mean(values):.1f}" if values else "" for values in scores))
    yield ""


def _heads(metric: str, *kinds: str) -> list[str]:
    return [f"{METRICS[metric]}, {kind}" for kind in kinds]


def _row(*cells: str) -> Iterator[str]:
    yield f"| {' | '.join(cells)} |"


def _rule(columns: int) -> str:
    return "|---" + "|---:" * (columns - 1) + "|"


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text:60}", end="", file=sys.stderr, flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv and labelled photos")
    parser.add_argument("--models", default=",".join(MODELS), help=f"names or files [{','.join(MODELS)}]")
    parser.add_argument("--skin-model", default=MODEL, help=f"the net that finds skin [{MODEL}]")
    parser.add_argument("--limit", type=int, help="at most this many photos of each set")
    parser.add_argument("--recoloured", type=int, default=EACH_SET, help=f"photos of each set to recolour [{EACH_SET}]")
    parser.add_argument("--people", type=int, default=PEOPLE, help=f"rendered people [{PEOPLE}]")
    parser.add_argument("--backgrounds", type=int, default=EACH, help=f"dark ones, and as many light ones [{EACH}]")
    parser.add_argument("--write", action="store_true", help="put the tables into the page")
    parser.add_argument("--page", type=Path, default=_PAGE, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
