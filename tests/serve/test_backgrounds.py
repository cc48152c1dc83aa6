"""No text of a request makes the server read a file: seen from inside, by every file that Python opens."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from limner.assembly import EffectOptions, build_effect
from limner.effects.registry import EFFECTS
from limner.errors import LimnerError, OptionError
from limner.samples import BACKGROUND
from limner.serve.backgrounds import Backgrounds, file_settings

_opened: list[str] | None = None
_hooked = False


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _opened is not None:
        _opened.append(str(arguments[0]))


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """Paths that were opened during a test."""
    global _opened, _hooked
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked = True
    _opened = []
    yield _opened
    _opened = None


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.jpg"
    path.write_bytes(BACKGROUND.read_bytes())
    return path


def test_no_effect_opens_a_file_that_a_request_names(secret: Path, opened: list[str]) -> None:
    build_effect(EffectOptions(effect=f"replace:{secret}"))
    assert str(secret) in opened  # it would be seen
    opened.clear()
    backgrounds = Backgrounds(None, 10**6)
    for name in EFFECTS:
        for spec in (f"{name}:{secret}", f"{name}:{secret},replace:{secret}"):
            with pytest.raises(LimnerError):
                build_effect(backgrounds.split(EffectOptions(effect=spec), {})[0])
        for setting in EFFECTS.settings(name):
            if setting.kind is str:
                asked = EffectOptions(effect=name, settings={setting.name: str(secret)})
                with pytest.raises(LimnerError):
                    build_effect(backgrounds.split(asked, {})[0])
    assert str(secret) not in opened


def test_the_settings_that_may_be_files_are_known() -> None:
    assert file_settings() == ("background", "presentation")


def test_only_photos_of_the_folder_have_names(tmp_path: Path, secret: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OptionError, match="holds no photo"):
        Backgrounds(folder, 10**7)
    with pytest.raises(OptionError, match="cannot be read"):
        Backgrounds(tmp_path / "none", 10**7)
    (folder / "lake.jpg").write_bytes(BACKGROUND.read_bytes())
    (folder / "notes.txt").touch()
    (folder / "folder.png").mkdir()
    backgrounds = Backgrounds(folder, 10**7)
    assert backgrounds.names == ("lake.jpg",)
    for name in (f"../{secret.name}", f"{folder}/lake.jpg", "LAKE.jpg", "lake.jpg\0", "./lake.jpg"):
        with pytest.raises(OptionError, match="is no colour, nor a background of this server"):
            backgrounds.split(EffectOptions(effect="replace", settings={"background": name}), {})


def test_a_colour_is_never_a_file_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "red").write_bytes(BACKGROUND.read_bytes())
    monkeypatch.chdir(tmp_path)
    asked, objects = Backgrounds(None, 10**7).split(EffectOptions(effect="replace:red"), {})
    assert (asked.effect, dict(asked.settings), objects) == ("replace", {"background": "#ff0000"}, {})


@pytest.mark.parametrize(
    ("spec", "left"),
    [("blur:0.7", "blur:0.7"), ("color:rgb(1, 2, 3),light_wrap", r"color:rgb(1\, 2\, 3),light_wrap")],
)
def test_other_texts_stay(spec: str, left: str) -> None:
    asked, _ = Backgrounds(None, 10**7).split(EffectOptions(effect=spec), {})
    assert asked.effect == left
    assert build_effect(asked).name == build_effect(EffectOptions(effect=spec)).name
