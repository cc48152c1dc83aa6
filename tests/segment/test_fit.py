"""Whether a card fits its model, from names, shapes and types alone."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from limner.errors import ModelError
from limner.models.card import ModelCard
from limner.runtimes.base import TensorInfo
from limner.segment.fit import check_fit, describe

Shape = tuple[int | None, ...]
IMAGE, MASK, ALPHA = (1, 3, 32, 48), (1, 1, 32, 48), (1, 1, 32, 48)


def info(name: str, shape: Shape) -> TensorInfo:
    return TensorInfo(name, shape, np.dtype(np.float32))


def runtime(inputs: dict[str, Shape], outputs: dict[str, Shape] | None = None) -> Any:
    """What a loaded model says of itself."""
    made = {"alpha": ALPHA} if outputs is None else outputs
    return SimpleNamespace(
        inputs=tuple(info(name, shape) for name, shape in inputs.items()),
        outputs=tuple(info(name, shape) for name, shape in made.items()),
    )


@pytest.fixture
def card(card_json: Callable[..., Any]) -> Callable[..., ModelCard]:
    def make(*, state: bool = False, **changes: Any) -> ModelCard:
        data = card_json(input_size=[32, 48], **changes)
        if state:
            data["state"] = {"input": "previous", "output": "alpha"}
        return ModelCard.from_dict(data)

    return make


@pytest.mark.parametrize(
    "shape", [IMAGE, (None, 3, 32, 48), (1, None, 32, 48), (1, 3, None, None), (None, None, None, None)]
)
def test_what_the_model_leaves_open_fits(card: Callable[..., ModelCard], shape: Shape) -> None:
    assert check_fit(card(), runtime({"image": shape})) == info("image", shape)


@pytest.mark.parametrize("alpha", [ALPHA, (None, 1, 32, 48), (1, 1, None, None), (None, 32, 48), (32, 48)])
def test_outputs_of_any_batch_fit(card: Callable[..., ModelCard], alpha: Shape) -> None:
    assert check_fit(card(), runtime({"image": IMAGE}, {"alpha": alpha})).name == "image"


@pytest.mark.parametrize("state", [False, True])
def test_the_mask_before_may_have_an_input_of_its_own(card: Callable[..., ModelCard], state: bool) -> None:
    both = runtime({"previous": MASK, "image": IMAGE})
    if state:
        assert check_fit(card(state=True), both).name == "image"
        return
    with pytest.raises(ModelError, match=r"more inputs than the card names \(previous\); Limner feeds an image and"):
        check_fit(card(), both)


@pytest.mark.parametrize(
    ("inputs", "outputs", "changes", "told"),
    [
        ({"x": IMAGE}, None, {}, "input.name is 'image', but the model's inputs are: 'x' (1, 3, 32, 48) float32"),
        ({"image": IMAGE}, {"y": ALPHA}, {}, "output.name is 'alpha', but the model's outputs are: 'y' (1, 1, 32, 48)"),
        ({"image": (3, 32, 48)}, None, {}, "(3, 32, 48) float32; Limner feeds batches of one image, with four axes"),
        ({"image": (1, 32, 48, 3)}, None, {}, "input.layout is NCHW, but the model's input 'image' is (1, 32, 48, 3)"),
        ({"image": (2, 3, 32, 48)}, None, {}, "Limner needs a batch of 1 or an open one"),
        ({"image": (1, 4, 32, 48)}, None, {}, "input.channels is 3 and layout NCHW, but the model's input 'image'"),
        ({"image": (1, 3, 48, 32)}, None, {}, "input.size is [32, 48] (height, width), but the model's input 'image'"),
        ({"image": (1, 3, None, 32)}, None, {}, "input.size is [32, 48] (height, width)"),
        ({"image": IMAGE}, {"alpha": (1, 1000)}, {}, "which is no map of a 32×48 input"),
        ({"image": IMAGE}, {"alpha": (None, 5, 5)}, {}, "which is no map of a 32×48 input"),
        ({"image": IMAGE, "more": (1,)}, None, {}, "more inputs than the card names (more)"),
        ({"image": IMAGE}, None, {"state": True}, "state.input is 'previous', but the model's inputs are: 'image'"),
        (
            {"image": IMAGE, "previous": IMAGE},
            None,
            {"state": True},
            "input.channels is 1 and layout NCHW, but the model's input 'previous' is (1, 3, 32, 48)",
        ),
    ],
)
def test_what_differs_is_named(
    card: Callable[..., ModelCard],
    inputs: dict[str, Shape],
    outputs: dict[str, Shape] | None,
    changes: dict[str, Any],
    told: str,
) -> None:
    with pytest.raises(ModelError) as caught:
        check_fit(card(**changes), runtime(inputs, outputs))
    assert told in str(caught.value)
    assert str(caught.value).startswith("card of 'own': ")


def test_the_state_needs_its_output(card: Callable[..., ModelCard], card_json: Callable[..., Any]) -> None:
    data = card_json(input_size=[32, 48])
    data["state"] = {"input": "previous", "output": "gone"}
    with pytest.raises(ModelError, match=r"state.output is 'gone', but the model's outputs are: 'alpha'"):
        check_fit(ModelCard.from_dict(data), runtime({"image": IMAGE, "previous": MASK}))


def test_open_axes_are_told_as_such() -> None:
    assert describe(info("x", (1, None, 3))) == "(1, ?, 3) float32"
