"""The sizes of the browser's .tflite models: what changes in the files, and that the nets stay the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from limner import samples
from limner.export.source import load_source
from limner.models.files import file_sha256
from tools import make_web_sizes as sizes


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([1, 256, 256, 3], [1, 160, 256, 3]),
        ([1, 16, 16, 128], [1, 10, 16, 128]),
        ([1, 4, 128, 128], [1, 4, 80, 128]),
        ([128, 128], [80, 128]),
        ([1, 2, 128, 256], [1, 2, 80, 256]),
        ([1, 128, 2, 256], [1, 80, 2, 256]),
        ([1, 2, 2, 16384], [1, 2, 2, 10240]),
        ([1, 2, 16384, 2], [1, 2, 10240, 2]),
        ([1, 1, 1, 128], [1, 1, 1, 128]),
        ([1, 3, 3, 16], [1, 3, 3, 16]),
        ([16, 1, 1, 16], [16, 1, 1, 16]),
        ([0, 3, 1, 2], [0, 3, 1, 2]),
        ([2, 1], [2, 1]),
        ([128], [128]),
        ([], []),
    ],
)
def test_heights_and_widths_are_scaled_and_nothing_else(numbers: list[int], expected: list[int]) -> None:
    assert sizes.scaled(numbers, 256, (160, 256)) == expected


def test_sizes_for_wide_and_tall_frames_fit_every_level_of_a_net() -> None:
    assert sizes.other_sizes(256) == [(144, 256), (256, 144)]
    assert sizes.other_sizes(176) == [(96, 176), (176, 96)]


def outputs(model: bytes, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    for detail in interpreter.get_input_details():
        interpreter.set_tensor(detail["index"], inputs["image" if "image" in detail["name"] else "previous"])
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


@pytest.mark.parametrize(
    ("name", "kind", "count", "tolerance"),
    [
        ("fast", "sizes", 2, 1e-4),
        ("fast", "squares", 5, 3e-3),  # sums over more pixels
        ("tiny", "sizes", 0, 1e-4),
        ("video", "sizes", 2, 1e-4),
    ],
)
def test_the_same_net_at_every_size(name: str, kind: str, count: int, tolerance: float) -> None:
    model = (sizes.SHIPPED / f"{name}.tflite").read_bytes()
    told = json.loads((sizes.SHIPPED / f"{name}.{kind}.json").read_text())
    assert told["sha256"] == file_sha256(sizes.SHIPPED / f"{name}.tflite")
    net = load_source(name, None).net.eval()
    assert len(told["sizes"]) == count
    for size in told["sizes"]:
        height, width = size["size"]
        with Image.open(samples.PORTRAIT) as portrait:
            pixels = np.asarray(portrait.convert("RGB").resize((width, height)), np.float32)[None] / 255
        previous = np.linspace(0, 1, height * width, dtype=np.float32).reshape(1, height, width, 1)
        found = outputs(sizes.resized(model, size["numbers"]), {"image": pixels, "previous": previous})
        given = pixels if name == "fast" else np.concatenate([pixels, previous], axis=-1)
        with torch.no_grad():
            expected = net(torch.from_numpy(given.transpose(0, 3, 1, 2))).numpy().transpose(0, 2, 3, 1)
        alphas = [1 / (1 + np.exp(-logits)) for logits in (found[0], expected)]
        assert alphas[1].mean() > 0.1, "nobody is in the picture: it would show nothing"
        np.testing.assert_allclose(*alphas, atol=tolerance)


def test_what_ships_is_what_the_tool_writes(tmp_path: Path) -> None:
    for name in sizes.NAMES:
        for end in (".tflite", ".json"):
            shutil.copyfile(sizes.SHIPPED / f"{name}{end}", tmp_path / f"{name}{end}")
    assert sizes.main(["--models", str(tmp_path)]) == 0
    made = sorted(path.name for path in tmp_path.glob("*.*.json"))
    assert made == [*(f"fast.{kind}.json" for kind in ("sizes", "squares")), "tiny.sizes.json", "video.sizes.json"]
    assert made == sorted(path.name for path in sizes.SHIPPED.glob("*.*.json"))
    for name in made:
        assert (tmp_path / name).read_bytes() == (sizes.SHIPPED / name).read_bytes()
