"""Metadata that the export writes is what MediaPipe's image segmenter wants: @mediapipe/tasks-vision runs the file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from browsers import needs_browser
from limner.errors import ToolchainError
from limner.export.browser import run as browser
from limner.export.browser.server import PageServer
from limner.export.toolchains.environments import WORKERS
from limner.export.toolchains.node_packages import NodePackages
from nets_of_others import six_class_tflite

PAGE = Path(__file__).with_name("mediapipe")
LABELS = ["room", "locks", "skin", "face", "clothing", "other"]
COLOR = (120, 70, 110)
HEIGHT, WIDTH = 48, 64


def segmented(model: Path) -> PageServer:
    """What the segmenter says of a flat picture, in headless Chromium."""
    try:
        libraries = NodePackages("mediapipe-test", PAGE).ensure()
    except ToolchainError as error:
        pytest.skip(str(error))
    pixels = np.full((HEIGHT, WIDTH, 4), (*COLOR, 255), np.uint8)
    job = {"model": f"model/{model.name}", "width": WIDTH, "height": HEIGHT}
    with PageServer(PAGE, libraries, model.parent, job, [{"image": pixels}]) as server:
        with browser._browser(browser.chromium(), server.url) as process:
            browser._wait(server, process, model.name)
        return server


@pytest.mark.slow
def test_mediapipe_runs_the_file_with_its_scale_labels_and_activation(tmp_path: Path) -> None:
    needs_browser()
    model, spec = six_class_tflite(tmp_path / "six.tflite"), tmp_path / "about.json"
    bare = segmented(model)
    assert bare.failed is not None
    assert "requires specifying NormalizationOptions metadata" in bare.failed
    about = {
        "name": "Parts",
        "description": "Six classes.",
        "input": {"name": "photo", "mean": [127.5], "std": [127.5]},
        "output": {"name": "masks", "labels": LABELS, "activation": "softmax"},
    }
    spec.write_text(json.dumps(about))
    subprocess.run([sys.executable, WORKERS / "tflite_metadata.py", model, spec], check=True, timeout=120)
    server = segmented(model)
    assert server.failed is None
    assert server.done is not None
    assert server.done["labels"] == LABELS
    red, green, blue = (np.array(COLOR) - 127.5) / 127.5
    logits = np.array([20 * (blue - red - green), 20 * (red - blue), -9, 20 * (green - blue), -9, -9])
    expected = np.exp(logits) / np.exp(logits).sum()
    for number, share in enumerate(expected):
        mask = server.outputs[0][str(number)]
        assert mask.shape == (HEIGHT, WIDTH)
        np.testing.assert_allclose(mask, share, atol=5e-3)


def test_a_wrong_activation_writes_nothing(tmp_path: Path) -> None:
    model, spec = six_class_tflite(tmp_path / "six.tflite", size=32), tmp_path / "about.json"
    before = model.read_bytes()
    about = {"name": "x", "input": {"name": "x", "mean": [0], "std": [1]}}
    spec.write_text(json.dumps(about | {"output": {"name": "y", "labels": ["a"], "activation": "tanh"}}))
    done = subprocess.run(
        [sys.executable, WORKERS / "tflite_metadata.py", model, spec], check=False, capture_output=True
    )
    assert done.returncode
    assert model.read_bytes() == before
