"""Scores of known mattes are the known numbers, set by set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from limner.datasets.manifest import PhotoFolder
from limner.datasets.photo import Photo
from limner.errors import DataError
from limner.evaluation.contenders import net_maker
from limner.evaluation.evaluate import (
    METRICS,
    MORE_METRICS,
    accumulated,
    evaluate,
    evaluate_all,
    means,
    net_scores,
    score_photo,
)
from limner.evaluation.sheet import sheet, worst
from limner.nets.base import SegmentationNet


def _photo(mask: str, name: str = "faces_close_up") -> Photo:
    return Photo(name, "0", "val", mask, 4, 4, "x")  # type: ignore[arg-type]


def test_a_perfect_and_an_inverted_matte() -> None:
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 10:30] = 255
    perfect = score_photo((mask / 255).astype(np.float32), mask, _photo("hand")).values
    assert perfect == {"iou": 100, "miou": 100, "accuracy": 100, "boundary_iou": 100, "mad": 0, "area_bias": 0}
    inverted = score_photo((1 - mask / 255).astype(np.float32), mask, _photo("hand")).values
    assert inverted["iou"] == inverted["accuracy"] == inverted["boundary_iou"] == 0
    assert inverted["mad"] == 1


def test_void_is_left_out_only_in_sets_that_have_it() -> None:
    mask = np.zeros((20, 20), np.uint8)
    mask[:10] = 255
    mask[10:12] = 128
    alpha = (mask == 255).astype(np.float32)
    assert score_photo(alpha, mask, _photo("hand", "people_with_animals")).values["miou"] == 100
    assert score_photo(alpha, mask, _photo("hand")).values["miou"] < 100


def test_false_area_without_people() -> None:
    alpha = np.zeros((10, 10), np.float32)
    alpha[:2] = 0.9
    assert score_photo(alpha, np.zeros((10, 10), np.uint8), _photo("none")).values == {"false_area": 20.0}


def test_means_by_set_and_group(data_folder: Path) -> None:
    folder = PhotoFolder(data_folder)
    everyone = lambda rgb: np.ones(rgb.shape[:2], np.float32)  # noqa: E731
    photos = [p for p in folder.photos if p.split == "val" or p.mask == "none"]
    done: list[int] = []
    table = means(evaluate(everyone, folder, photos, progress=done.append))
    assert done == list(range(1, len(photos) + 1))
    assert table["fashion + faces"]["photos"] == 4
    both = (table["fashion_full_body"]["iou"] + table["faces_close_up"]["iou"]) / 2
    assert table["fashion + faces"]["iou"] == pytest.approx(both)
    assert table["all without people"] == {"photos": 8, "false_area": 100.0}


def test_several_makers_see_the_same_photos_in_order(data_folder: Path) -> None:
    folder = PhotoFolder(data_folder)
    photos = folder.photos * 2  # more than are decoded ahead
    seen: list[int] = []

    def bright(rgb: np.ndarray) -> np.ndarray:
        seen.append(int(rgb.sum()))
        return (rgb.mean(2) > 140).astype(np.float32)

    both = evaluate_all({"bright": bright, "dark": lambda rgb: 1 - bright(rgb)}, folder, photos)
    assert [score.photo for score in both["bright"]] == [score.photo for score in both["dark"]] == photos
    assert seen[::2] == seen[1::2] == [int(folder.load(photo)[0].sum()) for photo in photos]
    assert [s.values for s in both["bright"]] == [s.values for s in evaluate(bright, folder, photos)]
    assert means(both["bright"])["faces_close_up"]["iou"] > 90 > 10 > means(both["dark"])["faces_close_up"]["iou"]


def test_accumulated_scores_count_pixels_not_photos() -> None:
    half, tiny = np.zeros((20, 20), np.uint8), np.zeros((20, 20), np.uint8)
    half[:10], tiny[0, 0] = 255, 255
    right = score_photo((half / 255).astype(np.float32), half, _photo("hand"))
    missed = score_photo(np.zeros((20, 20), np.float32), tiny, _photo("hand"))
    assert means([right, missed])["faces_close_up"]["iou"] == 50
    row = accumulated([right, missed])["faces_close_up"]
    assert row["iou_accumulated"] == pytest.approx(100 * 200 / 201)
    assert row["accuracy_accumulated"] == pytest.approx(100 * 799 / 800)
    assert accumulated([score_photo(np.zeros((4, 4), np.float32), np.zeros((4, 4), np.uint8), _photo("none"))]) == {}


def test_all_metrics_on_request() -> None:
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 10:30] = 255
    alpha = (mask / 255).astype(np.float32)
    assert tuple(score_photo(alpha, mask, _photo("hand")).values) == METRICS
    perfect = score_photo(alpha, mask, _photo("hand"), all_metrics=True).values
    assert tuple(perfect) == METRICS + MORE_METRICS
    assert perfect["boundary_f"] == 100
    assert [perfect[name] for name in ("mse", "sad", "gradient", "connectivity")] == pytest.approx([0] * 4, abs=1e-9)


def test_boundary_iou_at_other_cuts_tells_a_mask_that_is_too_small() -> None:
    mask = np.zeros((80, 80), np.uint8)
    mask[20:60, 20:60] = 255
    alpha = np.zeros((80, 80), np.float32)
    alpha[20:60, 20:60], alpha[23:57, 23:57] = 0.35, 0.9  # a rim of which the net is not sure
    values = score_photo(alpha, mask, _photo("hand"), all_metrics=True).values
    assert values["boundary_iou_0.3"] == 100 > values["boundary_iou_0.4"] == values["boundary_iou"]
    assert values["area_bias"] == pytest.approx(100 * np.log((34 * 34 + 1) / (40 * 40 + 1)))


def test_the_area_bias_of_a_set_is_a_median() -> None:
    mask = np.full((10, 10), 255, np.uint8)
    whole, missed = np.ones((10, 10), np.float32), np.zeros((10, 10), np.float32)
    scores = [score_photo(alpha, mask, _photo("hand")) for alpha in (whole, whole, missed)]
    assert scores[2].values["area_bias"] < -400
    assert means(scores)["faces_close_up"]["area_bias"] == 0


def test_wild_comes_first() -> None:
    alpha, mask = np.ones((4, 4), np.float32), np.full((4, 4), 255, np.uint8)
    sets = ("fashion_full_body", "faces_close_up", "wild", "people_with_animals")
    table = means([score_photo(alpha, mask, _photo("hand", name)) for name in sets])
    assert list(table) == ["wild", "fashion + faces", "fashion_full_body", "faces_close_up", "people_with_animals"]


def test_nothing_to_score_is_an_error(data_folder: Path) -> None:
    with pytest.raises(DataError, match="no photo of this split"):
        evaluate(lambda rgb: np.ones(rgb.shape[:2], np.float32), PhotoFolder(data_folder), [])


class _Brightness(SegmentationNet):
    """Person where it is bright: the drawn people are, their backgrounds are not."""

    def run(self, x: torch.Tensor, *, heads: bool) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        return (x.mean(1, keepdim=True) - 0.5) * 40, {}


def test_a_net_is_scored_on_the_val_split(data_folder: Path) -> None:
    scores = net_scores(_Brightness(), 64, data_folder)
    assert scores["fashion + faces mIoU"] > 85
    assert set(scores) >= {"people_with_animals mIoU", "faces_close_up bIoU"}


def test_the_sheet_shows_the_worst(data_folder: Path) -> None:
    folder = PhotoFolder(data_folder)
    maker = net_maker(_Brightness(), 32)
    scores = evaluate(maker, folder, list(folder.select(split="val")))
    chosen = worst(scores, 3)
    assert [s.values["miou"] for s in chosen] == sorted(s.values["miou"] for s in scores)[:3]
    picture = sheet(chosen, folder, maker, columns=2)
    assert picture.shape == (2 * 222, 2 * 800, 3)
    assert (picture[:222, 600:800] == (230, 60, 60)).all(-1).any() or (picture[:222, 600:800] == (60, 120, 255)).all(
        -1
    ).any()
