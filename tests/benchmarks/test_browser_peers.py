"""What the comparison of browser libraries says of masks and times; a browser is not needed."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.browser_peers import NAMES, PEER, TIMED, Quality, masks_table, pipelines_table, quality, ratio
from benchmarks.steady_clips import lakes, rendered
from limner.datasets.moving_clips import MovingClip, Span, make_moving_clip


@pytest.fixture(scope="module")
def clip() -> MovingClip:
    return make_moving_clip(rendered(), lakes(), (Span(frames=6),), size=(90, 160))


def test_the_truth_is_perfect_and_noise_flickers(clip: MovingClip) -> None:
    perfect = quality(clip.truths, clip)
    assert (perfect.miou, perfect.boundary_iou) == (100, 100)
    assert perfect.flicker < 0.1
    noise = np.random.default_rng(0).uniform(-0.2, 0.2, clip.truths.shape).astype(np.float32)
    noisy = quality(np.clip(clip.truths + noise, 0, 1), clip)
    assert noisy.flicker > 10
    assert noisy.miou > 99
    late = quality(np.roll(clip.truths, 8, axis=2), clip)
    assert late.boundary_iou < 70


def turns(*milliseconds: float) -> list[dict[str, float]]:
    return [{"spent": time, "passed": 2 * time} for time in milliseconds]


def test_a_rate_is_the_median_over_rounds_of_both() -> None:
    times = {"limner": turns(10, 40, 10), PEER: turns(20, 40, 30)}
    assert ratio(times, "limner", "spent") == 2
    assert ratio(times, PEER, "passed") == 1


def test_tables_have_a_line_for_each() -> None:
    found = {name: [Quality(98, 80, 0.3), Quality(99, 81, 0.5)] for name in NAMES}
    found[PEER] = [Quality(97, 77, 0.9), Quality(97, 77, 1.0)]
    head, rule, *lines = masks_table(found, {name: turns(10) for name in TIMED})
    assert len(lines) == len(TIMED)
    assert {line.count("|") for line in (head, rule, *lines)} == {9}
    assert lines[0].endswith("| 98.50 | 80.50 | 0.40 | 0.42× |")
    good = {"first": 1.25, "rawFirst": False, "resized": True, "ended": True, "foreign": []}
    _, _, one, other = pipelines_table({"limner": good, "other": {"error": "no frame", "foreign": ["cdn.test"]}})
    assert one == "| limner | 1.2 s | hidden | followed | yes | no |"
    assert other == "| other | no frame | | | | cdn.test |"
