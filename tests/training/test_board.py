"""TensorBoard gets curves and pictures; without its package the command says how to install it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from limner.errors import MissingExtraError
from limner.tasks.recipes.recipe import from_dict
from limner.training.board import Board
from limner.training.job import Job
from limner.training.loop import train

RAW: dict[str, Any] = {
    "net": {"name": "fast", "options": {"width": 0.25, "in_channels": 4}},
    "input_size": 32,
    "data": {"sets": {"faces_close_up": 1.0}, "priors": {}},
    "samples": 8,
    "batch": 4,
    "phases": [{"size": 32, "share": 1.0}],
    "optimizer": {"lr": 0.003},
    "processes": 1,
    "validate_every": 4,
}


def test_a_run_writes_curves_and_pictures(data_folder: Path, tmp_path: Path) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    job = Job(from_dict(RAW, source="test"), tmp_path / "run", data_folder, tmp_path / "cache", device="cpu")
    train(replace(job, board=True), validate=lambda _net, _size: {"faces mIoU": 50.0})
    found = events.EventAccumulator(str(job.out / "board"), size_guidance={"images": 0})
    found.Reload()
    assert {"loss/sum", "loss/bce", "lr", "val/faces mIoU", "score"} <= set(found.Tags()["scalars"])
    assert [event.step for event in found.Scalars("score")] == [1, 2]
    pictures = found.Images("photo, target, prediction")
    assert [(event.step, event.width, event.height) for event in pictures] == [(1, 96, 192), (2, 96, 192)]


def test_without_its_package_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingExtraError, match=r"limner train --board needs tensorboard.*limner\[board\]"):
        Board(tmp_path / "board", step=0)
