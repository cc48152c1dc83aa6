"""ncnn: a net written by hand, right results from several threads, faults in one line."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from limner.errors import ModelError, OptionError
from limner.runtimes.loading import load_runtime
from limner.segment.segmenter import Segmenter

pytest.importorskip("ncnn")
PARAM = """7767517
3 3
Input image 0 1 image{size}
Convolution conv 1 1 image logits 0=1 1=1 5=1 6=3
Sigmoid alpha 1 1 logits alpha
"""


@pytest.fixture
def make_ncnn(tmp_path: Path) -> Callable[..., Path]:
    """Sigmoid of 20·(red − blue); the size of its input is open unless ``size`` gives it."""

    def make(size: str = "") -> Path:
        path = tmp_path / "net.ncnn.param"
        path.write_text(PARAM.format(size=size))
        weights = np.array([20.0, 0.0, -20.0, 0.0], np.float32)  # and the bias
        path.with_suffix(".bin").write_bytes(bytes(4) + weights.tobytes())
        return path

    return make


def test_a_net_in_closed_form(make_ncnn: Callable[..., Path]) -> None:
    runtime = load_runtime(make_ncnn(" 0=24 1=16 2=3"), threads=1)
    assert (runtime.name, runtime.device, runtime.inputs[0].shape) == ("ncnn", "cpu", (1, 3, 16, 24))
    rng = np.random.default_rng(0)
    # Not contiguous, and gone before the net runs: ncnn would read other memory if it were not copied.
    images = [rng.random((1, 16, 24, 3), dtype=np.float32).transpose(0, 3, 1, 2) for _ in range(16)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda image: runtime.run({"image": image})["alpha"], images))
    for image, result in zip(images, results, strict=True):
        np.testing.assert_allclose(result, 1 / (1 + np.exp(-20 * (image[:, :1] - image[:, 2:]))), atol=1e-5)
    with pytest.raises(ModelError, match=r"'image' is \(1, 3, 16, 24\) float32, not \(1, 3, 24, 24\) float32"):
        runtime.run({"image": np.zeros((1, 3, 24, 24), np.float32)})


def test_it_segments(make_ncnn: Callable[..., Path], make_card: Callable[..., Path]) -> None:
    path = make_ncnn()
    make_card(path, file=path.name)
    frame = np.zeros((40, 40, 3), np.uint8)
    frame[:, :20, 0] = frame[:, 20:, 2] = 255
    alpha = Segmenter(path).matte(frame).alpha
    assert alpha[:, :15].min() > 0.99
    assert alpha[:, 25:].max() < 0.01


def test_faults(make_ncnn: Callable[..., Path], capfd: pytest.CaptureFixture[str]) -> None:
    path = make_ncnn()
    with pytest.raises(OptionError, match="device 'gpu': ncnn runs on the CPU only"):
        load_runtime(path, device="gpu")
    path.with_suffix(".bin").write_bytes(bytes(7))
    with pytest.raises(ModelError, match=r"ncnn cannot load it: .*net\.ncnn\.bin"):
        load_runtime(path)
    path.with_suffix(".bin").unlink()
    with pytest.raises(ModelError, match=r"its weights net\.ncnn\.bin do not lie beside it"):
        load_runtime(path)
    path.write_bytes(b"\xff\xfe no net")
    with pytest.raises(ModelError, match=r"is not an ncnn \.param file"):
        load_runtime(path)
    assert capfd.readouterr().err == ""
