"""The YAML file: what it means, and what is wrong with it, with its line and place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from limner import samples
from limner.errors import MissingExtraError, OptionError

pytest.importorskip("yaml")

from limner.multistream.reading import read_file, read_text
from multistream_parts import person_clip


@pytest.fixture
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    person_clip(tmp_path / "clip.mp4", 2)


GOOD = """
model: fast
batch: 4
rtsp: 9000
tiles: {size: 640x360, to: wall.mkv}
json: "-"
streams:
  door:
    {from: rtsp://127.0.0.1/a, effect: "color:green", privacy: off, temporal: off, to: [door.mkv, "udp://127.0.0.1:5"]}
  desk:
    {from: 0, size: 1280x720, rate: 15, subject: 2, effect: overlay, settings: {tint: red}, edges: fine, privacy: on}
"""


def test_what_it_means(clip: None) -> None:
    spec = read_text(GOOD, source="streams.yaml")
    assert (spec.model, spec.batch, spec.json) == ("fast", 4, "-")
    assert spec.rtsp is not None
    assert (spec.rtsp.port, spec.rtsp.address) == (9000, "127.0.0.1")
    assert spec.tiles is not None
    assert (spec.tiles.size, spec.tiles.to) == ((640, 360), ("wall.mkv",))
    door, desk = spec.streams["door"], spec.streams["desk"]
    assert (door.privacy, door.temporal, door.to) == ("off", "off", ("door.mkv", "udp://127.0.0.1:5"))
    assert (desk.source, desk.size, desk.subject, desk.privacy) == ("0", (1280, 720), "2", "on")
    assert list(spec.streams) == ["door", "desk"]


WRONG = {
    "a user of the RTSP server": (
        "rtsp: {user: 'a b', password: x}\nstreams: {a: {from: 0}}\n",
        r"s.yaml:1: rtsp.user: must be 1 to 64 letters",
    ),
    "an empty password": ("rtsp: {password: ''}\nstreams: {a: {from: 0}}\n", r"s.yaml:1: rtsp.password"),
    "empty": ("", "s.yaml: says streams: and under it a name and from: for each, and it is empty"),
    "a list": ("- a", "s.yaml: says streams: .* and this is a list"),
    "not closed": ("streams: [1,2", "s.yaml:1: is no YAML here: expected"),
    "a tab": ("streams:\n\ta: {from: x}", "s.yaml:2: is no YAML here: found character"),
    "a typo": ("streams:\n  a:\n    from: clip.mp4\n    efect: blur", "s.yaml:4: streams.a.efect: .* mean effect?"),
    "a typo above": ("strems: {}\nstreams: {}", "s.yaml:1: strems: there is no such field; did you mean streams"),
    "no source": ("json: x\nstreams:\n  a: {effect: blur}", "s.yaml:3: streams.a.from: is missing"),
    "not fields": ("streams:\n  a: clip.mp4", "s.yaml:2: streams.a: must hold fields with values, not 'clip.mp4'"),
    "none": ("streams: {}", "s.yaml:1: streams: names nothing; give at least one"),
    "twice": ("streams:\n  a: {from: x}\n  a: {from: y}", "s.yaml:3: streams.a: is there twice, first in line 2"),
    "a number": ("batch: many\nstreams: {a: {from: clip.mp4, json: x}}", "s.yaml:1: batch: .*, not 'many'"),
    "a range": ("streams:\n  a: {from: clip.mp4, threshold: 2}", "s.yaml:2: streams.a.threshold: must be less than 1"),
    "a word": ("streams:\n  a: {from: clip.mp4, temporal: maybe}", "s.yaml:2: streams.a.temporal: must be 'off', 'li"),
    "a size": ("tiles: {size: huge}\nstreams: {a: {from: clip.mp4}}", "s.yaml:1: tiles.size: must be WIDTHxHEIGHT"),
    "a port": ("rtsp: {port: 99999}\nstreams: {a: {from: clip.mp4}}", "s.yaml:1: rtsp.port: must be less than or"),
    "a list of targets": (
        "streams:\n  a:\n    from: clip.mp4\n    to:\n    - x.mkv\n    - [1]",
        "s.yaml:6: streams.a.to.1: must be a valid string",
    ),
}


@pytest.mark.parametrize(("text", "says"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_told_with_its_line(clip: None, text: str, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        read_text(text, source="s.yaml")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="there is no such file"):
        read_file(tmp_path / "no.yaml")
    with pytest.raises(OptionError, match="cannot be read: Is a directory"):
        read_file(tmp_path)
    (tmp_path / "s.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(OptionError, match="is no YAML, which is text in UTF-8"):
        read_file(tmp_path / "s.yaml")


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "yaml", None)
    monkeypatch.delitem(sys.modules, "limner.multistream.reading")
    with pytest.raises(MissingExtraError, match=r"limner multistream needs pyyaml with pydantic.*limner\[streams\]"):
        __import__("limner.multistream.reading")


def test_the_file_of_the_documentation_can_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    person_clip(tmp_path / "hall.mp4", 2)
    shutil.copy(samples.BACKGROUND, tmp_path / "lake.jpg")
    page = Path(__file__).resolve().parents[2] / "docs" / "multistream.md"
    text = page.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]
    assert list(read_text(text, source="streams.yaml").streams) == ["door", "desk", "hall"]
