"""Photos through filters: named ones in order, or one drawn for each, always the same; masks and rows stay."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from limner.cli.app import main
from limner.datasets.filtering import FilterOptions, Step, filtered, parse_step, steps_for
from limner.datasets.manifest import PhotoFolder
from limner.errors import OptionError


def test_steps_as_they_are_written() -> None:
    assert [parse_step(text) for text in ("warm", "cool:0.25")] == [Step("warm", 0.6), Step("cool", 0.25)]
    for text, told in (("hot", "there are warm, cool"), ("warm:2", r"in \[0, 1\], not 2"), ("warm:x", "a number")):
        with pytest.raises(OptionError, match=told):
            FilterOptions(steps=(parse_step(text),))
    with pytest.raises(OptionError, match="name at least one"):
        FilterOptions(steps=())


def test_one_is_drawn_for_each(data_folder: Path) -> None:
    options = FilterOptions(steps=(Step("warm", 1.0), Step("cool", 0.5), Step("grain", 1.0)), each=True)
    photos = PhotoFolder(data_folder).photos
    drawn = [steps_for(photo, options) for photo in photos]
    assert drawn == [steps_for(photo, options) for photo in photos]
    assert {steps[0].name for steps in drawn} == {"warm", "cool", "grain"}
    assert all(len(steps) == 1 and steps[0].strength <= 1.0 for steps in drawn)
    other = FilterOptions(steps=options.steps, each=True, seed=1)
    assert drawn != [steps_for(photo, other) for photo in photos]
    rgb = np.full((32, 32, 3), 120, np.uint8)
    np.testing.assert_array_equal(filtered(photos[0], rgb, options), filtered(photos[0], rgb, options))


def test_the_command(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(["data", "filter", str(data_folder), "-o", "out", "-f", "warm:1", "-f", "fade:0.5", "--format", "png"])
    assert not stop.value.code
    assert capsys.readouterr().out == "out: 37 photos\n"
    rows = list(csv.DictReader((tmp_path / "out/manifest.csv").open(newline="")))
    assert {row["filters"] for row in rows} == {"warm:1 fade:0.5"}
    before, after = PhotoFolder(data_folder), PhotoFolder(tmp_path / "out")
    for old, new in zip(before.photos, after.photos, strict=True):
        (one, mask), (other, same) = before.load(old), after.load(new)
        np.testing.assert_array_equal(mask, same)
        assert other[..., 0].mean() - other[..., 2].mean() > one[..., 0].mean() * 0.7 - one[..., 2].mean() * 0.7
    with pytest.raises(SystemExit) as stop:
        main(["data", "filter", str(data_folder), "-o", "more", "-f", "lukewarm"])
    assert stop.value.code == 2
    assert "limner: --filter 'lukewarm': there is no such filter" in capsys.readouterr().err
    assert not (tmp_path / "more").exists()
