"""What does not go together in the YAML file, and what is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.errors import OptionError

pytest.importorskip("yaml")

from limner.multistream.reading import read_text
from multistream_parts import person_clip

WRONG = {
    "a name": ("a b: {from: clip.mp4, to: x.mkv}", "s.yaml:2: streams.a b: a name begins with a letter"),
    "a taken name": ("tiles: {from: clip.mp4, to: x.mkv}", "s.yaml:2: streams.tiles: that is what the picture of all"),
    "nowhere": ("a: {from: clip.mp4, tile: false}", "s.yaml:2: streams.a: goes nowhere; give it to: or json:"),
    "no file": ("a: {from: no.mp4, json: x}", "s.yaml:2: streams.a.from: there is no file no.mp4"),
    "no folder": ("a: {from: clip.mp4, to: [x.mkv, no/y.mkv]}", "s.yaml:2: streams.a.to.1: .*no does not exist"),
    "no folder for lines": ("a: {from: clip.mp4, json: no/y.jsonl}", "s.yaml:2: streams.a.json: .*no does not exist"),
    "one target for two": (
        "a: {from: clip.mp4, to: x.mkv}\n  b: {from: clip.mp4, to: x.mkv}",
        "s.yaml:3: streams.b.to.0: x.mkv is where streams.a.to.0 goes too",
    ),
    "its own source": ("a: {from: clip.mp4, to: clip.mp4}", "s.yaml:2: streams.a.to.0: clip.mp4 is read as a source"),
    "an effect": ("a: {from: clip.mp4, to: x.mkv, effect: blurr}", "s.yaml:2: streams.a.effect: .*did you mean 'blur'"),
    "no effect": ("a: {from: clip.mp4, to: x.mkv, effect: sepia}", "s.yaml:2: streams.a.effect: .*unknown: say blur"),
    "a model": ("a: {from: clip.mp4, to: x.mkv}\nmodel: fats", "s.yaml:3: model: no model 'fats'; did you mean 'fast'"),
    "parts": ("a: {from: clip.mp4, to: x.mkv}\nkeep: hair", "s.yaml:3: keep: .*the card of 'fast' names no parts"),
    "a background": ("a: {from: clip.mp4, to: x.mkv, effect: 'replace:no.jpg'}", "streams.a.effect: .*no.jpg: no such"),
    "a setting": (
        "a: {from: clip.mp4, to: x.mkv, settings: {strenth: 3}}",
        "streams.a.settings: strenth belongs to no effect",
    ),
    "edges": ("a: {from: clip.mp4, to: x.mkv, edges: fine, refine: false}", "streams.a.edges: edges means nothing"),
    "who stays": ("a: {from: clip.mp4, to: x.mkv, subject: nobody}", "streams.a.subject: subject 'nobody' is unknown"),
    "SRT": ("a: {from: 'srt://h:1', to: x.mkv}", "streams.a.from: .*srt-live-transmit"),
    "SRT out": ("a: {from: clip.mp4, to: 'srt://h:1'}", "streams.a.to.0: .*srt-live-transmit"),
    "a loop of a camera": ("a: {from: 7, to: x.mkv, loop: true}", "streams.a.loop: is for files, which end"),
    "a rate of a file": ("a: {from: clip.mp4, to: x.mkv, rate: 5}", "streams.a.rate: is for cameras"),
}


@pytest.mark.parametrize(("stream", "says"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: str, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    person_clip(tmp_path / "clip.mp4", 2)
    with pytest.raises(OptionError, match=says):
        read_text(f"streams:\n  {stream}\ntiles: {{to: wall.mkv}}", source="s.yaml")


def test_tiles_that_go_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    person_clip(tmp_path / "clip.mp4", 2)
    text = "streams: {a: {from: clip.mp4}}\ntiles: {columns: 2}"
    with pytest.raises(OptionError, match=r"s\.yaml:2: tiles: goes nowhere"):
        read_text(text, source="s.yaml")
    assert read_text(text + "\nrtsp: 8554", source="s.yaml").tiles is not None


def test_a_file_that_is_no_video_is_told_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("no video")
    text = f"streams:\n  a: {{from: '{tmp_path / 'notes.mp4'}', json: '-'}}\n"
    with pytest.raises(OptionError, match=r"s\.yaml:2: streams\.a\.from: .*notes\.mp4: cannot be read as a video"):
        read_text(text, source="s.yaml")
