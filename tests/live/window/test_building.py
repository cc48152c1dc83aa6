"""What the keys of a live window can choose from, and what they begin with."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from limner import samples
from limner.assembly import EffectOptions, MatteOptions, People, PeopleOptions, TemporalOptions, build_effect
from limner.errors import OptionError
from limner.live.building import build_mattes
from limner.live.window.building import begin_with, build_controls, find_backgrounds


def test_folders_become_their_files_and_the_lake_is_always_there(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.jpg"):
        shutil.copy(samples.BACKGROUND, tmp_path / name)
    assert find_backgrounds([str(tmp_path), "red", "red"]) == [*(str(tmp_path / n) for n in ("a.jpg", "b.jpg")), "red"]
    assert find_backgrounds([]) == [str(samples.BACKGROUND)]
    with pytest.raises(OptionError, match="backgrounds no-such-thing: neither"):
        find_backgrounds(["no-such-thing"])


@pytest.mark.parametrize(
    ("options", "background", "strength"),
    [
        ({}, None, 0.5),
        ({"settings": {"blur_strength": 0.2}}, None, 0.2),
        ({"effect": "blur:0.8"}, None, 0.8),
        ({"effect": "replace", "settings": {"background": "red"}}, "red", 0.5),
        ({"effect": "harmonize,replace:sea.jpg"}, "sea.jpg", 0.5),
    ],
)
def test_keys_begin_with_what_was_asked_for(options: dict[str, Any], background: str | None, strength: float) -> None:
    assert begin_with(EffectOptions(**options)) == (background, strength)


@pytest.mark.parametrize(("asked", "first"), [(None, 0.5), (0.3, 0.3)])
def test_the_threshold_of_the_keys_is_the_streams(asked: float | None, first: float) -> None:
    people = People(PeopleOptions(), MatteOptions(threshold=asked), privacy="on")
    mattes, steady = build_mattes(people, TemporalOptions())
    assert people.guard is not None
    assert mattes.delay == 0
    effect = EffectOptions(settings={"blur_strength": 0.2})
    controls = build_controls(build_effect(effect), effect, ["red"], steady)
    assert controls.threshold == first
    controls.press("up")
    assert steady.edge is not None
    assert steady.edge.threshold == pytest.approx(first + 0.05)
    assert people.segmenter is not None
    assert people.segmenter.edge.threshold == asked  # another stream of it keeps its own


def test_keys_move_no_threshold_of_a_subtractor() -> None:
    people = People(PeopleOptions(method="subtraction"), MatteOptions())
    _, steady = build_mattes(people, TemporalOptions())
    controls = build_controls(build_effect(EffectOptions()), EffectOptions(), [], steady)
    assert controls.threshold is None
