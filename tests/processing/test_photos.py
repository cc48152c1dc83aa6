"""Photos through segmenter and effect: order, bounds and failures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from limner.assembly.saving import PhotoSaving
from limner.effects import make_effect
from limner.media.images import read_image, write_image
from limner.processing.photos import AHEAD, Job, process_photos
from limner.segment.segmenter import Segmenter


@pytest.fixture
def load(tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path]) -> Callable[[], Segmenter]:
    path = make_onnx(tmp_path / "own.onnx")
    make_card(path)
    return lambda: Segmenter(path)


def job(folder: Path, index: int) -> Job:
    source, target = folder / f"in{index}.png", folder / f"out{index}.png"
    if index != 3:  # which is missing
        write_image(source, np.full((20, 30, 3), (index, 0, 0), np.uint8))
    return Job(name=source.name, source=source, target=target, output=str(target), format=".png")


def test_results_come_in_order_and_work_is_bounded(tmp_path: Path, load: Callable[[], Segmenter]) -> None:
    taken = 0

    def jobs() -> Iterator[Job]:
        nonlocal taken
        for index in range(12):
            taken += 1
            yield job(tmp_path, index)

    seen = []
    for result in process_photos(jobs(), load, make_effect("mask"), PhotoSaving()):
        seen.append(result.job.name)
        assert taken <= len(seen) + 2 * AHEAD + 1
        assert (result.error is not None) == (result.job.name == "in3.png")
        if result.error is None:
            assert Path(result.job.output).is_file()  # it is there when it is told
            assert set(result.ms) == {"decode", "segment", "effect", "encode"}
    assert seen == [f"in{index}.png" for index in range(12)]


def test_who_stops_listening_stops_the_work(tmp_path: Path, load: Callable[[], Segmenter]) -> None:
    results = process_photos((job(tmp_path, index) for index in range(4, 50)), load, make_effect("mask"), PhotoSaving())
    next(results)
    results.close()  # type: ignore[attr-defined]
    done = sorted(tmp_path.glob("out*"))
    assert 1 <= len(done) <= 2 * AHEAD + 2
    assert all(read_image(path).pixels.shape == (20, 30, 3) for path in done)
    assert not list(tmp_path.glob(".*"))


def test_a_segmenter_that_cannot_be_made_ends_it(tmp_path: Path) -> None:
    def broken() -> Segmenter:
        return Segmenter(tmp_path / "none.onnx")

    from limner.errors import ModelError

    with pytest.raises(ModelError):
        list(process_photos([job(tmp_path, 0)], broken, make_effect("mask"), PhotoSaving()))
    assert not list(tmp_path.glob("out*"))
