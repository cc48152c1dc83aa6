"""Clips and their masks: as many frames of each, masks that are true and lossless, the same however they were made."""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from cast_folders import write_cast, write_walls
from limner.cli.app import main
from limner.datasets.clip_making import ClipOptions, ClipRequest, draw_spans, make_clips
from limner.errors import DataError, OptionError

OPTIONS = ClipOptions(size=(96, 64), frames=20)


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cast(tmp_path_factory.mktemp("cast") / "data")


def frames(path: Path, format: str) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format=format) for frame in container.decode(video=0)])


def content(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "journal.jsonl"
    }


def test_masks_say_what_shows_through(cast: Path, tmp_path: Path) -> None:
    """Before black and before white, a frame differs by what is not the person's, within noise and compression."""
    seen = {}
    for name, level in (("black", 0), ("white", 230)):
        walls = write_walls(tmp_path / f"{name}-walls", (level,) * 3, (level,) * 3)
        out = tmp_path / name
        options = replace(OPTIONS, cut=0.0)
        assert make_clips(ClipRequest(people=cast, backgrounds=walls, out=out, options=options), 3).clips == 3
        seen[name] = [
            (frames(out / f"clips/{n:06}.mp4", "rgb24"), frames(out / f"masks/{n:06}.mkv", "gray")) for n in range(3)
        ]
    for (black, mask), (white, same) in zip(seen["black"], seen["white"], strict=True):
        np.testing.assert_array_equal(mask, same)
        assert black.shape == (20, 64, 96, 3)
        assert mask.shape == (20, 64, 96)
        through = (white.astype(int) - black).mean(3)
        lit = np.median(through[mask == 0])
        assert np.abs(through / lit - (1 - mask / 255)).mean() < 0.08
    assert any(mask.max() == 255 for _, mask in seen["black"])
    assert any((mask[1:] != mask[:-1]).any() for _, mask in seen["black"]), "somebody moves"


def test_parts_and_processes_make_the_same(cast: Path, tmp_path: Path) -> None:
    whole = ClipRequest(people=cast, out=tmp_path / "whole", options=OPTIONS)
    assert make_clips(whole, 5, processes=1).clips == 5

    def stop(done: int, of: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    parts = replace(whole, out=tmp_path / "parts")
    with pytest.raises(KeyboardInterrupt):
        make_clips(parts, 5, processes=1, progress=stop)
    assert make_clips(parts, 5, processes=2).before == 2
    assert content(tmp_path / "parts") == content(tmp_path / "whole")
    rows = list(csv.DictReader((tmp_path / "whole/clips.csv").open(newline="", encoding="utf-8")))
    manifest = list(csv.DictReader((cast / "manifest.csv").open(newline="")))
    splits = {f"{row['set']}/{row['stem']}": row["split"] for row in manifest}
    for row in rows:
        assert {splits[name] for name in row["people"].split(" ")} == {row["split"]}
        assert sum(span["frames"] for span in json.loads(row["parameters"])["spans"]) == int(row["frames"]) == 20
        assert "CC0" in row["rights"]
    with pytest.raises(DataError, match="is of other photos or options"):
        make_clips(replace(whole, options=replace(OPTIONS, seed=3)), 5)
    with pytest.raises(DataError, match="is not empty, and was not made by limner data video"):
        make_clips(replace(whole, out=cast), 5)


def test_spans_fill_the_clip_and_who_left_comes_back() -> None:
    kinds = set()
    for seed in range(60):
        spans = draw_spans(ClipOptions(frames=120, cut=0.3), np.random.default_rng(seed))
        assert sum(span.frames for span in spans) == 120
        assert not spans[0].cut
        kinds |= {span.person for span in spans}
        assert all(after.person == "enter" for before, after in pairwise(spans) if before.person == "leave")
    assert kinds == {"still", "sway", "fast", "enter", "leave"}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"size": (95, 64)}, "sides must be even"), ({"frames": 2}, "frames"), ({"rate": 0}, "rate"), ({"cut": 2}, "cut")],
)
def test_options_are_checked(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        ClipOptions(**wrong)  # type: ignore[arg-type]


def test_the_command(cast: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as stop:
        main(["data", "video", str(cast), "-o", str(out), "--count", "1", "--size", "96x64", "--frames", "8"])
    assert not stop.value.code
    assert capsys.readouterr().out == f"{out}: 1 clips\n"
    for wrong in (["--size", "95x64"], ["--split", "dev"], ["--sets", "rooms"]):
        with pytest.raises(SystemExit) as stop:
            main(["data", "video", str(cast), "-o", str(tmp_path / "no"), *wrong])
        assert stop.value.code == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "no").exists()
