"""docs/tutorial.ipynb: it holds its pictures, and runs from a clean kernel to the end with as many of them."""

from __future__ import annotations

import ast
import base64
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from test_public_api import PUBLIC, used

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "docs/tutorial.ipynb"
CELLS: list[dict[str, Any]] = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
CODE = [cell for cell in CELLS if cell["cell_type"] == "code"]


def pictures(cells: list[dict[str, Any]]) -> list[bytes]:
    """Every picture that cells show, as JPEG."""
    shown = [output["data"] for cell in cells for output in cell["outputs"] if "data" in output]
    return [base64.b64decode(data["image/jpeg"]) for data in shown if "image/jpeg" in data]


def said(cells: list[dict[str, Any]]) -> str:
    """All that cells print."""
    return "".join("".join(output.get("text", "")) for cell in cells for output in cell["outputs"])


def test_it_is_small_and_shows_what_it_speaks_of() -> None:
    assert NOTEBOOK.stat().st_size < 1_000_000
    found = pictures(CODE)
    assert len(found) >= 8
    assert all(Image.open(io.BytesIO(picture)).width >= 300 for picture in found)
    assert all(cell["execution_count"] == index for index, cell in enumerate(CODE, 1))
    assert [output for cell in CODE for output in cell["outputs"] if output["output_type"] == "error"] == []


def test_it_names_no_place_of_the_machine_that_made_it() -> None:
    assert re.findall(r"/(?:home|root|tmp|work|Users)/", said(CODE)) == []
    assert "\x1b" not in said(CODE)


def test_it_uses_public_names_only() -> None:
    names = {use for cell in CODE for use in used("".join(cell["source"]))}
    assert len(names) >= 8
    assert sorted(use for use in names if use[1] and use[1] not in PUBLIC.get(use[0], [])) == []
    assert all(ast.parse("".join(cell["source"])) for cell in CODE)


def test_its_links_lead_somewhere() -> None:
    text = "".join("".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "markdown")
    links = re.findall(r"\]\(([^)#]+)", text)
    assert len(links) >= 5
    assert [link for link in links if not (NOTEBOOK.parent / link).is_file()] == []


@pytest.mark.slow
def test_it_runs_from_a_clean_kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("ipykernel")
    pytest.importorskip("nbclient")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"), prepend=":")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    monkeypatch.delitem(sys.modules, "make_tutorial", raising=False)
    from make_tutorial import executed

    cells = [cell for cell in executed(NOTEBOOK).cells if cell["cell_type"] == "code"]
    assert len(pictures(cells)) == len(pictures(CODE))
    rows = re.findall(r"^ (\S+) +drawn +\d+ +([\d.]+)", said(cells), re.MULTILINE)  # of `limner eval`: model, mIoU
    scores = {model: float(miou) for model, miou in rows}
    assert scores["mine.onnx"] > scores["selfie"] + 5  # it learns
