"""The page: its order, its head and its style. It is one file that loads nothing, for a browser without a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from limner.datasets.manifest import PhotoFolder
from limner.evaluation.contenders import Contender
from limner.evaluation.evaluate import Score
from limner.evaluation.flicker import Flicker, Recovery
from limner.evaluation.report.cases import cases
from limner.evaluation.report.curves import curves
from limner.evaluation.report.document import PRIVATE, document
from limner.evaluation.report.tables import clip_table, recovery_table, score_table
from limner.whole_file import whole_file

_SECTIONS = (
    ("scores", "Scores by set"),
    ("clips", "Clips"),
    ("curves", "Curves"),
    ("worst", "Worst cases"),
    ("apart", "Where the models differ most"),
    ("false", "People found where nobody is"),
)


@dataclass(frozen=True, slots=True)
class Findings:
    """What was measured: all mappings by the label of the contender.

    Attributes:
        contenders: who was measured, in the order of the page.
        folder: where the photos are.
        split: which of them, in words.
        scores: of every photo.
        flicker: on clips; empty where none were made.
        recovery: from wrong priors, of those that look at the matte before.
    """

    contenders: list[Contender]
    folder: PhotoFolder
    split: str
    scores: Mapping[str, list[Score]]
    flicker: Mapping[str, Flicker] = field(default_factory=dict)
    recovery: Mapping[str, list[Recovery]] = field(default_factory=dict)


def write_report(path: Path, found: Findings, *, worst: int = 16, date: str = "") -> None:
    """Write the report as one HTML file, whole or not at all.

    Args:
        path: of the file.
        found: what was measured.
        worst: how many of the worst cases are shown; half as many of each other kind.
        date: when it was measured, as text.

    Raises:
        MediaError: the file cannot be written.
    """
    html = page(found, worst=worst, date=date)
    with whole_file(path) as file:
        file.write(html.encode())


def page(found: Findings, *, worst: int = 16, date: str = "") -> str:
    """The report as text."""
    content = {
        "scores": score_table(found.scores),
        "clips": clip_table(found.flicker) + recovery_table(found.recovery),
        "curves": curves(found.scores),
        **cases(found.contenders, found.folder, found.scores, count=worst),
    }
    shown = [(key, head) for key, head in _SECTIONS if content.get(key)]
    title = "Limner evaluation: " + ", ".join(contender.label for contender in found.contenders)
    sections = [(key, head, content[key]) for key, head in shown]
    return document(title, _head(found, date), sections, footer="; docs/evaluation.md defines every metric.")


def _head(found: Findings, date: str) -> str:
    rows = next(iter(found.scores.values()))
    nobody = sum(score.photo.mask == "none" for score in rows)
    count = f"{len(rows) - nobody} photos with people" + (f", {nobody} without" if nobody else "")
    where = " · ".join(text for text in (f"{found.folder.folder.name}, {found.split}", count, date) if text)
    models = "".join(_contender(index, contender) for index, contender in enumerate(found.contenders))
    return (
        f'<header><h1>Evaluation</h1><p class="where">{escape(where)}</p>'
        f'<div class="contenders">{models}</div><p class="private">{PRIVATE}</p></header>'
    )


def _contender(index: int, contender: Contender) -> str:
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in contender.facts.items())
    return (
        f'<div class="contender"><h3><i class="swatch b{index % 8}"></i>{escape(contender.label)}</h3>'
        f"<dl>{facts}</dl></div>"
    )
