"""What a still camera has shown behind a person: a net that takes a piece of the wall for hair is corrected by it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from limner.matte import Matte
from limner.segment.steady.motion import MotionWatch
from limner.segment.steady.scene_memory import SceneMemory
from limner.segment.steady.temporal import TemporalSegmenter

Picture = NDArray[np.uint8]
Alpha = NDArray[np.float32]

HEIGHT, WIDTH = 180, 320
PIECE = slice(40, 70), slice(150, 170)
"""A part of the wall, which the person covers, frees, and stands beside."""


def wall(seed: int = 0) -> Picture:
    """A wall with a pattern."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    grey = 150 + 40 * np.sin(x / 9) + 30 * np.cos(y / 7 + seed)
    return np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)


def scene(left: int, *, room: Picture | None = None, person: int = 60, light: float = 1.0, seed: int = 0) -> Picture:
    """A person, 60 wide and red, before the wall, in the noise of a camera."""
    picture = (wall() if room is None else room).astype(np.float32)
    picture[30:, left : left + 60] = (person + 80, person // 2, person // 2)
    noise = np.random.default_rng(seed).normal(0, 1.0, picture.shape)
    return np.clip(picture * light + noise, 0, 255).astype(np.uint8)


def truth(left: int) -> Alpha:
    alpha = np.zeros((HEIGHT, WIDTH), np.float32)
    alpha[30:, left : left + 60] = 1
    return alpha


def run(memory: SceneMemory, watch: MotionWatch, frames: list[Picture], alphas: list[Alpha]) -> Alpha:
    """The last matte, corrected."""
    for frame, alpha in zip(frames, alphas, strict=True):
        result = memory.correct(frame, alpha, watch.look(frame))
    return result


def far_then_near(count: int = 15, **look: object) -> tuple[list[Picture], list[Alpha]]:
    """A person at the left for some frames, and then beside the piece, which the net takes for a part of them."""
    frames = [scene(20, seed=index, **look) for index in range(count)]  # type: ignore[arg-type]
    alphas = [truth(20)] * count
    wrong = truth(90)
    wrong[PIECE] = 0.9
    frames += [scene(90, seed=90 + index, **look) for index in range(3)]  # type: ignore[arg-type]
    return frames, [*alphas, wrong, wrong, wrong]


def test_a_piece_of_the_wall_is_taken_out_and_the_person_stays() -> None:
    frames, alphas = far_then_near()
    result = run(SceneMemory(), MotionWatch(), frames, alphas)
    assert result[PIECE][4:-4, 4:-4].max() < 0.1
    assert result[40:, 94:146].min() == 1
    assert alphas[-1][PIECE].min() == np.float32(0.9), "what was given is not changed"


def test_nothing_is_known_before_it_was_seen() -> None:
    frames, alphas = far_then_near()
    result = run(SceneMemory(), MotionWatch(), frames[-3:], alphas[-3:])
    assert result[PIECE].min() == np.float32(0.9)


def test_who_has_the_colours_of_the_wall_stays() -> None:
    dark = np.full((HEIGHT, WIDTH, 3), 0, np.uint8)
    dark[...] = (140, 30, 30)
    frames, alphas = far_then_near(room=dark)
    result = run(SceneMemory(), MotionWatch(), frames, alphas)
    assert np.array_equal(result, alphas[-1])


def test_light_may_change_as_a_whole() -> None:
    frames, alphas = far_then_near()
    dim = scene(90, light=0.8, seed=7)
    result = run(SceneMemory(), MotionWatch(), [*frames, dim], [*alphas, alphas[-1]])
    assert result[PIECE][4:-4, 4:-4].max() < 0.1


def test_what_has_changed_since_stays() -> None:
    room = wall()
    frames, alphas = far_then_near()
    room[PIECE] = (20, 160, 60)  # a hat was hung there
    result = run(SceneMemory(), MotionWatch(), [*frames, scene(90, room=room, seed=5)], [*alphas, alphas[-1]])
    assert result[PIECE].min() == np.float32(0.9)


def test_a_camera_that_moves_makes_it_forget() -> None:
    frames, alphas = far_then_near()
    moved = [scene(90, room=np.roll(wall(), 14, axis=1), seed=40 + index) for index in range(6)]
    memory, watch = SceneMemory(), MotionWatch()
    run(memory, watch, frames + moved, alphas + [alphas[-1]] * 6)
    back = frames[-1]
    assert memory.correct(back, alphas[-1], watch.look(back))[PIECE].min() == np.float32(0.9)


@pytest.mark.parametrize("size", [(1, 1), (2, 700), (90, 3)])
def test_frames_of_any_size(size: tuple[int, int]) -> None:
    frame = np.random.default_rng(1).integers(0, 255, (*size, 3), dtype=np.uint8)
    memory, watch = SceneMemory(), MotionWatch()
    for _ in range(8):
        alpha = np.ones(size, np.float32)
        assert np.array_equal(memory.correct(frame, alpha, watch.look(frame)), alpha)


class Net:
    """Gives the mattes it was told, by the frame's number."""

    def __init__(self, frames: list[Picture], alphas: list[Alpha]) -> None:
        self._known = {frame.tobytes(): alpha for frame, alpha in zip(frames, alphas, strict=True)}

    def matte(self, frame: Picture, *, previous: Matte | None = None) -> Matte:
        return Matte(self._known[frame.tobytes()].copy(), 1.0)


def test_a_stream_remembers_unless_it_is_told_not_to() -> None:
    frames, alphas = far_then_near()
    mattes = {}
    for remembers in (True, False):
        stream = TemporalSegmenter(Net(frames, alphas), scene_memory=remembers)
        mattes[remembers] = [stream.matte(frame) for frame in frames][-1].alpha
    assert mattes[True][PIECE][4:-4, 4:-4].max() < 0.1
    assert mattes[False][PIECE][4:-4, 4:-4].min() > 0.4, "averaged with the mattes before"
    off = TemporalSegmenter(Net(frames, alphas), temporal="off")
    assert [off.matte(frame) for frame in frames][-1].alpha[PIECE].min() == np.float32(0.9)


def test_a_clip_that_was_studied_knows_its_scene_from_the_first_frame_on() -> None:
    frames, alphas = far_then_near()
    stream = TemporalSegmenter(Net(frames, alphas))
    assert stream.study(iter(frames[:8])) == 8
    assert stream.matte(frames[-1]).alpha[PIECE][4:-4, 4:-4].max() < 0.1
    stream.reset()
    assert stream.matte(frames[-1]).alpha[PIECE].min() == np.float32(0.9)


def test_a_study_ends_at_a_cut() -> None:
    frames, alphas = far_then_near()
    other = scene(20, room=np.full((HEIGHT, WIDTH, 3), 30, np.uint8), seed=3)
    other[90:] = 250
    everything = [*frames[:4], other, other + 1]
    stream = TemporalSegmenter(Net(everything, [*alphas[:4], alphas[0], alphas[0]]))
    assert stream.study(everything) == 4
