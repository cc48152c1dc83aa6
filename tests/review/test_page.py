"""The page of a review in Chromium: keys decide, the brush and snapping repair, undo undoes, and all of it is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from browsers import needs_browser
from limner.address import local_names
from limner.datasets.decisions import Decisions
from limner.review.answers import MOST_BYTES, ReviewAnswers
from limner.review.desk import Desk, ReviewOptions
from limner.web.server import WebServer
from page_parts import Scenarios
from review_parts import scene, write_review
from web_library import install_modules


@pytest.mark.slow
def test_photos_are_decided_and_repaired(tmp_path: Path) -> None:
    needs_browser()
    install_modules()
    data, masks = write_review(tmp_path)
    running = Scenarios(tmp_path / "no-camera.mjpeg")
    try:
        with Desk(data, masks, ReviewOptions(all=True)) as desk:
            answers = ReviewAnswers(desk, local_names("127.0.0.1", "127.0.0.1"), "key")
            with WebServer(("127.0.0.1", 0), answers, body_bytes=MOST_BYTES) as server:
                told = running.run("review", f"http://127.0.0.1:{server.port}/key/")
            verdicts = [item["verdict"] for item in desk.told()]
            assert verdicts == ["accept", "repair", "reject", "repair"]
            painted, snapped, truth = desk.mask(1), desk.mask(3), scene()[1]
    finally:
        running.close()
    assert told["counts"] == "4 of 4, 4 decided"
    assert painted[6, 60:100].min() == 255, "the stroke that was painted"
    assert painted[110, 60:100].max() == 0, "the one that was undone"
    inter, union = ((snapped > 127) & (truth > 127)).sum(), ((snapped > 127) | (truth > 127)).sum()
    assert inter / union > 0.93, "snapped to the edge of the photo"
    assert Decisions(masks).verdicts == {
        ("a", "0"): "accept",
        ("a", "1"): "repair",
        ("a", "2"): "reject",
        ("b", "9"): "repair",
    }
    assert np.unique(snapped).size > 3
