"""The report of a data check holds every kind of fault with its pictures, and loads nothing."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from faulty_photos import write_faulty
from limner.datasets.faults.checking import check
from limner.datasets.faults.kinds import KINDS
from limner.datasets.faults.listed import list_photos
from limner.errors import MediaError
from limner.evaluation.report.faults import write_faults


def test_every_kind_has_a_section_with_pictures(tmp_path: Path) -> None:
    write_faulty(tmp_path / "data")
    photos = list_photos(tmp_path / "data")

    def net(rgb: np.ndarray) -> np.ndarray:
        return (rgb.mean(2) > 128).astype(np.float32)

    checked = check(photos, net=net)
    write_faults(tmp_path / "r.html", checked, photos, name="<data>", net=net)
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert re.findall(r'<section id="(\w+)">', page) == list(checked.counts)
    for kind, count in checked.counts.items():
        assert f"<h2>{KINDS[kind].title} ({count})</h2>" in page
    assert "&lt;data&gt; · 18 photos" in page
    assert 'alt="the other"' in page
    assert 'alt="net"' in page
    assert not re.search(r'(src|href)="(?!data:|#)', page)


def test_more_than_are_shown_are_counted(tmp_path: Path) -> None:
    write_faulty(tmp_path / "data")
    photos = list_photos(tmp_path / "data")
    write_faults(tmp_path / "r.html", check(photos), photos, name="data", worst=1)
    assert "1 more; <code>--json</code> lists all" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_nothing_found_is_said_and_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    checked = check([])
    write_faults(tmp_path / "r.html", checked, [], name="data")
    assert "Nothing was found." in (tmp_path / "r.html").read_text(encoding="utf-8")
    with pytest.raises(MediaError, match="there is no folder"):
        write_faults(tmp_path / "none/r.html", checked, [], name="data")
