"""A window needs its extra and a display; without either, one line says what to do."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from limner.errors import MediaError, MissingExtraError
from limner.media.window import open_window


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "limner.media.pygame_window", None)
    with pytest.raises(MissingExtraError) as caught:
        open_window("Limner")
    assert str(caught.value) == str(MissingExtraError("the window of limner camera", "pygame-ce", "camera"))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The titles of the windows that were opened."""
    made: list[str] = []
    window: Any = pytest.importorskip("limner.media.pygame_window")
    monkeypatch.setattr(window, "PygameWindow", made.append)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    return made


def test_without_a_display_it_says_how_to_work(opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(MediaError, match=r"^there is no display for a window; work without one: ") as caught:
        open_window("Limner")
    assert "record" in str(caught.value)
    assert opened == []


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_either_display_will_do(opened: list[str], monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv(name, ":1")
    open_window("Limner")
    assert opened == ["Limner"]


def test_other_systems_have_one_that_no_variable_names(opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    open_window("Limner")
    assert opened == ["Limner"]
