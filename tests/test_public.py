"""The public names: whatever the documentation imports is listed here, exists, and keeps its place or warns."""

from __future__ import annotations

import ast
import importlib
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCED = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^ {4}.*\n|^\n(?= {4}))+", re.MULTILINE)
MENTIONED = re.compile(r"`limner((?:\.[a-z_]\w*)+)((?:\.[A-Z]\w*)?)[`(]")

PUBLIC: dict[str, set[str]] = {
    "limner": {
        "Effect",
        "LimnerError",
        "Matte",
        "ModelCard",
        "Segmenter",
        "TemporalSegmenter",
        "make_effect",
        "read_image",
        "samples",
        "write_image",
    },
    "limner.assembly": {
        "EffectOptions",
        "MatteOptions",
        "People",
        "PeopleOptions",
        "PhotoOptions",
        "PhotoSaving",
        "SubjectOptions",
        "TemporalOptions",
        "build_effect",
        "build_segmenter",
    },
    "limner.datasets.manifest": {"PhotoFolder"},
    "limner.effects": {"Chain", "Effect", "make_effect"},
    "limner.effects.fail_closed": {"FailClosed"},
    "limner.effects.layers": {"BackgroundEffect", "EdgeEffect", "LayerEffect", "Layers", "PersonEffect"},
    "limner.evaluation": {"metrics"},
    "limner.evaluation.contenders": {"contender"},
    "limner.evaluation.evaluate": {"evaluate", "means"},
    "limner.export.exporting": {"Plan", "export_all"},
    "limner.export.source": {"load_source"},
    "limner.live.session": {"LiveOptions", "LiveSession"},
    "limner.live.source": {"LatestFrames"},
    "limner.media.video_reader": {"VideoReader"},
    "limner.models.pair": {"publish"},
    "limner.processing.one_photo": {"PhotoProcessor", "process_photo"},
    "limner.processing.pipeline": {"run_pipeline"},
    "limner.processing.video": {"process_video"},
    "limner.runtimes.loading": {"load_runtime"},
    "limner.segment.edge": {"Edge"},
    "limner.segment.packed": {"pack_mask", "unpack_mask"},
    "limner.segment.people.subject": {"SubjectFilter", "Subjects"},
    "limner.segment.privacy": {"PrivacyGuard", "PrivacyRules"},
}
"""Module -> names that people may import from it. A name goes only after a release in which it warned."""


def imports(code: str) -> Iterator[tuple[str, str]]:
    """(module, name) of what a piece of code imports of Limner; nothing of what is no Python."""
    try:
        tree = ast.parse(textwrap.dedent(code))
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "limner":
            yield from ((node.module or "", name.name) for name in node.names)


def documented() -> set[tuple[str, str]]:
    """Every (module, name) that a page imports."""
    found: set[tuple[str, str]] = set()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for code in (*FENCED.findall(text), *INDENTED.findall(FENCED.sub("", text))):
            found |= set(imports(code))
    return found


def exists(module: str, name: str) -> bool:
    """Whether the module has the name, or a module of that name in it."""
    if hasattr(importlib.import_module(module), name):
        return True
    try:
        importlib.import_module(f"{module}.{name}")
    except ModuleNotFoundError:
        return False
    return True


def test_what_pages_import_is_public() -> None:
    assert ("limner.processing.video", "process_video") in documented()  # the reader sees fenced and indented code
    missing = sorted(f"{module}: {name}" for module, name in documented() if name not in PUBLIC.get(module, ()))
    assert missing == []


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in PUBLIC.items() for name in sorted(names)]
)
def test_a_public_name_is_there(module: str, name: str) -> None:
    assert exists(module, name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_pages_mention_is_there(page: Path) -> None:
    missing = []
    for path, inside in MENTIONED.findall(page.read_text(encoding="utf-8")):
        module, _, name = f"limner{path}".rpartition(".")
        try:
            there = exists(module, name)
            if there and inside:
                there = exists(f"{module}.{name}", inside[1:])
        except ModuleNotFoundError:
            there = False
        missing += [] if there else [f"limner{path}{inside}"]
    assert missing == []
