"""Every kind of model becomes a matte maker that says the same as its net, and gets its own output back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from limner.errors import ModelError
from limner.evaluation.contenders import contender, contenders, net_maker
from limner.nets.base import SegmentationNet

RED = np.zeros((48, 40, 3), np.uint8)
RED[:24, :, 0] = 255
RED[24:, :, 2] = 255


class _Red(SegmentationNet):
    """Logit 20·(red − blue); class 1 of 3 where there are several classes; a fourth channel is added on top."""

    def __init__(self, *, classes: int = 1, in_channels: int = 3) -> None:
        super().__init__()
        self.classes, self.in_channels, self.person_class = classes, in_channels, min(1, classes - 1)

    def run(self, x: torch.Tensor, *, heads: bool) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        logit = 20 * (x[:, :1] - x[:, 2:3])
        if self.in_channels == 4:
            logit = logit + 30 * x[:, 3:]
        if self.classes > 1:
            logit = torch.cat([torch.zeros_like(logit), logit, torch.full_like(logit, -50)], 1)
        return logit, {}


def test_a_file_through_its_card_and_a_net_agree(tmp_path: Path, make_onnx: Callable, make_card: Callable) -> None:
    model = make_onnx(tmp_path / "own.onnx")
    make_card(model)
    by_file, by_net = contender(str(model)), net_maker(_Red(), 32)
    assert np.allclose(by_file.matte(RED), by_net(RED), atol=1e-5)
    assert by_file.matte(RED).shape == (48, 40)
    assert (by_file.label, by_file.temporal) == ("own.onnx", False)
    assert by_file.facts["input"] == "32×32×3"


def test_the_bare_net_is_not_sharpened(tmp_path: Path, make_onnx: Callable, make_card: Callable) -> None:
    model = make_onnx(tmp_path / "own.onnx", weights=((2.0, 0.0, -2.0),))
    make_card(model)
    expected = 1 / (1 + np.exp(-2.0))
    assert contender(str(model)).matte(RED)[0, 0] == pytest.approx(expected, abs=1e-3)
    assert contender(str(model), refine=True).matte(RED)[0, 0] > expected + 0.05


def test_several_classes_become_the_probability_of_the_person() -> None:
    assert np.allclose(net_maker(_Red(classes=3), 32)(RED), net_maker(_Red(), 32)(RED), atol=1e-5)


def test_the_matte_before_reaches_the_fourth_channel(tmp_path: Path, make_onnx: Callable, make_card: Callable) -> None:
    model = make_onnx(tmp_path / "own.onnx", weights=((20.0, 0.0, -20.0, 30.0),))
    make_card(model, input_channels=4)
    prior = np.zeros((48, 40), np.float32)
    prior[24:, :20] = 1
    for make in (contender(str(model)).matte, net_maker(_Red(in_channels=4), 32)):
        assert make(RED)[40, 5] < 0.01
        told = make(RED, prior)
        assert told[40, 5] > 0.99
        assert told[40, 35] < 0.01
    assert contender(str(model)).temporal


def test_labels_are_short_and_unique(tmp_path: Path, make_onnx: Callable, make_card: Callable) -> None:
    names = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        names.append(str(make_onnx(tmp_path / folder / "own.onnx")))
        make_card(Path(names[-1]))
    assert [c.label for c in contenders([names[0], names[0]])] == ["own.onnx"]
    assert [c.label for c in contenders(names)] == names


def test_what_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.pt: no such model file"):
        contender(str(tmp_path / "none.pt"))
    with pytest.raises(ModelError, match="no model 'fats'"):
        contender("fats")
