"""Scores of masks by skin tone: on photos, and on rendered people in every tone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np

from benchmarks.skin_colour import Bool, Mask, SkinFinder, skin_tone, sure_skin
from benchmarks.skin_recolour import TARGETS, Person, recolour
from benchmarks.skin_renders import Background, backgrounds, people, scenes
from limner.datasets.manifest import PhotoFolder
from limner.datasets.photo import Photo
from limner.evaluation.contenders import Alpha, MatteMaker
from limner.evaluation.evaluate import score_photo

SETS = ("wild", "fashion_full_body", "faces_close_up")
MIOU, BOUNDARY, MISSED = "miou", "boundary_iou", "missed"
METRICS = {MIOU: "mIoU", BOUNDARY: "Boundary IoU", MISSED: "skin missed"}
"""In percent. The last is the share of sure skin that the mask leaves out; less is better."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Case:
    """What one model does on one picture.

    Attributes:
        model: its label.
        group: the photo's set, with its source where the set has several kinds; or "dark backgrounds" or
            "light backgrounds" of a render.
        person: set and stem.
        tone: the bin; None where it is not known.
        values: metric to percent; no ``MISSED`` where no skin is sure.
    """

    model: str
    group: str
    person: str
    tone: str | None
    values: Mapping[str, float]


def on_photos(
    makers: Mapping[str, MatteMaker],
    folder: PhotoFolder,
    finder: SkinFinder,
    *,
    limit: int | None = None,
    progress: Progress = lambda _: None,
) -> list[Case]:
    """Every model on the val photos of ``SETS``, as far as the folder has them; at most ``limit`` of each."""
    cases: list[Case] = []
    photos = [photo for rows in _by_set(folder) for photo in rows[:limit]]
    groups = group_names(photos)
    for done, photo in enumerate(photos, start=1):
        rgb, mask = folder.load(photo)
        skin = sure_skin(finder(rgb), mask)
        tone = skin_tone(rgb, skin)
        for label, maker in makers.items():
            values = _values(maker(rgb), mask, photo, skin)
            cases.append(Case(label, groups[photo], f"{photo.set}/{photo.stem}", tone, values))
        progress(f"photos: {done} of {len(photos)}")
    return cases


def on_recoloured(
    makers: Mapping[str, MatteMaker],
    folder: PhotoFolder,
    finder: SkinFinder,
    *,
    each: int,
    progress: Progress = lambda _: None,
) -> list[Case]:
    """Every model on ``each`` val photos of every set that show enough skin, recoloured to every tone."""
    cases: list[Case] = []
    for rows in _by_set(folder):
        step = max(1, len(rows) // (2 * each or 1))
        spread = (rows[index] for start in range(step) for index in range(start, len(rows), step))
        found = (Person.of(photo, *folder.load(photo), finder(folder.load_rgb(photo))) for photo in spread)
        for done, person in enumerate(islice((p for p in found if p.can_be_recoloured), each), start=1):
            for tone, target in TARGETS.items():
                rgb = recolour(person, target)
                for label, maker in makers.items():
                    values = _values(maker(rgb), person.alpha, person.photo, person.skin)
                    cases.append(Case(label, person.photo.set, f"{person.photo.set}/{person.photo.stem}", tone, values))
            progress(f"{person.photo.set}, recoloured: {done} of {each}")
    return cases


def _by_set(folder: PhotoFolder) -> list[list[Photo]]:
    """The val photos of ``SETS`` that the folder has."""
    there = {photo.set for photo in folder.photos}
    return [list(folder.select(split="val", sets=(name,))) for name in SETS if name in there]


def group_names(photos: Iterable[Photo]) -> dict[Photo, str]:
    """The set of each photo, with the source up to a colon where the photos of the set differ in that."""
    kinds = {photo: photo.source.partition(":")[0] for photo in photos}
    of_set: dict[str, set[str]] = {}
    for photo, kind in kinds.items():
        of_set.setdefault(photo.set, set()).add(kind)
    return {
        photo: photo.set if len(of_set[photo.set]) == 1 else f"{photo.set}: {kind}" for photo, kind in kinds.items()
    }


def on_renders(
    makers: Mapping[str, MatteMaker],
    folder: PhotoFolder,
    finder: SkinFinder,
    *,
    count: int,
    each: int,
    progress: Progress = lambda _: None,
) -> list[Case]:
    """Every model on ``count`` rendered people in every tone before ``each`` dark and as many light backgrounds."""
    cases: list[Case] = []
    behind: list[Background] = []
    for done, person in enumerate(people(folder, finder, count), start=1):
        height, width = person.alpha.shape
        behind = behind or backgrounds(folder, (height, width), each)
        for tone, background, rgb in scenes(person, behind):
            for label, maker in makers.items():
                values = _values(maker(rgb), person.alpha, person.photo, person.skin)
                cases.append(Case(label, f"{background.lightness} backgrounds", person.photo.stem, tone, values))
        progress(f"rendered people: {done} of {count}")
    return cases


def _values(alpha: Alpha, mask: Mask, photo: Photo, skin: Bool) -> dict[str, float]:
    scored = score_photo(alpha, mask, photo).values
    values = {MIOU: scored[MIOU], BOUNDARY: scored[BOUNDARY]}
    if skin.any():
        values[MISSED] = 100 * float((alpha[skin] <= 0.5).mean())
    return values


def scores_of(cases: Iterable[Case], metric: str, tones: Iterable[str | None]) -> dict[str, list[float]]:
    """Group to the scores of the cases of these tones."""
    wanted, found = set(tones), dict[str, list[float]]()
    for case in cases:
        if case.tone in wanted and metric in case.values:
            found.setdefault(case.group, []).append(case.values[metric])
    return found


def paired(cases: Iterable[Case], metric: str, first: Iterable[str], second: Iterable[str]) -> list[float]:
    """For each person the mean over the tones ``first`` minus that over the tones ``second``."""
    ones, others = set(first), set(second)
    by_person: dict[str, tuple[list[float], list[float]]] = {}
    for case in cases:
        lists = by_person.setdefault(case.person, ([], []))
        for tones, values in zip((ones, others), lists, strict=True):
            if case.tone in tones and metric in case.values:
                values.append(case.values[metric])
    return [float(np.mean(a) - np.mean(b)) for a, b in by_person.values() if a and b]
