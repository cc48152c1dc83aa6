"""Mattes stand still where the picture does, follow at once where it moves, and the net rests while nothing happens."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks.steady_clips import SHORT, clips, lakes
from limner import TemporalSegmenter
from limner.errors import OptionError
from limner.evaluation.steadiness import play_stream, score
from limner.matte import Matte, hidden_matte
from limner.segment.segmenter import Segmenter
from limner.segment.steady.adaptive import Mixer
from limner.segment.steady.temporal import REFRESH, SETTLE

HEIGHT, WIDTH = 180, 320
HIDDEN = np.zeros((HEIGHT, WIDTH), np.float32)
ROOM = 0.6 * cv2.resize(lakes()[0], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)


class Camera:
    """A room, and a square person somewhere in it, seen with noise."""

    def __init__(self, *, noise: float = 3.0, contrast: float = 60.0) -> None:
        self.rng = np.random.default_rng(0)
        self.noise, self.contrast = noise, contrast

    def frame(self, x: int = 100, *, size: int = 60, light: float = 1.0, room: np.ndarray = ROOM) -> np.ndarray:
        picture = room.copy()
        picture[60 : 60 + size, x : x + size] += np.float32(self.contrast)
        return self.sense(picture * light)

    def sense(self, picture: np.ndarray) -> np.ndarray:
        noisy = picture + self.rng.normal(0, self.noise, picture.shape)
        return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


class Scripted:
    """A source that says what it is told to, and remembers what it was asked."""

    def __init__(self, *alphas: np.ndarray) -> None:
        self.alphas = list(alphas)
        self.asked: list[Matte | None] = []

    def matte(self, frame: np.ndarray, *, previous: Matte | None = None) -> Matte:
        self.asked.append(previous)
        alpha = self.alphas[min(len(self.asked), len(self.alphas)) - 1]
        return hidden_matte(alpha.shape) if alpha is HIDDEN else Matte(alpha)


def person(x: int = 100, size: int = 60, level: float = 1.0) -> np.ndarray:
    alpha = np.zeros((HEIGHT, WIDTH), np.float32)
    alpha[60 : 60 + size, x : x + size] = level
    return alpha


def restless(count: int) -> list[np.ndarray]:
    """Soft edges that wander, as those of a net do."""
    rng = np.random.default_rng(1)
    return [cv2.GaussianBlur(np.roll(person(), int(rng.integers(-2, 3)), 1), (0, 0), 2) for _ in range(count)]


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (33, 47), (900, 1300)])
def test_a_spent_matte_is_mixed_the_same_in_its_own_place(keep: bool, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    before, alpha = (np.zeros(size, np.float32) for _ in range(2))
    inside = slice(size[0] // 4, None), slice(size[1] // 3, 2 * size[1] // 3 + 1)
    before[inside], alpha[inside] = rng.random((2, *before[inside].shape), dtype=np.float32)
    share = rng.random((min(size[0], 40), min(size[1], 60)), dtype=np.float32)
    kept = [before.copy(), before.copy()]
    raw, spent = alpha.copy(), alpha.copy()
    shown = Mixer()(kept[0], raw, share, keep=keep)
    there = Mixer()(kept[1], spent, share, keep=keep, spent=True)
    assert shown is not raw
    assert there is spent
    assert np.array_equal(raw, alpha)
    assert np.array_equal(shown, there)
    assert np.array_equal(*kept)
    assert np.array_equal(kept[0], before) is not keep


@pytest.mark.parametrize(("temporal", "most"), [("light", 0.4), ("strong", 0.25)])
def test_a_still_scene_has_a_still_matte_however_the_camera_hisses(temporal: str, most: float) -> None:
    alphas = restless(24)

    def flicker(**options: Any) -> float:
        camera, clip = Camera(noise=6.0), TemporalSegmenter(Scripted(*alphas), gate=False, **options)
        shown = np.stack([clip.matte(camera.frame()).alpha for _ in alphas])
        return float(np.abs(np.diff(shown[4:], axis=0)).mean())

    assert flicker(temporal=temporal) < most * flicker(temporal="off")


@pytest.mark.parametrize("contrast", [60.0, 12.0, -25.0])
def test_who_moved_leaves_no_ghost(contrast: float) -> None:
    camera = Camera(contrast=contrast)
    source = Scripted(*[person(60)] * 14, person(180))
    clip = TemporalSegmenter(source, temporal="strong", gate=False)
    for _ in range(14):
        clip.matte(camera.frame(60))
    after = clip.matte(camera.frame(180)).alpha
    wrong = np.abs(after - person(180))
    assert wrong.sum() < 0.003 * person(180).sum()
    assert wrong[62:118, 62:118].max() == wrong[62:118, 182:238].max() == 0


def test_a_soft_edge_leaves_no_trail() -> None:
    """A net's edge may reach beyond what moves, into cells where the picture stands still."""

    def soft(x: int) -> np.ndarray:
        return cv2.GaussianBlur(person(x), (0, 0), 4)

    camera, places = Camera(), [60] * 12 + [90, 120, 150, 180]
    clip = TemporalSegmenter(Scripted(*map(soft, places)), temporal="strong", gate=False)
    for x in places:
        after = clip.matte(camera.frame(x)).alpha
    assert after[:, :120].max() < 0.02


