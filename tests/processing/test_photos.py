"""Photos through segmenter and effect: order, bounds and failures."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limner.assembly.saving import PhotoSaving
from limner.effects import Effect, make_effect
from limner.effects.mask import Mask
from limner.frame import Frame
from limner.matte import Matte
from limner.media.images import Image, read_image, write_image
from limner.processing import photos
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


class Witness(Effect):
    """Notes, whenever it is at work, how many photos were given to be decoded and how many results are there."""

    name = "witness"

    def __init__(self, folder: Path, decoded: list[str]) -> None:
        self.folder, self.decoded = folder, decoded
        self.seen: list[tuple[int, int]] = []

    def __call__(self, frame: Frame, matte: Matte) -> Frame:
        time.sleep(0.1)  # for others to show up
        self.seen.append((len(self.decoded), len(list(self.folder.glob("out*")))))
        return frame.copy()


@pytest.mark.parametrize("large", [False, True])
def test_a_large_photo_is_computed_alone(
    tmp_path: Path, load: Callable[[], Segmenter], monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    decoded: list[str] = []

    def read(*arguments: Any, name: str, **options: Any) -> Image:
        decoded.append(name)
        return read_image(*arguments, name=name, **options)

    monkeypatch.setattr(photos, "LARGE", 20 * 30 - 1 if large else 20 * 30)
    monkeypatch.setattr(photos, "read_image", read)
    witness = Witness(tmp_path, decoded)
    jobs = [job(tmp_path, index) for index in range(4, 9)]
    assert all(result.error is None for result in process_photos(jobs, load, witness, PhotoSaving()))
    alone = [(index + 1, index) for index in range(5)]  # decoded with this one, and written before it
    assert (witness.seen == alone) is large


def test_a_segmenter_that_cannot_be_made_ends_it(tmp_path: Path) -> None:
    def broken() -> Segmenter:
        return Segmenter(tmp_path / "none.onnx")

    from limner.errors import ModelError

    with pytest.raises(ModelError):
        list(process_photos([job(tmp_path, 0)], broken, make_effect("mask"), PhotoSaving()))
    assert not list(tmp_path.glob("out*"))


def of(tmp_path: Path, pixels: np.ndarray, target: Path | io.BytesIO, *, format: str = ".png") -> Job:
    write_image(tmp_path / "photo.png", pixels)
    return Job(name="the photo", source=tmp_path / "photo.png", target=target, output="the result", format=format)


RED, BLUE = (230, 20, 10), (10, 20, 230)


def half() -> np.ndarray:
    """Red, which is the person of the test net, below blue."""
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:20], pixels[20:] = BLUE, RED
    return pixels


def test_folders_are_made_as_deep_as_they_are_named(tmp_path: Path, load: Callable[[], Segmenter]) -> None:
    target = tmp_path / "a" / "b" / "out.png"
    (result,) = process_photos([of(tmp_path, half(), target)], load, make_effect("mask"), PhotoSaving())
    assert result.error is None
    assert (result.size, result.notices) == ((40, 60), [])
    assert result.person == pytest.approx(0.5, abs=0.05)
    assert result.confidence > 0.9
    assert target.is_file()


def test_errors_and_notices_call_a_photo_what_its_job_does(tmp_path: Path, load: Callable[[], Segmenter]) -> None:
    junk = Job("stdin", io.BytesIO(b"no picture at all"), io.BytesIO(), "stdout", ".png")
    empty = of(tmp_path, np.full((40, 60, 3), BLUE, np.uint8), io.BytesIO())
    first, second = process_photos([junk, empty], load, make_effect("mask"), PhotoSaving())
    assert str(first.error).startswith("stdin: ")
    assert second.notices == ["the photo: no person was found; all of it counts as background"]
    assert second.person == 0


def test_a_photo_that_memory_does_not_hold_is_one_line(tmp_path: Path, load: Callable[[], Segmenter]) -> None:
    class Greedy(Mask):
        def __call__(self, frame: Frame, matte: Matte) -> Frame:
            raise MemoryError

    target = io.BytesIO()
    (result,) = process_photos([of(tmp_path, half(), target)], load, Greedy(), PhotoSaving())
    assert str(result.error) == "the photo: does not fit in memory"
    assert target.getvalue() == b""


def test_trimming_cuts_to_the_person(tmp_path: Path, load: Callable[[], Segmenter]) -> None:
    pixels = np.full((64, 64, 3), BLUE, np.uint8)
    pixels[16:40, 8:32] = RED
    target = io.BytesIO()
    (result,) = process_photos([of(tmp_path, pixels, target)], load, make_effect("cutout"), PhotoSaving(trim=True))
    assert result.error is None
    made = read_image(target.getvalue())
    assert made.pixels.shape[0] == pytest.approx(24, abs=4)
    assert made.pixels.shape[1] == pytest.approx(24, abs=4)
    assert (made.pixels[12, 12] == RED).all()


def test_transparency_that_the_format_has_not_becomes_white_and_is_told(
    tmp_path: Path, load: Callable[[], Segmenter]
) -> None:
    rgba = np.dstack([half(), np.full((40, 60), 255, np.uint8)])
    rgba[:, :30, 3] = 0
    target = io.BytesIO()
    (result,) = process_photos(
        [of(tmp_path, rgba, target, format=".jpg")], load, make_effect("blur"), PhotoSaving(quality=100)
    )
    assert result.notices == ["the photo: its transparency became white, as .jpg has none"]
    assert read_image(target.getvalue()).pixels[:, :26].min() > 250
    assert result.person == pytest.approx(0.25, abs=0.05)  # what is transparent is nobody
