"""Alpha, brightness and colours become masks of 0 and 255."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from drawn_people import draw_person
from layout_folders import save
from limner.datasets.remasking import RemaskOptions, remask
from limner.errors import DataError, OptionError
from limner.one_writer import OneWriter


def _read(path: Path) -> np.ndarray:
    image = Image.open(path)
    assert image.mode == "L"
    return np.asarray(image)


@pytest.mark.parametrize("kind", ["alpha", "grey", "16 bits", "palette", "colour", "near colour"])
def test_what_a_picture_says_becomes_a_mask(kind: str, tmp_path: Path) -> None:
    rgb, mask = draw_person(2)
    options: dict[str, Any] = {}
    image = Image.fromarray(np.dstack([rgb, mask // 255 * 200]))
    if kind == "grey":
        image = Image.fromarray(mask // 255 * 180)
    elif kind == "16 bits":
        image = Image.fromarray((mask > 0).astype(np.uint16) * 60000)
    elif kind == "palette":
        image = Image.fromarray(mask // 255).convert("P")
        image.putpalette([0, 0, 0, 230, 230, 230])
    elif "colour" in kind:
        painted = np.where(mask[..., None] > 0, np.array([200, 0, 40]), np.array([0, 200, 40])).astype(np.uint8)
        image = Image.fromarray(painted + 3 * (kind == "near colour"))
        options = {"colours": ((200, 0, 40), (1, 2, 3)), "tolerance": 3 * (kind == "near colour")}
    (tmp_path / "in/deep").mkdir(parents=True)
    image.save(tmp_path / "in/deep/p.png")
    done = remask(tmp_path / "in", tmp_path / "out", RemaskOptions(**options))
    assert (done.masks, done.empty, done.failures) == (1, 0, [])
    np.testing.assert_array_equal(_read(tmp_path / "out/deep/p.png"), mask)
    remask(tmp_path / "in", tmp_path / "turned", RemaskOptions(**options, invert=True))
    np.testing.assert_array_equal(_read(tmp_path / "turned/deep/p.png"), 255 - mask)


def test_thresholds(tmp_path: Path) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None], 4, axis=0)
    save(tmp_path / "in/r.png", ramp)
    for number, (threshold, first) in enumerate(((0.5, 128), (1.0, 255), (0.001, 1))):
        remask(tmp_path / "in", tmp_path / f"out{number}", RemaskOptions(threshold=threshold))
        assert int(_read(tmp_path / f"out{number}/r.png")[0].argmax()) == first


def test_broken_pictures_are_listed_and_empty_ones_counted(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    save(tmp_path / "in/a.png", np.zeros((4, 4), np.uint8))
    (tmp_path / "in/b.png").write_bytes(b"no picture")
    done = remask(tmp_path / "in", tmp_path / "out", RemaskOptions(), progress=lambda done, of: told.append((done, of)))
    assert (done.masks, done.empty) == (1, 1)
    ((name, reason),) = done.failures
    assert name == str(tmp_path / "in/b.png")
    assert reason.startswith("cannot be read as a picture")
    assert told == [(1, 2), (2, 2)]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]


def test_what_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="nowhere: no such folder"):
        remask(tmp_path / "nowhere", out, RemaskOptions())
    with pytest.raises(DataError, match="holds no pictures"):
        remask(tmp_path / "none", out, RemaskOptions())
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/b.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"b\.png: cannot be read"):
        remask(tmp_path / "bad", out, RemaskOptions())
    save(tmp_path / "in/a.png", np.zeros((4, 4), np.uint8))
    save(tmp_path / "in/a.bmp", np.zeros((4, 4), np.uint8))
    with pytest.raises(DataError, match=r"a\.png: a\.bmp has the same name"):
        remask(tmp_path / "in", out, RemaskOptions())
    (tmp_path / "in/a.bmp").unlink()
    with pytest.raises(DataError, match="is not empty"):
        remask(tmp_path / "in", tmp_path / "in", RemaskOptions())
    with OneWriter(out), pytest.raises(DataError, match="another run of limner"):
        remask(tmp_path / "in", out, RemaskOptions())
    assert not out.exists()
    for wrong in ({"threshold": 0.0}, {"threshold": 1.1}, {"tolerance": -1}, {"colours": ((1, 2, 300),)}):
        with pytest.raises(OptionError):
            RemaskOptions(**wrong)  # type: ignore[arg-type]
