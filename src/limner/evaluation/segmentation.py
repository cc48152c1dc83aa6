"""Models that find people, measured on labelled photos and on clips made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limner.datasets.manifest import PhotoFolder
from limner.datasets.photo import Photo
from limner.errors import OptionError
from limner.evaluation import evaluate
from limner.evaluation.contenders import Contender, contenders
from limner.evaluation.flicker import Flicker, Recovery
from limner.evaluation.scorer import EvalOptions, Grid, Scored, Scorer, Stage
from limner.evaluation.tables import COLUMNS, Table, columns_of, summary, write_csv

if TYPE_CHECKING:
    from limner.nets.base import SegmentationNet

_SPLITS = ("val", "train", "test", "all")


class SegmentationScorer(Scorer):
    """IoU, Boundary IoU and their like, by set; see docs/evaluation.md."""

    def net_scores(self, net: SegmentationNet, size: int, data: Path) -> dict[str, float]:
        return evaluate.net_scores(net, size, data)

    def score(self, models: Sequence[str], data: Path, options: EvalOptions, stage: Stage) -> Scored:
        if options.split not in _SPLITS:
            raise OptionError(f"‹split›: must be {', '.join(_SPLITS[:-1])} or all, not {options.split!r}")
        folder = PhotoFolder(data)
        photos = _choose(folder, options)
        makers = contenders(models, refine=options.refine)
        mattes = {maker.label: maker.matte for maker in makers}
        with stage("scoring", "photos") as tell:
            scores = evaluate.evaluate_all(
                mattes,
                folder,
                photos,
                all_metrics=options.all_metrics,
                progress=lambda done: tell(done, len(photos)),
            )
        flicker, recovery = _play(makers, folder, photos, options.clips, stage)
        _write(options, makers, folder, scores, flicker, recovery)
        tables = {maker.label: summary(scores[maker.label]) for maker in makers}
        plain = {
            model: _plain(tables[maker.label], flicker.get(maker.label), recovery.get(maker.label))
            for model, maker in zip(models, makers, strict=True)
        }
        return Scored(plain, tuple(_shown(tables, flicker, recovery)))


def _choose(folder: PhotoFolder, options: EvalOptions) -> list[Photo]:
    wanted = None if options.split == "all" else options.split
    photos = list(folder.select(split=wanted, sets=options.sets))  # type: ignore[arg-type]
    if options.limit is None:
        return photos
    names = dict.fromkeys(photo.set for photo in photos)
    return [row for name in names for row in [photo for photo in photos if photo.set == name][: options.limit]]


def _play(
    makers: Sequence[Contender], folder: PhotoFolder, photos: Sequence[Photo], count: int, stage: Stage
) -> tuple[dict[str, Flicker], dict[str, list[Recovery]]]:
    """Flicker of all, and recovery from wrong priors of those that look at the matte before."""
    if not count:
        return {}, {}
    from limner.evaluation.clips import clip_photos, pictures
    from limner.evaluation.flicker import measure_flicker, measure_recovery

    chosen = clip_photos(photos, count)
    with stage("playing clips", "photos") as tell:
        flicker = measure_flicker(
            {maker.label: maker.matte for maker in makers},
            pictures(folder, chosen),
            progress=lambda done: tell(done, len(chosen)),
        )
    temporal = [maker for maker in makers if maker.temporal]
    known = list(pictures(folder, chosen)) if temporal else []
    return flicker, {maker.label: measure_recovery(maker.matte, known) for maker in temporal}


def _write(
    options: EvalOptions,
    makers: list[Contender],
    folder: PhotoFolder,
    scores: Mapping[str, list[evaluate.Score]],
    flicker: Mapping[str, Flicker],
    recovery: Mapping[str, list[Recovery]],
) -> None:
    """The files that were asked for, each whole or not at all."""
    if options.sheet is not None:
        from limner.evaluation.sheet import sheet, worst
        from limner.media.images import write_image

        cases = worst(scores[makers[0].label], options.worst)
        write_image(options.sheet, sheet(cases, folder, makers[0].matte))
    if options.csv is not None:
        write_csv(options.csv, scores)
    if options.report is not None:
        from limner.evaluation.report import Findings, write_report

        found = Findings(makers, folder, f"split {options.split}", scores, flicker, recovery)
        date = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        write_report(options.report, found, worst=options.worst, date=date)


def _plain(table: Table, flicker: Flicker | None, recovery: list[Recovery] | None) -> dict[str, Any]:
    plain: dict[str, Any] = dict(table)
    if flicker is not None:
        plain["clips"] = flicker.to_dict()
    if recovery is not None:
        plain["recovery"] = [asdict(row) for row in recovery]
    return plain


def _shown(
    tables: Mapping[str, Table], flicker: Mapping[str, Flicker], recovery: Mapping[str, list[Recovery]]
) -> list[Grid | str]:
    rows = [
        ((label, name, f"{row['photos']:.0f}"), row) for label, table in tables.items() for name, row in table.items()
    ]
    shown: list[Grid | str] = [
        _grid(("model", "set", "photos"), part)
        for without in (False, True)
        if (part := [row for row in rows if ("false_area" in row[1]) is without])
    ]
    if flicker:
        played = [((label, str(found.clips)), found.to_dict()) for label, found in flicker.items()]
        shown.append(_grid(("clips", "photos"), played))
    shown += [
        f"{label}, wrong prior {case.prior}: outgrown after {case.frames:.2f} frames, within three in "
        f"{case.in_time:.0f} % of the clips; {case.loss:.1f} points of IoU lost at first"
        for label, cases in recovery.items()
        for case in cases
    ]
    return shown


def _grid(first: tuple[str, ...], rows: Sequence[tuple[tuple[str, ...], Mapping[str, float]]]) -> Grid:
    names = columns_of([row for _, row in rows])
    texts = [
        (*first_texts, *(COLUMNS[name].show(row[name]) if name in row else "" for name in names))
        for first_texts, row in rows
    ]
    return Grid((*first, *(COLUMNS[name].head for name in names)), tuple(texts))
