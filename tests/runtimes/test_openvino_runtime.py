"""OpenVINO: the precision it was told, IR files, several calls at once, times of operators, faults in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from limner import samples
from limner.errors import MissingExtraError, ModelError, OptionError
from limner.media.images import read_image
from limner.models.catalogue import find_model
from limner.runtimes.base import ProfilingRuntime, QueueingRuntime
from limner.runtimes.loading import load_runtime

openvino = pytest.importorskip("openvino")
FAST = find_model("fast").path


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    # A person: of noise the net says "nobody" in any precision.
    rgb = cv2.resize(read_image(samples.PORTRAIT).pixels, (256, 256), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(rgb.transpose(2, 0, 1)[None], np.float32) / 255


@pytest.fixture(scope="module")
def xml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ir") / "fast.xml"
    openvino.save_model(openvino.Core().read_model(FAST), path, compress_to_fp16=False)
    return path


def test_equal_to_onnx_runtime_unless_another_precision_is_asked_for(xml: Path, image: np.ndarray) -> None:
    expected = load_runtime(FAST, runtime="onnxruntime").run({"image": image})["alpha"]
    for path in (FAST, xml):
        runtime = load_runtime(path, runtime="openvino", threads=1)
        assert (runtime.device, runtime.facts["precision"]) == ("cpu", "f32")
        np.testing.assert_allclose(runtime.run({"image": image})["alpha"], expected, atol=1e-4)
    if "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        half = load_runtime(xml, runtime="openvino:precision=bf16")
        assert half.facts["precision"] == "bf16"
        difference = np.abs(half.run({"image": image})["alpha"] - expected)
        assert 1e-5 < difference.mean() < 0.02
    else:
        with pytest.raises(OptionError, match="precision=bf16: this CPU would compute in f32"):
            load_runtime(xml, runtime="openvino:precision=bf16")


def test_half_precision_is_refused_where_the_cpu_has_none(xml: Path) -> None:
    if "FP16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        assert load_runtime(xml, runtime="openvino:precision=f16").facts["precision"] == "f16"
    else:
        with pytest.raises(OptionError, match=r"precision=f16: this CPU would compute in (f32|bf16)"):
            load_runtime(xml, runtime="openvino:precision=f16")


def test_several_calls_at_once(xml: Path) -> None:
    runtime = load_runtime(xml, runtime="openvino:hint=throughput,requests=3", threads=2)
    assert isinstance(runtime, QueueingRuntime)
    assert runtime.requests == 3
    rng = np.random.default_rng(1)
    calls = [{"image": rng.random((1, 3, 256, 256), dtype=np.float32)} for _ in range(7)]
    one_by_one = [runtime.run(call)["alpha"] for call in calls]
    for queued, single in zip(runtime.run_all(calls), one_by_one, strict=True):
        np.testing.assert_allclose(queued["alpha"], single, atol=1e-6)
    with ThreadPoolExecutor(5) as pool:
        for threaded, single in zip(pool.map(runtime.run, calls), one_by_one, strict=True):
            np.testing.assert_allclose(threaded["alpha"], single, atol=1e-6)
    with pytest.raises(ModelError, match="cannot run on this input"):
        runtime.run_all([calls[0], {"image": calls[1]["image"][:, :2]}])


def test_times_of_operators(xml: Path, image: np.ndarray) -> None:
    runtime = load_runtime(xml, runtime="openvino", profile=True)
    assert isinstance(runtime, ProfilingRuntime)
    for _ in range(3):
        runtime.run({"image": image})
    times = runtime.node_times()
    assert {"Convolution"} <= {node.kind for node in times}
    assert sum(node.microseconds for node in times) > 0
    assert all(node.how for node in times)
    with pytest.raises(OptionError, match="profile=True"):
        load_runtime(xml).node_times()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"device": "gpu"}, "device 'gpu': OpenVINO finds no such device on this machine; available: cpu"),
        ({"device": ""}, "device ''"),
        ({"runtime": "openvino:precision=f64"}, "precision is one of f32, bf16, f16"),
        ({"runtime": "openvino:requests=0"}, "requests takes a whole number of at least 1"),
        ({"runtime": "openvino:speed=9"}, r"has no option 'speed'; its options are: precision=f32\|bf16\|f16, hint="),
        ({"runtime": "auto:requests=2"}, "options belong to one runtime"),
        ({"runtime": "onnxruntime:requests=2"}, "runtime 'onnxruntime' runs .onnx files"),
    ],
)
def test_options(xml: Path, options: dict[str, str], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        load_runtime(xml, **{"runtime": "openvino", **options})


def test_files_that_are_no_model(tmp_path: Path, make_onnx: Callable[..., Path], capfd: pytest.CaptureFixture) -> None:
    (tmp_path / "no.xml").write_text("<net/>")
    with pytest.raises(ModelError, match=r"its weights no\.bin do not lie beside it"):
        load_runtime(tmp_path / "no.xml")
    (tmp_path / "no.bin").write_bytes(b"x")
    with pytest.raises(ModelError, match="OpenVINO cannot load it: Unable to read the model"):
        load_runtime(tmp_path / "no.xml")
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        load_runtime(tmp_path / "none.xml")
    assert capfd.readouterr() == ("", "")


def test_not_installed(xml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'limner\[openvino\]'"):
        load_runtime(xml)
    assert load_runtime(FAST).name == "onnxruntime"
