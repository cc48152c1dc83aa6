"""The exported harmonizer says what PyTorch says, and its card tells the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from limner.adjustment import COUNT
from limner.errors import OptionError
from limner.export.harmonizer import HarmonizerSubject
from limner.export.one_file import export_file
from limner.export.subjects import checkpoint_task, load_subject
from limner.models.card import HARMONIZE, SEGMENT
from limner.models.catalogue import find_model
from limner.runtimes.loading import load_runtime
from limner.tasks.harmonization import load_harmonizer
from limner.tasks.recipes.harmonize import harmonize_recipe
from limner.training.job import Job
from limner.training.loop import train

RAW = {
    "task": "harmonize",
    "net": {"name": "harmonizer", "options": {"width": 0.25, "hidden": 16}},
    "input_size": 64,
    "data": {"sets": {"fashion_full_body": 0.5, "faces_close_up": 0.5}},
    "samples": 8,
    "batch": 4,
    "phases": [{"size": 64, "share": 1.0}],
    "optimizer": {"lr": 0.003},
    "processes": 1,
}


@pytest.fixture(scope="module")
def checkpoint(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    job = Job(harmonize_recipe(RAW, source="test"), folder, data_folder, folder / "cache", device="cpu")
    return train(job).checkpoint


@pytest.mark.parametrize("storage", ["fp16", "fp32"])
def test_the_file_says_what_pytorch_says(checkpoint: Path, tmp_path: Path, data_folder: Path, storage: str) -> None:
    out = tmp_path / "mine.onnx"
    card = export_file(HarmonizerSubject(checkpoint), out, storage=storage, data=data_folder, licence="Apache-2.0")
    found = find_model(out, task=HARMONIZE)
    assert found.card == card
    net, _, _ = load_harmonizer(checkpoint)
    picture = np.random.default_rng(0).random((1, 4, 64, 64), np.float32)
    with torch.no_grad():
        expected = net(torch.from_numpy(picture)).numpy()
    said = load_runtime(out, threads=1).run({card.input.name: picture})[card.output.name]
    assert said.shape == (1, COUNT)
    np.testing.assert_allclose(said, expected, atol=2e-3 if storage == "fp16" else 1e-5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.json", "mine.onnx"]


def test_the_card_tells_how_it_came_to_be(checkpoint: Path, tmp_path: Path, data_folder: Path) -> None:
    card = export_file(HarmonizerSubject(checkpoint), tmp_path / "mine.onnx", data=data_folder, notes=("a remark",))
    assert (card.task, card.output.kind, card.input.channels, card.input.size) == (HARMONIZE, "adjustment", 4, (64, 64))
    assert card.training is not None
    assert {item.name: item.photos for item in card.training.data} == {"fashion_full_body": 6, "faces_close_up": 6}
    assert "8 samples in batches of 4" in card.training.procedure
    assert [row.on for row in card.measured] == ["export: 12 train photos", "val: 12 pairs"]
    assert card.measured[1].metrics.keys() == {"nothing", "reinhard", "harmonize", "median_harmonize"}
    assert card.notes == ("a remark",)


def test_without_data_nothing_is_measured(checkpoint: Path, tmp_path: Path) -> None:
    card = export_file(HarmonizerSubject(checkpoint), tmp_path / "mine.onnx")
    assert [row.on for row in card.measured] == ["export: 12 pictures of noise"]


def test_the_task_of_a_checkpoint_says_what_is_made_of_it(checkpoint: Path) -> None:
    assert checkpoint_task(str(checkpoint)) == HARMONIZE
    assert isinstance(load_subject(str(checkpoint)), HarmonizerSubject)
    assert checkpoint_task("fast") == SEGMENT
    with pytest.raises(OptionError, match="other_sizes: a checkpoint of the task harmonize has its own"):
        load_subject(str(checkpoint), size=(64, 64))
