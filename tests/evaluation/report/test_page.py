"""The report is one whole file with every section it has something for, well-formed, and with the pictures inside."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from limner.datasets.manifest import PhotoFolder
from limner.errors import MediaError
from limner.evaluation.contenders import Contender
from limner.evaluation.evaluate import evaluate_all
from limner.evaluation.flicker import Flicker, Recovery
from limner.evaluation.report import Findings, write_report

_VOID = {"meta", "img", "input", "line", "circle", "rect", "polyline", "br"}


class _Checker(HTMLParser):
    """Every element that opens closes, and ids are unique."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.sources: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.append(given["id"])
        self.sources += [given[name] for name in ("src", "href") if name in given]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if "id" in dict(attrs):
            self.ids.append(str(dict(attrs)["id"]))

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag


def _bright(rgb: np.ndarray, previous: np.ndarray | None = None) -> np.ndarray:
    return np.clip((rgb.mean(2) - 100) / 80, 0, 1).astype(np.float32)


def _dim(rgb: np.ndarray, previous: np.ndarray | None = None) -> np.ndarray:
    return np.clip((rgb.mean(2) - 10) / 60, 0, 1).astype(np.float32)


def _report(folder: Path, path: Path, makers: dict, *, sets: tuple[str, ...], **more: dict) -> tuple[str, _Checker]:
    photos = PhotoFolder(folder)
    contenders = [Contender(name, maker, False, {"input": "any <size>"}) for name, maker in makers.items()]
    scores = evaluate_all(makers, photos, photos.select(sets=sets), all_metrics=True)
    write_report(path, Findings(contenders, photos, "split all", scores, **more), worst=3, date="2026-01-02")
    html = path.read_text(encoding="utf-8")
    checker = _Checker()
    checker.feed(html)
    assert checker.open == []
    assert len(checker.ids) == len(set(checker.ids))
    return html, checker


def test_two_models_side_by_side(data_folder: Path, tmp_path: Path) -> None:
    flicker = {name: Flicker(1.25, 2.5, 3.75, 90, 4) for name in ("bright & co", "dim")}
    recovery = {"dim": [Recovery("full", 2.5, 75, 12.5)]}
    sets = ("faces_close_up", "fashion_full_body", "no_people_rooms")
    html, checker = _report(
        data_folder, tmp_path / "r.html", {"bright & co": _bright, "dim": _dim}, sets=sets, flicker=flicker,
        recovery=recovery,
    )  # fmt: skip
    assert [name for name in checker.ids if not name.startswith(("clip-", "auto", "light", "dark"))] == [
        "scores",
        "clips",
        "curves",
        "worst",
        "apart",
        "false",
    ]
    assert "bright &amp; co" in html
    assert "any &lt;size&gt;" in html
    assert "16 photos with people, 5 without" in html
    assert "2.50</td><td>75</td><td>12.5</td>" in html
    assert html.count("<svg") == 4
    assert html.count('<article class="case">') >= 3 + 1 + 1
    # Nothing is loaded from anywhere: pictures are inside, links lead into the page.
    assert {source.partition(":")[0] if source.startswith("data:") else source[:1] for source in checker.sources} == {
        "data",
        "#",
    }
    assert re.search(r"https?://|<script|@import|url\(http", html) is None
    assert "contains photos of the data folder" in html


def test_one_model_on_photos_without_people_has_no_curves(data_folder: Path, tmp_path: Path) -> None:
    html, checker = _report(data_folder, tmp_path / "r.html", {"dim": _dim}, sets=("no_people_rooms",))
    assert {"scores", "false"} >= {name for name in checker.ids if name not in ("auto", "light", "dark")}
    assert "<svg" not in html


def test_a_perfect_model_can_be_drawn(data_folder: Path, tmp_path: Path) -> None:
    folder = PhotoFolder(data_folder)
    truths = {folder.load(p)[0].tobytes(): folder.load(p)[1] for p in folder.select(sets=("faces_close_up",))}

    def perfect(rgb: np.ndarray, previous: np.ndarray | None = None) -> np.ndarray:
        return (truths[rgb.tobytes()] / 255).astype(np.float32)

    html, checker = _report(data_folder, tmp_path / "r.html", {"perfect": perfect}, sets=("faces_close_up",))
    assert "apart" not in checker.ids
    assert "nan" not in re.sub(r"base64,[^\"]+", "", html)


def test_a_report_appears_whole_or_not_at_all(data_folder: Path, tmp_path: Path) -> None:
    def broken(rgb: np.ndarray, previous: np.ndarray | None = None) -> np.ndarray:
        raise RuntimeError("broken")

    photos = PhotoFolder(data_folder)
    scores = evaluate_all({"m": _dim}, photos, photos.select(sets=("faces_close_up",)))
    findings = Findings([Contender("m", broken, False)], photos, "", scores)
    (tmp_path / "r.html").write_text("the last one")
    with pytest.raises(RuntimeError, match="broken"):
        write_report(tmp_path / "r.html", findings)
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]
    assert (tmp_path / "r.html").read_text() == "the last one"
    whole = Findings([Contender("m", _dim, False)], photos, "", scores)
    with pytest.raises(MediaError, match="no folder"):
        write_report(tmp_path / "none" / "r.html", whole)
