"""The mean of several nets' weights: exact, only of one net, with all that they were trained on."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from limner.cli.app import main
from limner.errors import ModelError, OptionError
from limner.nets import make_net
from limner.nets.rebuild import checkpoint_net
from limner.training.average import average_checkpoints
from limner.weights.checkpoint import Checkpoint


def _checkpoint(path: Path, seed: int, *, net: str = "tiny", seconds: float = 60.0) -> Path:
    torch.manual_seed(seed)
    weights = make_net(net).state_dict()
    recipe = {
        "net": {"name": net},
        "input_size": 64,
        "data": {"sets": {"drawn": 1.0}},
        "samples": 32,
        "batch": 4,
        "phases": [{"size": 64, "share": 1.0}],
        "optimizer": {"lr": 0.001},
    }
    begun = {"init": "fast.onnx"}
    Checkpoint(recipe, 8, weights, weights, {}, [begun, {"seconds": seconds, "device": "a cpu"}]).save(path)
    return path


def test_the_weights_are_the_mean_and_the_sessions_those_of_all(tmp_path: Path) -> None:
    paths = [_checkpoint(tmp_path / f"{seed}.pt", seed, seconds=60.0 * (1 + seed)) for seed in range(3)]
    mixed = average_checkpoints(paths)
    singles = [Checkpoint.load(path) for path in paths]
    for name, value in mixed.ema.items():
        if value.is_floating_point():
            torch.testing.assert_close(value, sum(one.ema[name] for one in singles) / 3)
    assert [s.get("seconds") for s in mixed.sessions] == [None, 60.0, 120.0, 180.0, None]
    assert mixed.sessions[0] == {"init": "fast.onnx"}
    assert (mixed.step, mixed.recipe) == (singles[-1].step, singles[-1].recipe)


def test_the_command_writes_a_net_that_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [_checkpoint(tmp_path / f"{seed}.pt", seed) for seed in range(2)]
    with pytest.raises(SystemExit) as stop:
        main(["average", *map(str, paths), "-o", str(tmp_path / "soup.pt")])
    assert stop.value.code == 0
    assert "mean of 2 nets" in capsys.readouterr().out
    net = checkpoint_net(tmp_path / "soup.pt").net
    with torch.no_grad():
        assert torch.isfinite(net(torch.rand(1, 3, 64, 64))).all()


def test_what_cannot_be_averaged_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny, fast = _checkpoint(tmp_path / "tiny.pt", 0), _checkpoint(tmp_path / "fast.pt", 0, net="fast")
    with pytest.raises(OptionError, match="at least two"):
        average_checkpoints([tiny])
    with pytest.raises(OptionError, match=r"tiny\.pt: is a tiny"):
        average_checkpoints([tiny, fast])
    with pytest.raises(ModelError, match=r"none\.pt: no such checkpoint"):
        average_checkpoints([tiny, tmp_path / "none.pt"])
    with pytest.raises(SystemExit) as stop:
        main(["average", str(tiny), str(tiny), "-o", str(tmp_path / "soup.onnx")])
    assert stop.value.code == 2
    assert "ends in .pt" in capsys.readouterr().err
    assert not (tmp_path / "soup.onnx").exists()
