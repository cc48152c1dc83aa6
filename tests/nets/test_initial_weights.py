"""Weights start a net as far as they fit, and the report says what fitted, what did not and what was left over."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from limner.errors import ModelError, OptionError
from limner.nets import make_net
from limner.nets.initial_weights import init_net, soften_head, start_net, start_part
from limner.weights.checkpoint import save_weights


def test_all_weights_fit_their_own_net(tmp_path: Path) -> None:
    net, other = make_net("fast", width=0.25), make_net("fast", width=0.25)
    save_weights(tmp_path / "w.safetensors", net.state_dict())
    report = start_net(other, str(tmp_path / "w.safetensors"))
    total = len(net.state_dict())
    assert report.lines() == [f"w.safetensors: {total} of the net's {total} tensors start from it"]
    for name, value in net.state_dict().items():
        torch.testing.assert_close(other.state_dict()[name], value)


def test_what_does_not_fit_is_told_by_kind() -> None:
    weights = make_net("fast", width=0.25).state_dict()
    weights["extra.a"], weights["extra.b"] = torch.ones(1), torch.ones(1)
    del weights["head.1.weight"], weights["head.1.bias"]
    wider = make_net("fast", width=0.5)
    fresh = {name: value.clone() for name, value in wider.state_dict().items()}
    report = init_net(wider, weights, source="w.pt")
    assert report.other_shape["stage32.0.project.0.weight"] == "32×96×1×1 there, 64×160×1×1 here"
    assert report.missing == ("head.1.weight", "head.1.bias")
    assert report.unused == ("extra.a", "extra.b")
    assert report.matched == len(fresh) - len(report.untouched)
    for name in report.untouched:
        torch.testing.assert_close(wider.state_dict()[name], fresh[name])
    text = "\n".join(report.lines())
    assert "not in it, randomly initialised: head (2)" in text
    assert "in it but not in this net: extra (2)" in text
    assert "stage4.0.project.0.weight (8×24×1×1 there" in text.split("other shapes, randomly initialised: ")[1]
    assert report.record()["missing"] == ["head.1.weight", "head.1.bias"]


def test_a_channel_for_the_previous_mask_starts_at_zero() -> None:
    """With the new channel at zero, whatever mask comes in, the net says what it said before."""
    three, four = make_net("fast", width=0.25).eval(), make_net("fast", width=0.25, in_channels=4).eval()
    report = init_net(four, three.state_dict(), source="fast")
    assert report.widened == ("stem.0.weight",)
    assert report.untouched == ()
    assert "zero channel was added for the previous mask: stem.0.weight" in "\n".join(report.lines())
    picture, prior = torch.rand(1, 3, 64, 64), torch.rand(1, 1, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(four(torch.cat([picture, prior], 1)), three(picture))


@pytest.mark.parametrize(
    ("source", "message"),
    [("none.pt", "none.pt: no such file"), ("huge", "no shipped model has weights of that name")],
)
def test_missing_weights_are_named(source: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        start_net(make_net("fast", width=0.25), source)


def test_weights_of_another_net_are_refused() -> None:
    with pytest.raises(ModelError, match="none of its 1 tensors fits"):
        init_net(make_net("fast", width=0.25), {"a": torch.ones(1)}, source="w")


@torch.no_grad()
def test_a_softened_head_draws_the_same_mask_less_surely() -> None:
    torch.manual_seed(0)
    net = make_net("fast", width=0.25).eval()
    seen = torch.rand(1, 3, 64, 64)
    before = net(seen)
    soften_head(net, 0.25)
    torch.testing.assert_close(net(seen), before * 0.25)


def test_a_net_without_a_head_of_its_own_cannot_be_softened() -> None:
    with pytest.raises(OptionError, match="init_sharpness: Linear has no head that can be scaled"):
        soften_head(torch.nn.Linear(1, 1), 0.5)


def test_a_part_starts_from_other_weights() -> None:
    net = make_net("quality", selfie=True)
    encoder = net.encoder.stem[0].weight.clone()
    report = start_part(net, "selfie", "selfie")
    other = make_net("selfie")
    start_net(other, "selfie")
    assert not report.untouched
    assert torch.equal(net.selfie.stem.weight, other.stem.weight)
    assert torch.equal(net.encoder.stem[0].weight, encoder)


def test_a_part_that_is_not_there_is_named() -> None:
    with pytest.raises(OptionError, match=r"init_parts.selfie: QualityNet, with these options, has no part"):
        start_part(make_net("quality"), "selfie", "selfie")
