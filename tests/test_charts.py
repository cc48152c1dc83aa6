"""Charts are well-formed SVG whose points lie where the values say."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from limner.charts import HEIGHT, WIDTH, Axis, Line, line_chart


@pytest.mark.parametrize(
    ("axis", "marks"),
    [
        (Axis("", 0, 100), [0, 20, 40, 60, 80, 100]),
        (Axis("", 60, 100), [60, 70, 80, 90, 100]),
        (Axis("", 0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (Axis("", 0.3, 7.2), [2, 4, 6]),
    ],
)
def test_marks_are_round(axis: Axis, marks: list[float]) -> None:
    assert axis.marks() == pytest.approx(marks)


def test_a_chart_draws_its_lines() -> None:
    x = np.array([0.0, 0.5, 1.0])
    lines = [Line("a <b>", x, 100 * x, 0, {1: "half"}), Line("reference", x, 100 - 100 * x, None)]
    svg = ElementTree.fromstring(line_chart(lines, Axis("x & y", 0, 1), Axis("%", 0, 100), name="A chart"))
    assert svg.get("aria-label") == "A chart"
    drawn = svg.findall(".//polyline")
    assert [line.get("class") for line in drawn] == ["line s0", "line reference"]
    assert drawn[0].findtext("title") == "a <b>"
    points = [tuple(map(float, point.split(","))) for point in str(drawn[0].get("points")).split()]
    assert points[0][0] < points[1][0] < points[2][0] < WIDTH
    assert HEIGHT > points[0][1] > points[1][1] > points[2][1] > 0
    dot = svg.find(".//circle")
    assert dot is not None
    assert (float(dot.get("cx", "0")), float(dot.get("cy", "0"))) == points[1]
    assert "x & y" in [text.text for text in svg.findall("text")]
