"""A live run from end to end: nothing is shown that should not be, whatever happens to camera, net, effect or disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from limner.effects import make_effect
from limner.errors import LimnerError
from limner.frame import TimedFrame
from limner.live.session import LiveSession
from limner.live.status import Status
from limner.live.window.controls import Controls
from limner.media.images import read_image
from limner.media.window import Closed, Key, Paint, Pointer
from live_parts import SIZE, Frame, KeptWindow, Scripted, lost, make_session, raw_share, red_segmenter, scene, scenes
from video_clips import frames_of, times_of

RAW = raw_share([scene(0)])


def keys(*names: str) -> list[Any]:
    return [Key(name) for name in names]


def person(picture: Frame) -> bool:
    """Whether the disc is there with its own colour and edge: it covers 15 % of the picture."""
    return float(np.all(picture == (230, 30, 20), axis=-1).mean()) > 0.1


def outline(picture: Frame) -> int:
    """How sharp the disc's edge is below a card's words: the largest step between neighbours in red."""
    return int(np.abs(np.diff(picture[60:, :, 0].astype(int), axis=1)).max())


def own_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("limner-") and "snapshot" not in t.name]


def test_keys_change_the_effect_and_only_the_background(tmp_path: Path) -> None:
    window = KeptWindow({20: keys("r"), 40: keys("r"), 60: keys("g"), 80: keys("q")})
    session = make_session(lambda: Scripted(scenes(100_000)), red_segmenter(tmp_path), window=window)
    result = session.run()
    assert 80 <= result.frames < 100
    corners = [tuple(int(v) for v in window.pictures[i][2, 2]) for i in (38, 58, 78)]
    assert corners == [(0, 128, 0), (255, 255, 255), (255, 0, 255)]
    middle = window.pictures[78][SIZE[0] // 2, SIZE[1] // 2]
    assert tuple(int(v) for v in middle) == (230, 30, 20)
    assert raw_share(window.pictures) < RAW / 5
    assert window.closed
    assert own_threads() == []
    assert set(result.milliseconds) == {"decode", "segment", "effect", "show"}
    assert 0 < result.delay_median <= result.delay_p95


def test_snapshot_and_recording_are_whole_files(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    window = KeptWindow({10: keys("g", "v"), 30: keys("space"), 60: keys("v"), 90: [Closed()]})
    session = make_session(
        lambda: Scripted(scenes(100_000), rate=60), red_segmenter(tmp_path), window=window, options={"folder": out}
    )
    result = session.run()
    made = sorted(out.iterdir())
    assert [path.suffix for path in made] == [".mp4", ".png"]
    assert result.files == [str(made[0])]
    assert len(times_of(made[0])) + result.skipped >= 40
    assert times_of(made[0])[0] == 0
    picture = read_image(made[1]).pixels
    assert tuple(picture[2, 2]) == (255, 0, 255)
    assert np.abs(frames_of(made[0])[-1][2, 2].astype(int) - (255, 0, 255)).max() < 12


def test_nothing_raw_is_shown_before_the_first_trusted_matte(tmp_path: Path) -> None:
    class Late:
        def __init__(self) -> None:
            self._net, self.asked = red_segmenter(tmp_path), 0

        def matte(self, frame: Frame, *, previous: Any = None) -> Any:
            self.asked += 1
            if self.asked < 10:
                raise RuntimeError("the device is not ready")
            return self._net.matte(frame)

    window = KeptWindow({40: keys("q")})
    result = make_session(lambda: Scripted(scenes(100_000)), Late(), window=window).run()
    assert sum(result.hidden.values()) >= 9
    assert raw_share(window.pictures) < RAW / 5
    early, later = window.pictures[3], window.pictures[-1]
    assert not person(early)
    assert person(later)


@pytest.mark.parametrize("kind", ["raises", "no matte"])
def test_a_fault_of_the_net_hides_the_picture_until_it_is_well(tmp_path: Path, kind: str) -> None:
    class Faulty:
        def __init__(self) -> None:
            self._net, self.asked = red_segmenter(tmp_path), 0

        def matte(self, frame: Frame, *, previous: Any = None) -> Any:
            self.asked += 1
            if 20 <= self.asked < 40:
                if kind == "raises":  # every frame: a net that rests would not be asked
                    raise RuntimeError("out of memory")
                return None
            return self._net.matte(frame)

    window = KeptWindow({70: keys("q")})
    result = make_session(lambda: Scripted(scenes(100_000)), Faulty(), window=window).run()
    assert sum(result.hidden.values()) >= 20
    assert raw_share(window.pictures) < RAW / 5
    seen = [person(picture) for picture in window.pictures]
    assert any(seen[:20])
    assert not any(seen[24:38])
    assert seen[-1]


def test_a_stalled_net_hides_the_picture_and_does_not_keep_the_window_from_closing(tmp_path: Path) -> None:
    stuck, went_on = threading.Event(), threading.Event()

    class Stalls:
        def __init__(self) -> None:
            self._net, self.asked = red_segmenter(tmp_path), 0

        def matte(self, frame: Frame, *, previous: Any = None) -> Any:
            self.asked += 1
            if self.asked == 15:
                stuck.wait(120)
                went_on.set()
            return self._net.matte(frame)

    class ClosesAtTheCard(KeptWindow):
        def events(self) -> list[Any]:
            hides = bool(self.cards) and self.cards[-1] == len(self.pictures) - 1
            return [Closed()] if hides and net.asked == 15 else []

    net, window = Stalls(), ClosesAtTheCard()
    session = make_session(lambda: Scripted(scenes(100_000)), net, window=window, options={"stall": 0.5})
    session.run()
    assert not went_on.is_set()
    stuck.set()
    assert any(person(picture) for picture in window.pictures)
    assert not person(window.pictures[window.cards[-1]])
    assert raw_share(window.pictures) < RAW / 5


def test_an_effect_that_fails_shows_nothing_and_another_key_goes_on(tmp_path: Path) -> None:
    window = KeptWindow({30: keys("g"), 60: keys("q")})
    session = make_session(lambda: Scripted(scenes(100_000)), red_segmenter(tmp_path), window=window)
    good = session._effect.chosen

    def broken(frame: Frame, matte: Any) -> Frame:
        raise RuntimeError("no memory")

    session._effect._guarded.effect = type("Broken", (type(good),), {"__call__": lambda self, f, m: broken(f, m)})()
    session._viewer.controls._asked = session._effect.chosen
    session.run()
    assert raw_share(window.pictures) < RAW / 5
    assert not person(window.pictures[20])
    assert person(window.pictures[55])


def test_a_lost_camera_shows_a_card_and_comes_back(tmp_path: Path) -> None:
    window = KeptWindow()
    tries: list[int] = []

    def shows_person() -> bool:
        return bool(window.pictures) and person(window.pictures[-1])

    def until_seen() -> Iterator[Frame | Exception]:
        for frame in scenes(100_000):
            yield lost() if shows_person() else frame

    def after_card() -> Iterator[Frame]:
        for index, frame in enumerate(scenes(100_000)):
            if shows_person() and index > 3:
                window._script.setdefault(0, keys("q"))
            yield frame

    def connect() -> Scripted:
        tries.append(1)
        if len(tries) == 1:
            return Scripted(until_seen())
        if len(tries) < 4 or shows_person():  # until the card is there, and twice in any case
            raise lost()
        return Scripted(after_card())

    result = make_session(connect, red_segmenter(tmp_path), window=window).run()
    assert result.losses == 1
    assert len(tries) > 2
    assert person(window.pictures[-1])
    first = next(number for number, picture in enumerate(window.pictures) if person(picture))
    assert first < window.cards[0]
    card = window.pictures[window.cards[0]]
    assert outline(window.pictures[first]) > 100
    assert outline(card) < 20  # of the picture behind it nothing can be recognised, not even darkened
    assert 8 < card[60:].mean() < 120
    assert raw_share(window.pictures) < RAW / 5


class KeptOutlet:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[TimedFrame] = []
        self.checks, self.closed = 0, False

    def write(self, frame: TimedFrame) -> None:
        self.sent.append(frame)

    def check(self) -> None:
        self.checks += 1

    def close(self) -> None:
        self.closed = True


def test_an_outlet_gets_pictures_with_their_times_and_cards_between_them(tmp_path: Path) -> None:
    outlet, tries = KeptOutlet(), [0]

    def sent_person() -> bool:
        return any(person(frame.pixels) for frame in outlet.sent)

    def cards() -> int:
        known = [person(frame.pixels) for frame in outlet.sent]
        return known[known.index(True) :].count(False) if True in known else 0

    def until_seen() -> Iterator[Frame | Exception]:
        for frame in scenes(100_000):
            yield lost() if sent_person() else frame

    def connect() -> Scripted:
        tries[0] += 1
        if tries[0] == 1:
            return Scripted(until_seen())
        if cards() < 2:  # the card is sent again and again
            raise lost()
        return Scripted(scenes(40))

    result = make_session(connect, red_segmenter(tmp_path), outlet=outlet).run()
    assert result.losses == 1
    assert outlet.closed
    assert outlet.checks > 0
    assert raw_share(frame.pixels for frame in outlet.sent) < RAW / 5
    known = [person(frame.pixels) for frame in outlet.sent]
    first = known.index(True)
    assert not all(known[first:])
    assert known[-1]
    card = next(frame for frame in outlet.sent[first:] if not person(frame.pixels) and frame.pixels.mean() < 120)
    assert card.time > outlet.sent[first].time


def test_an_outlet_gets_no_card_before_a_picture(tmp_path: Path) -> None:
    outlet, tries = KeptOutlet(), [0]

    def connect() -> Scripted:
        tries[0] += 1
        if tries[0] < 5:
            return Scripted(iter([lost()])) if tries[0] == 1 else _refuse()
        return Scripted(scenes(20))

    make_session(connect, red_segmenter(tmp_path), outlet=outlet).run()
    assert len(outlet.sent) == 20


def _refuse() -> Scripted:
    raise lost()


def test_a_change_of_size_survives_in_window_and_recording(tmp_path: Path) -> None:
    def frames() -> Iterator[Frame]:
        yield from scenes(40)
        yield from scenes(40, (120, 90))
        yield from scenes(40)

    window = KeptWindow()
    target = tmp_path / "out.mp4"
    result = make_session(
        lambda: Scripted(frames(), rate=60), red_segmenter(tmp_path), effect="color", window=window, record=target
    ).run()
    assert {picture.shape for picture in window.pictures} == {(96, 128, 3), (120, 90, 3)}
    assert {frame.shape for frame in frames_of(target)} == {(96, 128, 3)}
    assert len(times_of(target)) == result.frames - result.skipped


def test_pause_shows_the_same_picture_and_goes_on(tmp_path: Path) -> None:
    class Patient(KeptWindow):
        """Goes on when it was asked for keys twenty times, and nothing came to be shown meanwhile."""

        asked = 0
        when: tuple[int, int] = (0, 0)

        def events(self) -> list[Any]:
            told = super().events()
            if told == keys("p"):
                self.asked = 1
            elif self.asked:
                self.asked += 1
                if self.asked == 3:
                    self.when = (len(self.pictures), 0)
                if self.asked == 20:
                    self.when = (self.when[0], len(self.pictures))
                    self._script[30] = keys("q")
                    return keys("p")
            return told

    window = Patient({10: keys("p")})
    result = make_session(lambda: Scripted(scenes(100_000)), red_segmenter(tmp_path), window=window).run()
    assert window.when[0] == window.when[1] >= 10
    assert 28 <= result.frames < 60
    before, paused = (window.pictures[window.when[0] - back] for back in (2, 1))
    assert np.array_equal(before[60:], paused[60:])  # below the words that say so


def test_a_click_picks_who_stays_and_the_others_go(tmp_path: Path) -> None:
    red, magenta = (230, 30, 20), (255, 0, 255)

    def two() -> Iterator[Frame]:
        for index in range(100_000):
            frame = scene(index)
            frame[30:90, :18] = red  # the disc never touches it
            yield frame

    window = KeptWindow({25: [Pointer("down", 9, 60), Pointer("up", 9, 60)], 85: keys("a"), 100: keys("q")})
    make_session(lambda: Scripted(two()), red_segmenter(tmp_path), effect="color", window=window).run()
    both, alone, again = window.pictures[24], window.pictures[80], window.pictures[-1]

    def share(picture: Frame, colour: tuple[int, int, int], columns: slice) -> float:
        below = picture[56:68, columns]  # what the overlay says stands above
        return float(np.all(below == colour, axis=-1).mean())

    picked, other = slice(4, 14), slice(60, 68)
    assert share(both, red, picked) == share(both, red, other) == 1
    assert share(alone, red, picked) == 1
    assert share(alone, magenta, other) == 1
    assert share(alone, red, slice(40, None)) == 0
    assert share(again, red, picked) == share(again, red, other) == 1


def test_a_recording_that_cannot_be_written_ends_in_its_error(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="does not exist"):
        make_session(lambda: Scripted(scenes(10)), red_segmenter(tmp_path), record=tmp_path / "no" / "out.mp4")


def test_an_error_elsewhere_finishes_the_recording(tmp_path: Path) -> None:
    class Broken:
        name, size = "broken", (128, 96)
        sent = 0
        last: Frame | None = None

        def send(self, pixels: Frame) -> None:
            self.sent += pixels is not self.last  # a picture is sent again while no other comes
            self.last = pixels
            if self.sent > 20:
                raise LimnerError("the virtual camera is gone")

        def watched(self) -> bool:
            return True

        def close(self) -> None:
            pass

    virtual: Any = Broken()
    session = make_session(
        lambda: Scripted(scenes(100_000), rate=60),
        red_segmenter(tmp_path),
        virtual=virtual,
        record=tmp_path / "out.mp4",
    )
    with pytest.raises(LimnerError, match="is gone"):
        session.run()
    assert len(times_of(tmp_path / "out.mp4")) + session._recordings.skipped == 21
    assert list(tmp_path.glob("*.recording.mp4")) == []


def test_sliders_and_arrows() -> None:
    moved: list[float] = []
    controls = Controls(make_effect("blur"), backgrounds=("red", "blue"), threshold=0.5, set_threshold=moved.append)
    controls.press("right")
    assert controls.background_slider == ("blur 55%", 0.55)
    controls.press("up")
    assert moved == [0.55]
    controls.press("r")
    controls.press("left")
    assert controls.look.background == 1
    controls.press("c")
    assert controls.title == "replace + color_transfer"
    before = controls.effect()
    controls.press("m")
    assert controls.effect() is not before
    controls.press("m")
    assert controls.effect() is before
    assert not controls.press("x")


@pytest.mark.parametrize(("key", "name"), [("c", "color_transfer"), ("s", "seamless_clone"), ("h", "harmonize")])
def test_what_fits_the_person_to_a_background_brings_one_and_rests_with_blur(key: str, name: str) -> None:
    controls = Controls(make_effect("blur"), backgrounds=("red", "blue"))
    controls.press(key)
    assert controls.title == f"replace + {name}"
    controls.press("b")
    assert controls.title == "blur"
    controls.press("r")
    assert controls.title == f"replace + {name}"
    controls.press("b")
    controls.press(key)
    assert controls.title == f"replace + {name}"
    controls.press(key)
    assert controls.title == "replace"


def test_keys_change_a_part_of_the_chain_that_was_asked_for() -> None:
    asked = make_effect("harmonize:0.6,light_wrap,replace:red")
    controls = Controls(asked, backgrounds=("red", "blue"))
    assert controls.effect() is asked
    controls.press("h")
    assert set(controls.title.split(" + ")) == {"replace", "light_wrap"}
    controls.press("h")
    assert controls.effect() is asked
    controls.press("m")
    assert set(controls.title.split(" + ")) == {"replace", "light_wrap", "harmonize", "smoothstep"}
    assert {effect.name for effect in controls.effect().effects} == {"replace", "light_wrap", "harmonize", "smoothstep"}
    controls.press("r")
    assert (controls.look.background, controls.title) == (1, "replace + harmonize + smoothstep")
    assert asked.effects[0] in controls.effect().effects or asked.effects[1] in controls.effect().effects


def test_a_key_that_cannot_be_followed_leaves_everything() -> None:
    asked = make_effect("replace:red")
    controls = Controls(asked, backgrounds=("red", "no-such-photo.jpg"))
    controls.press("r")
    assert controls.effect() is asked
    assert "no-such-photo.jpg" in controls.message


@pytest.mark.slow
def test_an_hour_takes_no_more_memory_than_a_minute(tmp_path: Path) -> None:
    """Five thousand frames through everything, all of them as fast as they go: what leaked would be seen."""
    process, sizes = psutil.Process(), []

    class Watched(KeptWindow):
        count = 0

        def show(self, pixels: Frame, paint: Paint | None = None) -> None:
            self.count += 1
            if self.count % 250 == 0:
                sizes.append(process.memory_info().rss / 2**20)
            if self.count % 500 == 0:
                self._script[0] = keys("r" if self.count % 1000 else "b")

    few = [scene(index) for index in range(44)]
    frames = (few[index % 44] for index in range(5000))
    session = make_session(
        lambda: Scripted(frames, rate=100_000),
        red_segmenter(tmp_path),
        source={"every_frame": True},
        window=Watched(),
        record=tmp_path / "long.mp4",
        options={"overlay": True},
    )
    result = session.run()
    assert result.frames == 5000
    settled = sizes[len(sizes) // 4]
    assert max(sizes[len(sizes) // 4 :]) - settled < 24


class Page:
    """Who looks without a window: keeps what is shown, and asks for other things as time goes on."""

    def __init__(self, script: dict[int, Callable[[LiveSession], None]]) -> None:
        self.pictures: list[np.ndarray] = []
        self.said: list[str] = []
        self.closed = False
        self._script = script

    def show(self, pixels: np.ndarray, status: Status | None) -> None:
        self.pictures.append(pixels.copy())

    def say(self, text: str) -> None:
        self.said.append(text)

    def poll(self, session: LiveSession) -> bool:
        ask = self._script.pop(next((at for at in self._script if at <= len(self.pictures)), -1), None)
        if ask is not None:
            ask(session)
        return ask is not None

    def close(self) -> None:
        self.closed = True


def test_a_session_is_run_without_a_window_and_keys(tmp_path: Path) -> None:
    green = make_effect("color", color="#00ff00")
    page = Page({20: lambda live: live.choose(green), 40: lambda live: live.pick(64, 60), 60: lambda live: live.stop()})
    made = make_session(lambda: Scripted(scenes(10_000)), red_segmenter(tmp_path))
    session = LiveSession(
        made._source, made._mattes.source, make_effect("blur"), guard=made._guard, viewer=page, pick=made._pick
    )
    result = session.run()
    assert result.frames >= 60
    assert page.closed
    assert page.said == ["following who was clicked"]
    corners = [tuple(map(int, picture[2, 2])) for picture in page.pictures]
    assert (0, 255, 0) not in corners[:20]
    assert corners[-1] == (0, 255, 0)


def test_a_session_needs_nobody_who_looks(tmp_path: Path) -> None:
    made = make_session(lambda: Scripted(scenes(10_000)), red_segmenter(tmp_path), options={"frames": 12})
    assert made._viewer is None
    assert made.run().frames >= 12
