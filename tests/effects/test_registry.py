"""Effects are loaded when they are used, and what they let people set is known before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from limner.effects import EFFECTS, make_effect, registry
from limner.effects.base import Effect, Setting

HEAVY = ("numpy", "cv2", "PIL", "av", "onnxruntime", "torch")


def test_what_is_read_from_the_files_is_what_the_classes_say() -> None:
    fresh = registry.Effects({name: kind.__name__ for name, kind in EFFECTS.items()})
    assert {name: fresh.settings(name) for name in fresh} == {name: kind.settings for name, kind in EFFECTS.items()}
    assert any(len(fresh.settings(name)) > 3 for name in fresh)
    assert {name: kind.name for name, kind in EFFECTS.items()} == {name: name for name in EFFECTS}


@pytest.mark.parametrize("command", ["image", "video", "camera", "models", "train", "export"])
def test_help_loads_no_library(command: str) -> None:
    program = (
        "import sys; from limner.cli import app\ntry: app.main([*sys.argv[1:], '--help'])\nexcept SystemExit: pass\n"
    )
    program += f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program, command], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    if command == "image":
        assert "--blur-strength" in done.stdout
        assert "--inset-margin" in done.stdout


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ('class Own(Effect):\n    settings = (Setting("a_b", "b", float, "how. [1]", metavar="X"),)\n', True),
        ('class Own(Effect):\n    """Settings of nobody."""\n\n    stage = 3\n', True),
        ('class Own(Effect):\n    settings = (Setting("a_b", "b", float, HELP),)\n', False),
        ("class Own(Effect):\n    settings = SETTINGS\n", False),
        ("class Own(Other):\n    stage = 3\n", False),
        ("class Own(Mixin, Effect):\n    stage = 3\n", False),
        ("class Another(Effect):\n    stage = 3\n", False),
    ],
)
def test_only_what_stands_there_plainly_is_read(
    text: str, plain: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_file.py").write_text(f'"""A file."""\n\n\n{text}\n    def __init__(self) -> None:\n        pass\n')
    monkeypatch.syspath_prepend(tmp_path)
    found = registry._written("own_file", "Own")
    assert (found is not None) is plain
    if found:
        assert found == (Setting("a_b", "b", float, "how. [1]", "X"),)


def test_a_class_can_be_added_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    class Own(Effect):
        name = "own"
        settings = (Setting("own_level", "level", float, "how. [1]"),)

        def __call__(self, frame, matte):  # type: ignore[no-untyped-def]
            return frame

    monkeypatch.setitem(EFFECTS, "own", Own)  # type: ignore[arg-type]
    assert EFFECTS.settings("own") == Own.settings
    assert isinstance(make_effect("own"), Own)
    assert list(EFFECTS)[-1] == "own"
    assert len(EFFECTS) == 16