def test_slow_motion_adds_up_and_is_followed() -> None:
    camera = Camera()
    places = [60 + step // 3 for step in range(60)]
    clip = TemporalSegmenter(Scripted(*map(person, places)), temporal="strong")
    late = [np.abs(clip.matte(camera.frame(x)).alpha - person(x)).sum() / 60 for x in places]
    assert max(late[5:]) < 1.2  # columns of the person that are wrong


def test_the_net_rests_while_nothing_moves_and_looks_again_now_and_then() -> None:
    camera, source = Camera(), Scripted(person())
    clip = TemporalSegmenter(source)
    count = 3 * REFRESH
    mattes = [clip.matte(camera.frame()) for _ in range(count)]
    assert clip.frames == count
    assert clip.skipped == count - len(source.asked)
    assert len(source.asked) <= SETTLE + 2 + 2
    assert mattes[SETTLE + 4] is mattes[SETTLE + 5]
    assert any(a is not b for a, b in zip(mattes[2 * REFRESH :], mattes[2 * REFRESH - 1 :], strict=False))


@pytest.mark.parametrize("size", [8, 20])
def test_a_small_motion_wakes_it_at_once(size: int) -> None:
    camera, source = Camera(), Scripted(person())
    clip = TemporalSegmenter(source)
    for _ in range(SETTLE + 6):
        clip.matte(camera.frame())
    asked = len(source.asked)
    assert clip.skipped > 0
    picture = ROOM.copy()
    picture[60:120, 100:160] += 60
    picture[20 : 20 + size, 20 : 20 + size] += 40
    clip.matte(camera.sense(picture))
    assert len(source.asked) == asked + 1


@pytest.mark.parametrize("ahead", [0, 1, 2])
@pytest.mark.parametrize("temporal", ["off", "light", "strong"])
def test_hidden_mattes_stay_hidden_and_are_mixed_with_nothing(temporal: str, ahead: int) -> None:
    if temporal == "off" and ahead:
        pytest.skip("off does not look ahead")
    spans = [person(level=0.8)] * 4 + [HIDDEN] * 3 + [person(level=0.4)] * 4
    camera, source = Camera(), Scripted(*spans)
    clip = TemporalSegmenter(source, temporal=temporal, look_ahead=ahead)
    results = [result for _ in spans for result in clip.push(camera.frame())] + clip.flush()
    mattes = [matte for _, _, matte in results]
    assert [matte.hidden for matte in mattes] == [alpha is HIDDEN for alpha in spans]
    for matte, alpha in zip(mattes, spans, strict=True):
        np.testing.assert_allclose(matte.alpha, alpha, atol=0.01)
    assert len(source.asked) == len(spans)
    assert not any(previous is not None and previous.hidden for previous in source.asked)
    assert source.asked[7] is None


def test_a_source_that_hides_is_asked_for_every_frame() -> None:
    camera, source = Camera(), Scripted(HIDDEN)
    clip = TemporalSegmenter(source)
    assert all(clip.matte(camera.frame()).hidden for _ in range(3 * SETTLE))
    assert (clip.skipped, len(source.asked)) == (0, 3 * SETTLE)


def test_what_the_net_sees_anew_in_a_still_scene_gets_in() -> None:
    """A refresh that disagrees wakes the net until the kept matte is the new one."""
    camera, source = Camera(), Scripted(*[person()] * (SETTLE + 1), person(220))
    clip = TemporalSegmenter(source, temporal="light")
    for _ in range(SETTLE + REFRESH + 25):
        last = clip.matte(camera.frame())
    assert np.abs(last.alpha - person(220)).max() < 0.15


def test_lamps_and_exposure_are_no_motion_and_no_cut() -> None:
    camera, source = Camera(), Scripted(person())
    clip = TemporalSegmenter(source)
    lights = [1 + 0.04 * (-1) ** step for step in range(30)] + [0.8] * 20
    for light in lights:
        clip.matte(camera.frame(light=light))
    assert clip.cuts == 0
    assert clip.skipped > 25
    assert sum(previous is None for previous in source.asked) == 1


def test_a_cut_begins_anew() -> None:
    camera = Camera()
    source = Scripted(*[person(60)] * 6, person(200, level=0.5))
    clip = TemporalSegmenter(source, temporal="strong")
    for _ in range(6):
        clip.matte(camera.frame(60))
    other = np.ascontiguousarray(255 - ROOM[::-1, ::-1])
    after = clip.matte(camera.frame(200, room=other))
    assert clip.cuts == 1
    assert source.asked[-1] is None
    assert np.array_equal(after.alpha, person(200, level=0.5))


def test_reset_and_another_size_begin_anew() -> None:
    camera, source = Camera(), Scripted(person())
    clip = TemporalSegmenter(source)
    clip.matte(camera.frame())
    clip.matte(camera.frame())
    clip.reset()
    clip.matte(camera.frame())
    source.alphas = [np.zeros((90, WIDTH), np.float32)]
    assert clip.matte(np.ascontiguousarray(camera.frame()[:90])).size == (90, WIDTH)
    assert [previous is None for previous in source.asked] == [True, False, True, True]
    assert clip.cuts == 0


@pytest.mark.parametrize("ahead", [0, 1, 2])
@pytest.mark.parametrize("gate", [True, False])
def test_each_frame_comes_back_with_its_own_matte_and_in_order(ahead: int, gate: bool) -> None:
    places = [20, 20, 20, *range(30, 230, 10)]
    camera, clip = Camera(), TemporalSegmenter(Scripted(*map(person, places)), look_ahead=ahead, gate=gate)
    frames = [camera.frame(x) for x in places]
    came = [clip.push(frame, index) for index, frame in enumerate(frames)]
    assert [len(done) for done in came[: ahead + 1]] == [0] * ahead + [1]
    done = [result for results in [*came, clip.flush()] for result in results]
    assert clip.delay == ahead
    assert [tag for tag, _, _ in done] == list(range(len(places)))
    for index, frame, matte in done:
        assert frame is frames[index]
        assert np.abs(matte.alpha - person(places[index])).max() < 0.02, index
    assert clip.flush() == []


def test_looking_ahead_is_steadier() -> None:
    alphas = restless(20)

    def flicker(ahead: int) -> float:
        camera, clip = Camera(), TemporalSegmenter(Scripted(*alphas), look_ahead=ahead, gate=False)
        done = [result for _ in alphas for result in clip.push(camera.frame())] + clip.flush()
        return float(np.abs(np.diff([matte.alpha for _, _, matte in done], axis=0)).mean())

    assert flicker(2) < flicker(1) < flicker(0)


def test_a_change_of_size_lets_go_of_what_waits() -> None:
    camera, clip = Camera(), TemporalSegmenter(Scripted(person()), look_ahead=2)
    assert clip.push(camera.frame(), "a") == clip.push(camera.frame(), "b") == []
    clip.segmenter = Scripted(person()[:90].copy())
    done = clip.push(np.ascontiguousarray(camera.frame()[:90]), "c")
    assert [(tag, matte.size) for tag, _, matte in done] == [("a", (HEIGHT, WIDTH)), ("b", (HEIGHT, WIDTH))]
    assert [tag for tag, _, _ in clip.flush()] == ["c"]


def test_off_leaves_every_matte_alone() -> None:
    alphas = restless(20)
    camera, source = Camera(noise=0), Scripted(*alphas)
    clip = TemporalSegmenter(source, temporal="off")
    for alpha in alphas:
        assert clip.matte(camera.frame()).alpha is alpha
    assert clip.skipped == 0


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 40, 3), (700, 3, 3), (37, 1021, 3)])
def test_frames_of_any_size(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)

    class Random:
        def matte(self, frame: np.ndarray, *, previous: Matte | None = None) -> Matte:
            return Matte(rng.random(frame.shape[:2], dtype=np.float32))

    clip = TemporalSegmenter(Random(), look_ahead=1)
    done = [
        result for _ in range(4) for result in clip.push(rng.integers(0, 256, shape, dtype=np.uint8))
    ] + clip.flush()
    assert [matte.size for _, _, matte in done] == [shape[:2]] * 4


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"temporal": "medium"}, "off, light, strong, not 'medium'"),
        ({"look_ahead": 3}, "0, 1 or 2 frames, not 3"),
        ({"look_ahead": -1}, "0, 1 or 2 frames"),
        ({"look_ahead": True}, "look_ahead must be a whole number, not True"),
        ({"temporal": "off", "look_ahead": 1}, "nothing to do with temporal off"),
    ],
)
def test_wrong_options(options: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        TemporalSegmenter(Scripted(person()), **options)


def test_with_look_ahead_mattes_come_later() -> None:
    with pytest.raises(OptionError, match="use push"):
        TemporalSegmenter(Scripted(person()), look_ahead=1).matte(Camera().frame())


def test_a_wrong_frame_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="RGB uint8"):
        TemporalSegmenter(Scripted(person())).push(np.zeros((4, 4), np.uint8))


def test_the_net_that_ships_is_steadier_and_as_right() -> None:
    clip = next(clips(1, spans=SHORT, size=(180, 320)))
    segmenter = Segmenter("fast", threads=1)

    def scores(temporal: str, ahead: int = 0) -> Any:
        stream = TemporalSegmenter(segmenter, temporal=temporal, look_ahead=ahead, gate=False)
        found = score(play_stream(stream, clip), clip, SHORT)
        assert stream.cuts == (0 if temporal == "off" else 1)
        return found

    plain = scores("off")
    assert plain.flicker > 0.3
    for temporal, ahead in (("light", 0), ("strong", 0), ("strong", 2)):
        steady = scores(temporal, ahead)
        assert steady.flicker < 0.4 * plain.flicker, temporal
        assert steady.miou > plain.miou - 0.2, temporal
        assert steady.lag <= 1
        assert steady.boundary_iou > plain.boundary_iou - 1
