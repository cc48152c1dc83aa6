"""What a net is fed where it is only measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from limner import samples
from limner.errors import ModelError
from limner.media.images import read_image
from limner.models.card import ModelCard
from limner.runtimes.base import TensorInfo
from limner.runtimes.loading import load_runtime
from limner.segment.example import example_inputs
from limner.segment.preprocess import Preprocessor


def test_it_is_the_sample_portrait_as_the_net_sees_it(
    tmp_path: Path, make_onnx: Callable[..., Path], card_json: Callable[..., Any]
) -> None:
    card = ModelCard.from_dict(card_json(input_size=[32, 24]))
    loaded = load_runtime(make_onnx(tmp_path / "own.onnx", size=(32, 24)), runtime="onnxruntime", threads=1)
    feeds = example_inputs(card)(loaded)
    expected = Preprocessor(card, loaded.inputs[0]).feeds(read_image(samples.PORTRAIT).pixels)
    assert feeds.keys() == expected.keys() == {"image"}
    np.testing.assert_array_equal(feeds["image"], expected["image"])
    assert feeds["image"].shape == (1, 3, 32, 24)
    assert feeds["image"].std() > 0.1  # a picture, and no flat field


def test_a_model_without_the_input_is_refused(card_json: Callable[..., Any]) -> None:
    other: Any = SimpleNamespace(inputs=(TensorInfo("x", (1, 3, 32, 32), np.dtype(np.float32)),))
    with pytest.raises(ModelError, match=r"card of 'own': the model has no input 'image'"):
        example_inputs(ModelCard.from_dict(card_json()))(other)
