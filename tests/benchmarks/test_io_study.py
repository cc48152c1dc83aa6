"""The study of moving data: its nets say the same however they hand it over, and it tells what it could not measure."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from benchmarks.io_nets import Experiment, small_nets
from benchmarks.io_page import STEPS, chart, section
from benchmarks.io_study import Times, _options, study
from benchmarks.table import Surroundings

PLACE = Surroundings(
    date="", processor="a processor", cores=2, load=0.1, system="", python="", commit="abc", versions={}
)


def mask_of(experiment: Experiment) -> np.ndarray:
    image = torch.rand(1, 3, *experiment.size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return experiment.to_mask(experiment.module(image).numpy())


def test_every_form_gives_the_same_mask() -> None:
    nets = small_nets()
    assert len({net.stem for net in nets}) == len(nets) == 7
    masks = {net.name: mask_of(net) for net in nets}
    for first in ("1 channel", "4 channels"):
        assert 0.2 < masks[first].mean() < 0.8
        for name, mask in masks.items():
            if name.startswith(first):
                np.testing.assert_array_equal(mask, masks[first], err_msg=name)


def test_what_runs_is_measured_and_what_does_not_is_told(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnx")
    packed = [net for net in small_nets() if net.name == "1 channel, packed"]
    times, missing = study(packed, ["onnxruntime", "torch"], tmp_path, rounds=2)
    assert [(row.runtime, row.bytes_in, row.bytes_out) for row in times] == [
        (name, 4 * 3 * 256 * 256, 4 * 256 * 16) for name in ("onnxruntime", "torch")
    ]
    assert missing == {}
    assert all(getattr(row, step) > 0 for row in times for step, _, _ in STEPS)
    text = section("Measured", times, {"other": "not installed"}, PLACE, rounds=2, chart="chart.svg")
    assert text.count("| 1 channel, packed | 16 KiB |") == 2
    assert "Not measured: other: not installed" in text


def test_a_runtime_that_says_something_else_is_not_measured(tmp_path: Path) -> None:
    net = small_nets()[0]
    calls = iter([np.zeros(net.size, bool), np.ones(net.size, bool)])
    liar = Experiment(name="liar", module=net.module, size=net.size, to_mask=lambda _: next(calls))
    times, missing = study([liar], ["torch"], tmp_path, rounds=1)
    assert times == []
    assert "'liar' differs from PyTorch's in 65536 pixels" in missing["torch"]


def test_the_chart_has_a_bar_for_each_step_of_each_net() -> None:
    row = {step: 10.0 * (1 + at) for at, (step, _, _) in enumerate(STEPS)}
    times = [
        Times(runtime=name, name="a & b", floor_in=1, floor_out=1, bytes_in=1, bytes_out=1, **row)
        for name in ("one", "two")
    ]
    drawing = ElementTree.fromstring(chart(times))
    titles = [element.text for element in drawing.iter("{http://www.w3.org/2000/svg}title")]
    assert titles == [f"a & b, {label}: {10 * (1 + at)} µs" for _ in times for at, (_, label, _) in enumerate(STEPS)]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--runtimes", "torch,tea"], "tea is not one of"), (["--rounds", "0"], "must be 1 or more")],
)
def test_wrong_options_are_refused(capsys: pytest.CaptureFixture[str], arguments: list[str], told: str) -> None:
    with pytest.raises(SystemExit) as stop:
        _options(arguments)
    assert stop.value.code == 2
    assert told in capsys.readouterr().err
