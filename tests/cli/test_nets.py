"""`limner nets` as a user runs it."""

from __future__ import annotations

import json

import pytest

from limner.cli.app import main
from limner.nets import NETS, make_net
from limner.nets.blocks import count_parameters


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(["nets", *args])
    captured = capsys.readouterr()
    assert isinstance(stop.value.code, int)
    return stop.value.code, captured.out, captured.err


def test_a_net_is_listed_with_its_cost_and_paper(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "fast", "mobile_unet", "--size", "64")
    assert (code, err) == (0, "")
    title, fast, unet, _, note = out.splitlines()
    assert title.split()[:6] == ["net", "parameters", "input", "MACs", "receptive", "field"]
    assert title.split()[6:] == ["ships", "as", "the", "model", "paper"]
    assert fast.startswith("fast ")
    assert "64 × 64" in fast
    assert "whole picture" in fast
    assert "3.630 M" in unet
    assert " px " in unet
    assert "Sandler et al. 2018" in unet
    assert "the model fast of `limner models` is not the net of that name here" in note


def test_nets_that_ship_say_as_which_model(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "gated_selfie", "selfie", "quality", "--json")
    assert [row["models"] for row in json.loads(out)] == [["fast"], ["selfie", "tiny"], ["quality"]]
    _, out, _ = run(capsys, "quality", "selfie")
    assert "of that name" not in out  # these models are the nets of their names


def test_json_has_the_plain_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "fast", "--json")
    (row,) = json.loads(out)
    assert code == 0
    assert row["parameters"] == count_parameters(make_net("fast").for_inference())
    assert row["size"] == [NETS["fast"].usual_size] * 2
    assert row["receptive_field"] is None
    assert row["training_heads"] == ["coarse"]
    assert 50e6 < row["macs"] < 150e6


def test_what_cannot_be_listed_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "huge")
    assert (code, out) == (2, "")
    assert err.startswith("limner: there is no net 'huge'; the nets are ")
    code, out, err = run(capsys, "fast", "--size", "100")
    assert (code, out) == (2, "")
    assert "pad to 128x128" in err
    assert len(err.splitlines()) == 1


def test_every_net_says_its_size_and_paper() -> None:
    for net in NETS.values():
        assert net.paper
        assert net.usual_size % net.size_divisor == 0
