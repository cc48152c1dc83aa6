"""`--runtime auto`: measured once, remembered for the same circumstances, nothing where there is no choice."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from limner.errors import ModelError, OptionError
from limner.models.catalogue import find_model
from limner.runtimes import auto, loading
from limner.runtimes.choices import Choice, all_choices, choices_file, recall, remember
from limner.runtimes.loading import load_runtime
from limner.segment.segmenter import Segmenter

pytest.importorskip("openvino")
TINY = find_model("tiny").path


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(auto.VARIABLE, raising=False)
    monkeypatch.setenv("LIMNER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_measured_once_and_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = auto.choose(TINY, threads=1)
    (choice,) = all_choices()
    assert choice.runtime == chosen == load_runtime(TINY, threads=1).name
    assert choice.milliseconds.keys() == {"onnxruntime", "openvino"}
    assert min(choice.milliseconds.values()) > 0
    assert choice.failed == {}
    assert Segmenter(TINY, threads=1).runtime.name == chosen

    def never(*_: object, **__: object) -> None:
        raise AssertionError("it measured again")

    with monkeypatch.context() as patched:
        patched.setattr(auto, "_Race", never)
        assert auto.choose(TINY, threads=1) == chosen
        same = shutil.copy(TINY, tmp_path / "same.onnx")
        assert auto.choose(same, threads=1) == chosen
        with pytest.raises(AssertionError, match="measured again"):
            auto.choose(TINY, threads=2)
    # What is remembered is what runs, whatever was faster.
    other = {"onnxruntime": "openvino", "openvino": "onnxruntime"}[chosen]
    remember(Choice(runtime=other, milliseconds={}, failed={}, circumstances=choice.circumstances))
    assert Segmenter(TINY, threads=1).runtime.name == other
    # ... until a version changes.
    assert recall({**choice.circumstances, "runtimes": "openvino 1.0"}) is None


@pytest.mark.parametrize(
    "damage",
    [b"", b"no json", b"[1]", b'{"schema": 1}', b'{"schema": 9, "choices": {}}', b'{"schema": 1, "choices": {"a": 3}}'],
)
def test_a_damaged_cache_is_made_anew(damage: bytes) -> None:
    choice = Choice(runtime="litert", milliseconds={"litert": 1.0}, failed={"ncnn": "no"}, circumstances={"cpu": "x"})
    choices_file().parent.mkdir(parents=True)
    choices_file().write_bytes(damage)
    assert all_choices() == []
    remember(choice)
    assert recall({"cpu": "x", "file": "any"}) == choice
    assert json.loads(choices_file().read_text())["schema"] == 2
    assert [path.name for path in choices_file().parent.iterdir()] == ["runtimes.json"]


def test_a_cache_that_cannot_be_written_only_costs_time(cache: Path) -> None:
    cache.write_text("a file, not a folder")
    assert auto.choose(TINY, threads=1) in ("onnxruntime", "openvino")
    assert all_choices() == []


def test_what_gives_other_results_or_does_not_load_is_not_taken(
    tmp_path: Path, make_onnx: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_onnx(tmp_path / "own.onnx")
    real = load_runtime

    class Wrong:
        def __init__(self, inner: object) -> None:
            self.inner = inner

        def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            return {name: 1 - value for name, value in self.inner.run(inputs).items()}  # type: ignore[attr-defined]

    def load(path: Path, *, runtime: str, **options: object) -> object:
        made = real(path, runtime=runtime, **options)  # type: ignore[arg-type]
        return Wrong(made) if runtime == "openvino" else made

    monkeypatch.setattr(auto, "load_runtime", load)
    assert auto.choose(path) == "onnxruntime"
    (choice,) = all_choices()
    assert "off on average" in choice.failed["openvino"]
    path.write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"is damaged or cut off, or is no \.onnx model"):
        real(path)
    assert len(all_choices()) == 1


def test_open_sizes_and_bytes_are_measured_with_what_the_card_says(
    tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_onnx(tmp_path / "own.onnx", size=("h", "w"), dtype="uint8")
    make_card(path, input_size=[48, 80], input_scale=1.0)
    seen: list[np.ndarray] = []
    real = load_runtime

    class Watched:
        def __init__(self, inner: object) -> None:
            self.inputs, self.inner = inner.inputs, inner  # type: ignore[attr-defined]

        def run(self, inputs: dict[str, np.ndarray]) -> object:
            seen.append(inputs["image"])
            return self.inner.run(inputs)  # type: ignore[attr-defined]

    monkeypatch.setattr(auto, "load_runtime", lambda path, **options: Watched(real(path, **options)))
    Segmenter(path)
    assert {(array.shape, array.dtype.name) for array in seen} == {((1, 3, 48, 80), "uint8")}
    assert seen[0].std() > 20  # a picture
    seen.clear()
    auto.choose(path, threads=3)
    assert {array.shape for array in seen} == {(1, 3, 256, 256)}
    assert seen[0].max() > 200


def test_a_device_that_only_a_slow_starter_has(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def load(path: Path, *, runtime: str, **options: object) -> object:
        seen.append(runtime)
        raise OptionError(f"{runtime}: no such device")

    monkeypatch.setattr(auto, "load_runtime", load)
    assert auto.choose(TINY, device="cuda") == "onnxruntime"
    assert seen == ["onnxruntime", "openvino", "opencv", "torch"]
    assert all_choices() == []


def test_no_choice_no_cost(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    real = loading.Entry.installed.fget
    only = property(lambda entry: entry.package in ("onnxruntime", "torch") and real(entry))  # type: ignore[misc]
    monkeypatch.setattr(loading.Entry, "installed", only)
    monkeypatch.setattr(auto, "model_sha256", None)  # not even read
    assert auto.choose(TINY) == "onnxruntime"
    assert not cache.exists()
    # torch is not imported to find out that it is the last to be asked
    code = f"import sys, limner; limner.Segmenter({str(TINY)!r}); assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setenv(auto.VARIABLE, "openvino:requests=2")
    runtime = load_runtime(TINY)
    assert (runtime.name, runtime.facts["requests"]) == ("openvino", "2")
    monkeypatch.setenv(auto.VARIABLE, "litert")  # does not run .onnx: measured as ever
    assert load_runtime(TINY).name in ("onnxruntime", "openvino")
    monkeypatch.setenv(auto.VARIABLE, "best")
    with pytest.raises(OptionError, match="LIMNER_RUNTIME=best: 'best' is not one of onnxruntime, litert"):
        load_runtime(TINY)


MAP = np.zeros((1, 1, 100, 100), np.float32)
MAP[..., 50:] = 1.0


@pytest.mark.parametrize(
    ("reference", "other", "says"),
    [
        (MAP, MAP, ""),
        (MAP, MAP + np.float32(0.002), ""),  # as kernels of 8 bits round
        (MAP, MAP + np.float32(0.008), "off on average"),
        (MAP, np.where(np.arange(100) == 50, 1 - MAP, MAP), "off on average"),  # one column of a hundred
        (np.linspace(0, 1, 10_000), np.linspace(0, 1, 10_000) + 0.004, ""),
        (np.full((1, 1, 4, 4), 0.3), np.full((1, 1, 4, 4), 0.3000001), ""),
        (np.arange(1000) % 21, np.where(np.arange(1000) % 100 == 3, 4, np.arange(1000) % 21), "another one in 0.9%"),
        (np.arange(1000) % 21, np.where(np.arange(1000) == 3, 4, np.arange(1000) % 21), ""),
        (MAP, MAP * np.float32(np.nan), "off on average"),
    ],
)
def test_what_counts_as_another_result(reference: np.ndarray, other: np.ndarray, says: str) -> None:
    problem = auto._difference({"alpha": other}, {"alpha": reference})
    assert bool(problem) is bool(says)
    assert says in problem


def test_a_mask_whose_pixels_flip_near_the_middle_is_another_result() -> None:
    """Mean differences are small where a net is unsure; 2 % of the mask's pixels are not."""
    reference = np.full(10_000, 0.499)
    reference[:5000] = np.linspace(0, 1, 5000)
    other = reference.copy()
    other[5000:5200] += 0.02
    assert np.abs(other - reference).mean() < 0.001
    assert "another one in 2.0% of its values" in auto._difference({"alpha": other}, {"alpha": reference})
