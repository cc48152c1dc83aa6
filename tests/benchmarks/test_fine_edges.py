"""The benchmark of fine edges: its table says what was measured."""

from __future__ import annotations

from benchmarks.fine_edges import CLOSED_FORM, FINE, photo_seconds, table
from limner.evaluation.edges import GUIDED, EdgeScore


def test_the_table_compares_with_the_guided_filter() -> None:
    scores = {GUIDED: EdgeScore(2.0, 4.0, 1.0), CLOSED_FORM: EdgeScore(1.5, 5.0, 1.0), FINE: EdgeScore(1.0, 2.0, 0.5)}
    text = table(scores, 7, {GUIDED: 0.02, FINE: 0.05}, 2)
    assert "7 composites at 320 px" in text
    assert "| closed-form matting | 1.500 (+25 %) | 5.000 (-25 %) | 1.000 (+0 %) |" in text
    assert "| fine | 1.000 (+50 %) | 2.000 (+50 %) | 0.500 (+50 %) |" in text
    assert "2 threads, medians of one run: guided filter 20 ms, fine 50 ms." in text


def test_the_edges_of_a_photo_are_timed() -> None:
    seconds = photo_seconds(threads=1)
    assert seconds.keys() == {GUIDED, FINE}
    assert all(value > 0 for value in seconds.values())
