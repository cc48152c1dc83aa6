"""Runtimes: arrays in, arrays out, the truth about the device, one line for what cannot be loaded."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from limner import samples, threads
from limner.errors import MissingExtraError, ModelError, OptionError
from limner.media.images import read_image
from limner.runtimes import cpu
from limner.runtimes.base import ProfilingRuntime
from limner.runtimes.loading import load_runtime
from limner.runtimes.onnx_runtime import available_devices
from limner.segment.segmenter import Segmenter

ALL = ["onnxruntime", "litert", "openvino"]
SHIPPED = ["onnxruntime", "openvino", "torch"]


@pytest.fixture
def nets(tmp_path: Path, make_onnx: Callable[..., Path], make_tflite: Callable[..., Path]) -> dict[str, Path]:
    return {
        "onnxruntime": make_onnx(tmp_path / "net.onnx", layout="NHWC", out_layout="NHWC"),
        "litert": make_tflite(tmp_path / "net.tflite"),
        "openvino": make_onnx(tmp_path / "same.onnx", layout="NHWC", out_layout="NHWC"),
    }


@pytest.mark.parametrize("name", ALL)
def test_both_give_the_same(nets: dict[str, Path], name: str) -> None:
    runtime = load_runtime(nets[name], runtime=name, threads=1)
    assert (runtime.name, runtime.device, runtime.threads) == (name, "cpu", 1)
    assert [(i.name, i.shape, i.dtype) for i in runtime.inputs] == [("image", (1, 32, 32, 3), np.float32)]
    assert [(o.name, o.shape) for o in runtime.outputs] == [("alpha", (1, 32, 32, 1))]
    image = np.random.default_rng(0).random((1, 32, 32, 3), dtype=np.float32)
    expected = 1 / (1 + np.exp(-20 * (image[..., :1] - image[..., 2:])))
    first = runtime.run({"image": image})["alpha"]
    runtime.run({"image": np.zeros_like(image)})
    np.testing.assert_allclose(first, expected, atol=1e-5)


@pytest.mark.parametrize("model", ["fast", "video"])
def test_every_runtime_gives_the_same_matte(model: str) -> None:
    photo = read_image(samples.PORTRAIT).pixels
    mattes = {name: Segmenter(model, runtime=name, refine=False, softness=1.0).matte(photo).alpha for name in SHIPPED}
    assert 0.1 < mattes["onnxruntime"].mean() < 0.9
    for name in SHIPPED[1:]:
        np.testing.assert_allclose(mattes[name], mattes["onnxruntime"], atol=1e-3, err_msg=name)
        assert np.abs(mattes[name] - mattes["onnxruntime"]).mean() < 1e-5


@pytest.mark.parametrize("name", ALL)
def test_laps_tell_the_parts_of_a_call(nets: dict[str, Path], name: str) -> None:
    runtime = load_runtime(nets[name], runtime=name)
    image = np.full((1, 32, 32, 3), 0.5, np.float32)
    laps: list[float] = []
    before = time.perf_counter()
    timed = runtime.run({"image": image}, laps=laps)["alpha"]
    moments = [before, *laps, time.perf_counter()]
    assert len(moments) == 5
    assert moments == sorted(moments)
    np.testing.assert_array_equal(timed, runtime.run({"image": image})["alpha"])


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("image", [np.zeros((1, 16, 32, 3), np.float32), np.zeros((1, 32, 32, 3), np.float64)])
def test_wrong_arrays(nets: dict[str, Path], name: str, image: np.ndarray) -> None:
    with pytest.raises(ModelError, match="cannot run on this input"):
        load_runtime(nets[name], runtime=name).run({"image": image})


@pytest.mark.parametrize("name", ALL)
def test_wrong_names(nets: dict[str, Path], name: str) -> None:
    with pytest.raises(ModelError, match="image"):
        load_runtime(nets[name], runtime=name).run({"picture": np.zeros((1, 32, 32, 3), np.float32)})


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("onnxruntime", {"device": "tpu"}, "device 'tpu': .*available: .*cpu"),
        ("onnxruntime", {"device": "cpu:1"}, "must look like cpu, cuda or cuda:1"),
        ("onnxruntime", {"device": ""}, "device ''"),
        ("litert", {"device": "cuda"}, "device 'cuda': LiteRT runs on the CPU only"),
        ("onnxruntime", {"threads": 0}, "threads must be a whole number of at least 1, not 0"),
        ("litert", {"threads": -1}, "threads"),
        ("onnxruntime", {"runtime": "litert"}, "runtime 'litert' runs .tflite files"),
        ("litert", {"runtime": "onnxruntime"}, "runtime 'onnxruntime' runs .onnx files"),
        ("onnxruntime", {"runtime": "tvm"}, "not one of auto, onnxruntime, litert"),
    ],
)
def test_options(nets: dict[str, Path], name: str, options: dict[str, object], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        load_runtime(nets[name], **options)  # type: ignore[arg-type]


def test_cuda_is_real_or_an_error(nets: dict[str, Path]) -> None:
    # On a machine with a GPU it must really run there; on any other it must not run at all.
    if "cuda" in available_devices():
        assert load_runtime(nets["onnxruntime"], device="cuda").device.startswith("cuda")
    else:
        with pytest.raises(OptionError, match=r"device 'cuda'.*available: cpu"):
            load_runtime(nets["onnxruntime"], device="cuda")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.onnx", None, "cannot be read: No such file"),
        ("none.tflite", None, "cannot be read: No such file"),
        ("empty.onnx", b"", "is empty"),
        ("empty.tflite", b"", "is empty"),
        ("text.onnx", b"no model", "is damaged or cut off, or is no .onnx model"),
        ("text.tflite", b"no model", "is not a .tflite model"),
        ("head.tflite", b"\x1c\x00\x00\x00TFL3" + bytes(40), "LiteRT cannot load it"),
        ("net.mlmodel", b"x", "none of the model files that Limner runs: .onnx"),
    ],
)
def test_files_that_are_no_model(tmp_path: Path, name: str, content: bytes | None, says: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=says) as error:
        load_runtime(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ALL)
def test_loading_is_quiet(nets: dict[str, Path], name: str) -> None:
    code = f"from limner.runtimes.loading import load_runtime as load; load({str(nets[name])!r}, runtime={name!r})"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_without_litert(nets: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'limner\[litert\]'"):
        load_runtime(nets["litert"])


def test_threads_by_default() -> None:
    assert 1 <= threads.default_threads() <= min(threads.MOST, threads.physical_cores())
    assert threads.check_threads(None) == threads.default_threads()
    assert threads.check_threads(7) == 7


def test_the_results_are_the_callers_to_keep(nets: dict[str, Path]) -> None:
    for name, path in nets.items():
        runtime = load_runtime(path, runtime=name)
        ones = np.zeros((1, 32, 32, 3), np.float32)
        ones[..., 0] = 1
        first = runtime.run({"image": ones})["alpha"]
        before = first.copy()
        runtime.run({"image": 1 - ones})
        np.testing.assert_array_equal(first, before)


@pytest.mark.parametrize(
    ("machine", "features", "says"),
    [
        ("x86_64", ("avx2", "avx512f"), "no VNNI"),
        ("x86_64", ("avx2", "avx_vnni"), "VNNI"),
        ("x86_64", ("avx512_vnni",), "VNNI"),
        ("aarch64", ("asimd", "asimddp"), "dot product"),
        ("aarch64", ("asimd",), "no dot product"),
        ("arm64", (), ""),
    ],
)
def test_what_multiplies_8_bit_numbers_is_told(
    monkeypatch: pytest.MonkeyPatch, machine: str, features: tuple[str, ...], says: str
) -> None:
    monkeypatch.setattr(cpu, "this_cpu", lambda: cpu.Cpu("some", machine, features))
    assert cpu.int8_kernels() == says


def test_exact_leaves_no_integer_kernel(tmp_path: Path, make_onnx: Callable[..., Path]) -> None:
    quantization = pytest.importorskip("onnxruntime.quantization")
    image, path = np.random.default_rng(0).random((1, 3, 32, 32)).astype(np.float32), tmp_path / "q.onnx"

    class Once(quantization.CalibrationDataReader):
        rows = iter([{"image": image}])

        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(self.rows, None)

    quantization.quantize_static(str(make_onnx(tmp_path / "net.onnx")), str(path), Once())
    kinds = {}
    for name in ("onnxruntime", "onnxruntime:exact"):
        runtime = load_runtime(path, runtime=name, threads=1, profile=True)
        for _ in range(3):
            runtime.run({"image": image})
        assert isinstance(runtime, ProfilingRuntime)
        kinds[name] = {node.kind for node in runtime.node_times()}
    assert "QLinearConv" in kinds["onnxruntime"]
    assert "Conv" in kinds["onnxruntime:exact"]
    assert "QLinearConv" not in kinds["onnxruntime:exact"]
