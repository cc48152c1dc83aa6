"""The exported net of fine edges says what PyTorch says, and its card tells the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from limner.errors import OptionError
from limner.evaluation.edges import edge_cases
from limner.export.one_file import export_file
from limner.export.refiner import RefinerSubject
from limner.export.subjects import checkpoint_task, load_subject
from limner.models.card import REFINE
from limner.models.catalogue import find_model
from limner.runtimes.loading import load_runtime
from limner.segment.fine import FineEdges
from limner.tasks.recipes.refine import refine_recipe
from limner.tasks.refinement import load_refiner
from limner.training.job import Job
from limner.training.loop import train

RAW = {
    "task": "refine",
    "net": {"name": "edge_refiner", "options": {"width": 0.5, "depth": 1}},
    "input_size": 64,
    "data": {"sets": {"rendered_people": 0.5, "faces_close_up": 0.5}, "canvas": [96], "patches": 4},
    "samples": 8,
    "batch": 4,
    "phases": [{"size": 64, "share": 1.0}],
    "optimizer": {"lr": 0.003},
    "processes": 1,
}


@pytest.fixture(scope="module")
def checkpoint(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    job = Job(refine_recipe(RAW, source="test"), folder, data_folder, folder / "cache", device="cpu")
    return train(job).checkpoint


def test_the_file_says_what_pytorch_says_and_draws(checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.onnx"
    card = export_file(RefinerSubject(checkpoint), out, licence="Apache-2.0")
    assert find_model(out, task=REFINE).card == card
    net, _, _ = load_refiner(checkpoint)
    picture = np.random.default_rng(0).random((1, 4, 64, 64), np.float32)
    with torch.no_grad():
        expected = net(torch.from_numpy(picture)).numpy()
    said = load_runtime(out, threads=1).run({card.input.name: picture})[card.output.name]
    np.testing.assert_allclose(said, expected, atol=5e-3)
    rough = np.tile(np.linspace(0, 1, 90, dtype=np.float32), (80, 1))
    assert FineEdges(out).redraw(np.zeros((80, 90, 3), np.uint8), rough).shape == (80, 90)


def test_the_card_tells_how_it_came_to_be(
    checkpoint: Path, tmp_path: Path, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The net finds nobody in the drawn people, so all of them count as found.
    monkeypatch.setattr("limner.evaluation.edges.FOUND", -1.0)
    monkeypatch.setattr("limner.datasets.held_out_edges.is_held_out", lambda photo: photo.stem == "0001")
    assert edge_cases([]) == []
    card = export_file(RefinerSubject(checkpoint), tmp_path / "mine.onnx", data=data_folder, notes=("a remark",))
    assert (card.task, card.output.kind, card.input.channels, card.input.size) == (REFINE, "alpha", 4, (64, 64))
    assert card.training is not None
    assert "8 samples in batches of 4" in card.training.procedure
    assert [row.on for row in card.measured] == ["export: 12 train photos", "held out: 2 composites"]
    names = {"sad", "gradient", "connectivity"}
    assert card.measured[1].metrics.keys() == names | {f"guided_{name}" for name in names}
    assert "fine edges" in card.summary
    assert card.notes == ("a remark",)


def test_the_task_of_a_checkpoint_says_what_is_made_of_it(checkpoint: Path) -> None:
    assert checkpoint_task(str(checkpoint)) == REFINE
    assert isinstance(load_subject(str(checkpoint)), RefinerSubject)
    with pytest.raises(OptionError, match="recipe, size and other_sizes: a checkpoint of the task refine has its own"):
        load_subject(str(checkpoint), size=(64, 64))
