"""Tables round as they are headed, know the best, and a CSV holds every photo of every model."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from limner.datasets.manifest import PhotoFolder
from limner.errors import MediaError
from limner.evaluation.evaluate import METRICS, MORE_METRICS, evaluate_all
from limner.evaluation.tables import COLUMNS, best, columns_of, summary, write_csv


def _bright(rgb: np.ndarray) -> np.ndarray:
    return (rgb.mean(2) > 140).astype(np.float32)


def test_every_metric_has_a_column() -> None:
    assert {*METRICS, *MORE_METRICS, "false_area", "flicker", "dtssd", "messddt"} <= set(COLUMNS)


@pytest.mark.parametrize(
    ("values", "metric", "expected"),
    [
        ([91.0, 92.0, None], "miou", {1}),
        ([0.02, 0.01], "mad", {1}),
        ([91.04, 91.01], "miou", set()),  # the same as they are shown
        ([91.0, 91.0, 90.0], "miou", {0, 1}),
        ([91.0], "miou", set()),
        ([None, None], "miou", set()),
    ],
)
def test_the_best_as_shown(values: list[float | None], metric: str, expected: set[int]) -> None:
    assert best(values, COLUMNS[metric]) == expected


def test_summary_and_columns(data_folder: Path) -> None:
    folder = PhotoFolder(data_folder)
    table = summary(evaluate_all({"m": _bright}, folder, folder.photos)["m"])
    assert table["fashion + faces"]["miou_accumulated"] > 90
    assert set(table["no_people_rooms"]) == {"photos", "false_area"}
    assert columns_of(list(table.values()))[:3] == ["miou", "boundary_iou", "iou"]
    assert columns_of([table["no_people_rooms"]]) == ["false_area"]


def test_a_line_for_each_model_and_photo(data_folder: Path, tmp_path: Path) -> None:
    folder = PhotoFolder(data_folder)
    photos = [photo for photo in folder.photos if photo.set in ("faces_close_up", "no_people_rooms")]
    scores = evaluate_all({"a, b": _bright, "c": lambda rgb: 1 - _bright(rgb)}, folder, photos)
    write_csv(tmp_path / "all.csv", scores)
    with (tmp_path / "all.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * len(photos)
    assert rows[0]["model"] == "a, b"
    assert float(rows[0]["miou"]) == pytest.approx(scores["a, b"][0].values["miou"], rel=1e-5)
    assert {row["miou"] == "" for row in rows if row["set"] == "no_people_rooms"} == {True}
    with pytest.raises(MediaError, match="no folder"):
        write_csv(tmp_path / "none" / "all.csv", scores)
