"""OpenCV's DNN: the numbers of ONNX Runtime or an error, for graphs that it would compute otherwise too."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from limner import samples
from limner.errors import ModelError, OptionError
from limner.media.images import read_image
from limner.models.catalogue import find_model
from limner.runtimes.loading import load_runtime, runtimes_for
from limner.segment.segmenter import Segmenter

SHAPE = [1, 3, 8, 8]


def save(path: Path, *nodes: Any, shape: list[int] = SHAPE, **weights: np.ndarray) -> Path:
    """A net from ``x`` to ``y``."""
    onnx = pytest.importorskip("onnx")
    helper, proto = onnx.helper, onnx.TensorProto
    values = [onnx.numpy_helper.from_array(value, name) for name, value in weights.items()]
    ends = [helper.make_tensor_value_info("x", proto.FLOAT, SHAPE), helper.make_tensor_value_info("y", 1, shape)]
    graph = helper.make_graph(
        [helper.make_node(kind, inputs, outputs, **more) for kind, inputs, outputs, more in nodes],
        "net", ends[:1], ends[1:], values,
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), path)
    return path


def portrait(side: int) -> np.ndarray:
    rgb = cv2.resize(read_image(samples.PORTRAIT).pixels, (side, side), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(rgb.transpose(2, 0, 1)[None], np.float32) / 255


@pytest.mark.parametrize("name", ["fast", "selfie", "tiny"])
def test_shipped_nets_give_what_onnx_runtime_gives(name: str) -> None:
    model = find_model(name)
    image = portrait(model.card.input.size[0])
    reference = load_runtime(model.path, runtime="onnxruntime")
    runtime = load_runtime(model.path, runtime="opencv", threads=1)
    assert (runtime.name, runtime.device, runtime.threads, runtime.inputs) == ("opencv", "cpu", 1, reference.inputs)
    (input_,) = (info.name for info in runtime.inputs)
    want = reference.run({input_: image})["alpha"]
    assert 0.2 < want.mean() < 0.8
    np.testing.assert_allclose(runtime.run({input_: image})["alpha"], want, atol=1e-4)


def test_calls_from_several_threads() -> None:
    runtime = load_runtime(find_model("tiny").path, runtime="opencv", threads=1)
    images = [np.roll(portrait(176), 9 * number, 3) for number in range(6)]
    alone = [runtime.run({"image": image})["alpha"] for image in images]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda image: runtime.run({"image": image})["alpha"], images))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ModelError, match="cannot run on this input"):
        runtime.run({"image": np.zeros((1, 3, 8, 8), np.float32)})


def test_it_segments_wide_frames_in_their_proportions() -> None:
    wide = np.zeros((360, 640, 3), np.uint8)
    wide[:, 140:500] = cv2.resize(read_image(samples.PORTRAIT).pixels, (360, 360), interpolation=cv2.INTER_AREA)
    mattes = [Segmenter("fast", runtime=name).matte(wide).alpha for name in ("opencv", "onnxruntime")]
    np.testing.assert_allclose(*mattes, atol=1e-3)
    assert mattes[0].mean() > 0.1


def test_a_gate_is_not_taken_for_hardswish(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = save(
        tmp_path / "gate.onnx",
        ("GlobalAveragePool", ["x"], ["p"], {}),
        ("Conv", ["p", "w"], ["c"], {}),
        ("HardSigmoid", ["c"], ["h"], {"alpha": 1 / 6, "beta": 0.5}),
        ("Mul", ["x", "h"], ["y"], {}),
        w=rng.normal(size=(3, 3, 1, 1)).astype(np.float32),
    )
    x = {"x": rng.normal(size=SHAPE).astype(np.float32)}
    want = load_runtime(path, runtime="onnxruntime").run(x)["y"]
    np.testing.assert_allclose(load_runtime(path, runtime="opencv").run(x)["y"], want, atol=1e-5)


def test_what_it_computes_otherwise_is_refused(tmp_path: Path) -> None:
    path = save(
        tmp_path / "smaller.onnx",
        ("Resize", ["x", "", "scales"], ["y"], {"mode": "linear", "antialias": 1}),
        shape=[1, 3, 4, 4],
        scales=np.array([1, 1, 0.5, 0.5], np.float32),
    )
    load_runtime(path, runtime="onnxruntime")
    with pytest.raises(
        ModelError, match=r"smaller\.onnx: OpenCV .* computes something else .*; use runtime onnxruntime"
    ):
        load_runtime(path, runtime="opencv")


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        ({"device": "cuda"}, OptionError, "OpenCV runs on the CPU only"),
        ({"runtime": "opencv:fast"}, OptionError, "fast"),
    ],
)
def test_what_it_does_not_have(arguments: dict[str, str], error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        load_runtime(find_model("tiny").path, **({"runtime": "opencv"} | arguments))


def test_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "cut.onnx"
    path.write_bytes(find_model("tiny").path.read_bytes()[:5000])
    with pytest.raises(ModelError, match=r"cut\.onnx: is damaged or cut off"):
        load_runtime(path, runtime="opencv")


def test_auto_takes_it_only_where_nothing_else_runs(make_onnx: Callable[..., Path], tmp_path: Path) -> None:
    path = make_onnx(tmp_path / "net.onnx")
    assert runtimes_for(path).index("opencv") > runtimes_for(path).index("onnxruntime")
    assert load_runtime(path).name != "opencv"
