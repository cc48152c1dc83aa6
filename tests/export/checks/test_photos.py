"""Photos for exports come from all sets alike, are the same every time, and become what the graph takes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from limner.datasets.manifest import PhotoFolder
from limner.errors import DataError
from limner.export.checks.photos import NOISE, prepare, stratified
from limner.models.card import ModelCard, StateSpec


def test_every_set_gives_its_share(data_folder: Path) -> None:
    folder = PhotoFolder(data_folder)
    chosen = stratified(folder, "train", 14)
    assert set(Counter(photo.set for photo in chosen).values()) == {2}
    assert {photo.split for photo in chosen} == {"train"}
    assert chosen == stratified(folder, "train", 14)
    assert chosen != stratified(folder, "train", 14, seed=1)
    everything = stratified(folder, "train", 1000)
    assert Counter(everything) == Counter(folder.select(split="train"))
    with pytest.raises(DataError, match="has no photos of the test split"):
        stratified(folder, "test", 1)


def test_photos_and_noise_as_the_graph_takes_them(data_folder: Path, card_json: object) -> None:
    card = ModelCard.from_dict(
        {**card_json(input_size=[16, 24], input_layout="NHWC", input_scale=1.0), "state": {"input": "p", "output": "s"}}  # type: ignore[operator]
    )
    assert card.state == StateSpec(input="p", output="s")
    folder = PhotoFolder(data_folder)
    rows = list(prepare(folder, stratified(folder, "val", 4), card, np.dtype(np.uint8)))
    for number, row in enumerate(rows):
        assert (row.feeds["image"].shape, row.feeds["image"].dtype) == ((1, 16, 24, 3), np.uint8)
        assert row.feeds["p"].shape == (1, 16, 24, 1)
        assert (row.feeds["p"].max() > 0.9) == bool(number % 2)
        assert row.mask.shape == row.size
    noise = list(prepare(None, [], card, np.dtype(np.uint8)))
    assert len(noise) == NOISE
    assert noise[0].photo is None
    assert noise[0].feeds["image"].std() > 10
