"""How well the default net finds people, with MediaPipe beside it, and how often it finds them where there are none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.table import Row

PORTRAITS = "fashion + faces"
NO_PEOPLE = "all without people"
ANIMALS = "people_with_animals"
Scores = dict[str, dict[str, dict[str, float]]]


def measure(data: Path, peer: Path | None, *, limit: int | None) -> list[Row]:
    """``limner eval`` on the split ``val`` and on the photos without people."""
    val = _eval(data, [str(peer)] if peer else [], "--split", "val", *(("--limit", str(limit)) if limit else ()))
    empty_sets = [name for name in _sets(data) if name.startswith("no_people")]
    wanted = [argument for name in empty_sets for argument in ("--set", name)]
    empty = _eval(data, [], "--split", "all", "--limit", str(limit or 60), *wanted)
    ours, theirs = val["fast"], val.get(str(peer))
    rows = []
    miou, boundary = ours[PORTRAITS]["miou"], ours[PORTRAITS]["boundary_iou"]
    beside = ""
    if theirs:
        beside = f" (MediaPipe {theirs[PORTRAITS]['miou']:.1f} / {theirs[PORTRAITS]['boundary_iou']:.1f})"
    rows.append(
        Row(
            what="mIoU / Boundary IoU on val, fashion + faces",
            target="≥ 90.5 / 62; aim 91.0 / 66.3",
            figure=f"{miou:.1f} / {boundary:.1f}{beside}",
            passed=miou >= 90.5 and boundary >= 62,
            detail="the bare net, at one of its input sizes, cut at 0.5; means over images",
            values={"miou": miou, "boundary_iou": boundary},
        )
    )
    if ANIMALS in ours:
        animals = ours[ANIMALS]["miou"]
        their_animals = theirs[ANIMALS]["miou"] if theirs else 64.4
        rows.append(
            Row(
                what="mIoU on val, people with animals",
                target="> MediaPipe (64.4)",
                figure=f"{animals:.1f}" + (f" (MediaPipe {their_animals:.1f})" if theirs else ""),
                passed=animals > their_animals,
                values={"miou": animals, "mediapipe_miou": their_animals},
            )
        )
    area = empty["fast"][NO_PEOPLE]["false_area"]
    by_set = ", ".join(
        f"{name.removeprefix('no_people_')} {empty['fast'][name]['false_area']:.2f}" for name in empty_sets
    )
    rows.append(
        Row(
            what="false person area on photos without people",
            target="< 2 %",
            figure=f"{area:.2f} %",
            passed=area < 2.0,
            detail=f"percent by set: {by_set}",
            values={"false_area": area},
        )
    )
    return rows


def _sets(data: Path) -> list[str]:
    return sorted(path.stem for path in data.glob("*.zip"))


def _eval(data: Path, models: list[str], *options: str) -> Scores:
    command = [sys.executable, "-m", "limner.cli.app", "eval", "fast", *models, "--data", str(data), *options, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["limner eval failed"])[-1])
    scores: Scores = json.loads(done.stdout)
    return scores
