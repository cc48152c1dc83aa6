"""What `import limner` costs and shows, in a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys

import limner

HEAVY = ("torch", "av", "cv2", "onnxruntime", "PIL", "numpy", "typer", "rich", "onnx", "ai_edge_litert")
PUBLIC = {
    "Effect",
    "LimnerError",
    "Matte",
    "ModelCard",
    "Segmenter",
    "TemporalSegmenter",
    "__version__",
    "make_effect",
    "read_image",
    "write_image",
}


def fresh(code: str) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in an interpreter of its own where every warning is an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False, timeout=120
    )


def test_importing_loads_nothing_heavy_and_warns_of_nothing() -> None:
    run = fresh("import limner, sys, json; print(json.dumps(sorted(sys.modules)))")
    assert (run.returncode, run.stderr) == (0, "")
    assert not {name.partition(".")[0] for name in json.loads(run.stdout)} & set(HEAVY)


def test_segmenting_loads_neither_torch_nor_a_codec() -> None:
    run = fresh(
        "import limner, sys, json, numpy as np\n"
        "limner.Segmenter('default').matte(np.zeros((32, 32, 3), np.uint8))\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    assert (run.returncode, run.stderr) == (0, "")
    loaded = {name.partition(".")[0] for name in json.loads(run.stdout)}
    assert not loaded & {"torch", "av", "PIL", "typer", "rich", "onnx"}


def test_public_names() -> None:
    assert set(limner.__all__) == PUBLIC
    assert len(limner.__all__) == len(PUBLIC)
    assert dir(limner) == sorted(PUBLIC)
    assert all(getattr(limner, name) is not None for name in PUBLIC)


def test_unknown_names_raise_as_usual() -> None:
    assert not hasattr(limner, "Segmentor")
