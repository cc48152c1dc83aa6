"""Two processes of torchrun train as one does, and take their places from the environment."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from limner.errors import OptionError
from limner.tasks.recipes.recipe import from_dict
from limner.training.job import Job
from limner.training.loop import train
from limner.training.parallel.distributed import Group

RAW: dict[str, Any] = {
    "net": {"name": "fast", "options": {"width": 0.25}},
    "input_size": 32,
    "data": {"sets": {"fashion_full_body": 0.5, "no_people": 0.5}},
    "samples": 24,
    "batch": 8,
    "phases": [{"size": 32, "share": 1.0}],
    "optimizer": {"kind": "sgd", "lr": 0.02},
    "schedule": {"kind": "constant", "warmup": 0.0},
    "sync_batch_norm": True,
    "processes": 1,
    "validate_every": 8,
}


def _curve(path: Path) -> list[float]:
    with path.open() as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def test_two_processes_of_torchrun_have_the_loss_curve_of_one(data_folder: Path, tmp_path: Path) -> None:
    job = Job(from_dict(RAW, source="test"), tmp_path / "one", data_folder, tmp_path / "cache", device="cpu")
    train(job, validate=lambda _net, _size: {"x": 1.0})  # a row of the log a step
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(RAW))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "limner", "train", "r.yaml", "--data", str(data_folder), "--output", "two", "--device", "cpu"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("two/last.pt: complete") == 1  # only the first process speaks
    one, two = _curve(tmp_path / "one" / "log.csv"), _curve(tmp_path / "two" / "log.csv")
    assert len(one) == 3
    assert one[0] != pytest.approx(one[-1], rel=0.05)  # it moves, so agreeing means something
    # Sums of floats in another order; batch norm over the few pixels of the coarsest stage makes that more each step.
    assert two[0] == pytest.approx(one[0], rel=1e-5)
    assert two == pytest.approx(one, rel=1e-2)


PLACE = {
    "RANK": "3",
    "WORLD_SIZE": "4",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "127.0.0.1",
    "MASTER_PORT": "29500",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in PLACE:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_the_place_is_read_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    assert Group.of_torchrun() is None
    for name, value in PLACE.items():
        environment.setenv(name, value)
    assert Group.of_torchrun() == Group(rank=3, world=4, local=1, local_world=2)


def test_half_a_place_is_an_error(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RANK", "0")
    environment.setenv("WORLD_SIZE", "2")
    with pytest.raises(OptionError, match="torchrun: LOCAL_RANK is not set"):
        Group.of_torchrun()


def test_a_process_alone_shares_with_nobody() -> None:
    group, told = Group(), torch.tensor([1.0, 2.0])
    assert group.from_first("x") == "x"
    torch.testing.assert_close(group.share(torch.nn.Linear(1, 1), told), told)
