"""A batch in parts is the batch; twins, previous frames and masks come out where the loss looks for them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from limner.augment.batch import Batch
from limner.nets import make_net
from limner.tasks.forward import Forward, split
from limner.tasks.recipes.recipe import from_dict

RAW: dict[str, Any] = {
    "net": {"name": "fast", "options": {"width": 0.25, "in_channels": 4}},
    "input_size": 32,
    "data": {"sets": {"no_people": 1.0}, "priors": {}, "twins": True, "previous": True},
    "samples": 4,
    "batch": 4,
    "phases": [{"size": 32, "share": 1.0}],
    "optimizer": {"lr": 0.001},
    "loss": {"bce": 1, "coarse": 1, "consistency": 1, "temporal": 1},
}


def _batch(count: int) -> Batch:
    random = torch.Generator().manual_seed(5)

    def picture() -> torch.Tensor:
        return torch.randint(0, 256, (count, 3, 32, 32), generator=random, dtype=torch.uint8)

    masks = torch.rand(4, count, 1, 32, 32, generator=random)
    return Batch(picture(), masks[0], masks[1], masks[2], picture(), picture(), masks[3])


@pytest.mark.parametrize(("parts", "sizes"), [(1, [5]), (2, [3, 2]), (5, [1] * 5), (9, [1] * 5)])
def test_parts_add_up_to_the_batch(parts: int, sizes: list[int]) -> None:
    batch = _batch(5)
    split_up = split(batch, parts)
    assert [len(part.images) for part in split_up] == sizes
    for name in Batch.__slots__:
        torch.testing.assert_close(torch.cat([getattr(part, name) for part in split_up]), getattr(batch, name))


def test_parts_of_a_batch_without_extras_have_none() -> None:
    batch = _batch(4)
    assert split(Batch(batch.images, batch.targets, batch.weights), 2)[1].twins is None


def test_one_pass_says_what_several_would() -> None:
    net = make_net("fast", width=0.25, in_channels=4).eval()  # in training batch norm mixes the pictures
    batch = _batch(2)
    with torch.no_grad():
        said = Forward(net, from_dict(RAW, source="test"), "cpu")(batch)
        for pictures, got in ((batch.images, said.person), (batch.twins, said.twin), (batch.previous, said.previous)):
            assert pictures is not None
            assert batch.priors is not None
            alone = net(torch.cat([pictures.float() / 255, batch.priors], dim=1))
            torch.testing.assert_close(got, alone, rtol=1e-4, atol=1e-5)
    assert said.heads["coarse"].shape[0] == 2
    assert said.previous_target is batch.previous_targets


def test_several_classes_become_one_person_logit() -> None:
    raw = {**RAW, "net": {"name": "deeplab_v3plus", "options": {"classes": 2}}, "loss": {"bce": 1}}
    net = make_net("deeplab_v3plus", classes=2).eval()
    batch = _batch(2)
    with torch.no_grad():
        said = Forward(net, from_dict(raw, source="test"), "cpu")(batch)
    assert said.logits.shape == (2, 2, 32, 32)
    torch.testing.assert_close(torch.sigmoid(said.person), torch.softmax(said.logits, 1)[:, 1:])
    assert said.twin is None


def test_own_priors_are_what_the_net_says_of_the_frame_before() -> None:
    net, batch = make_net("fast", width=0.25, in_channels=4).eval(), _batch(4)
    raw = {**RAW, "own_priors": 0.5, "loss": {"bce": 1, "temporal": 1}}
    said = Forward(net, from_dict(raw, source="test"), "cpu")(batch)
    assert batch.previous is not None
    assert batch.priors is not None
    before = net(torch.cat([batch.previous.float() / 255, batch.priors], dim=1))
    priors = torch.cat([before[:2].sigmoid(), batch.priors[2:]])
    now = net(torch.cat([batch.images.float() / 255, priors], dim=1))
    torch.testing.assert_close(said.previous, before, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(said.person, now, rtol=1e-4, atol=1e-5)
    assert said.previous is not None
    assert said.person.requires_grad
    assert not said.previous.requires_grad
