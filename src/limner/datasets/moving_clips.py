"""Clips with exact truth: cut-out people who sit still, sway, rush and change over moving rooms, seen by a camera."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.frame import Frame

Alpha = NDArray[np.float32]
Move = Literal["still", "sway", "fast", "enter", "leave"]
Bool = NDArray[np.bool_]

SWAY, FAST, WALK = 0.0035, 0.03, 0.014
"""Speeds as shares of the width a frame: of somebody who talks, who jumps aside, and who walks by."""
READ_NOISE, SHOT_NOISE = 2.0, 0.05
"""Variance of the noise in 8-bit levels: ``READ_NOISE + SHOT_NOISE × level``, that of a webcam in a lit room."""
_OUTSIDE = 0.85
"""Widths to the side at which nobody is seen any more."""
_SHUTTER = 0.5  # share of a frame's time that the shutter is open: what moves fast is blurred
_ROOM = 1.25  # the background is this much larger than the frame, so that it can pan


@dataclass(frozen=True, slots=True)
class Cutout:
    """A person without surroundings: straight colours, RGB uint8 (h, w, 3), and alpha, float32 (h, w) in [0, 1]."""

    rgb: Frame
    alpha: Alpha


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Some frames in which one thing goes on.

    Attributes:
        frames: how many.
        person: "still", "sway" (slowly, as in talking), "fast" (3 % of the width a frame, to and fro), "enter" (walks
            in) or "leave" (walks out).
        pan: how far the background moves in each frame, as a share of the width; 0 is a tripod.
        light: stops of exposure, at once, against the first span; as an auto-exposure does.
        cut: another person before another background from here on.
    """

    frames: int
    person: Move = "still"
    pan: float = 0.0
    light: float = 0.0
    cut: bool = False


@dataclass(frozen=True, slots=True)
class MovingClip:
    """A clip and its truth.

    Attributes:
        frames: RGB uint8 (T, H, W, 3).
        truths: float32 (T, H, W) in [0, 1].
        still: bool (T − 1, H, W): pixels that show the same thing in a frame and the next; a cut has none.
        spans: int (T,): which span each frame belongs to.
    """

    frames: NDArray[np.uint8]
    truths: Alpha
    still: Bool
    spans: NDArray[np.int64]


def make_moving_clip(
    people: Sequence[Cutout],
    rooms: Sequence[Frame],
    spans: Sequence[Span],
    *,
    size: tuple[int, int] = (360, 640),
    seed: int = 0,
    noise: float = 1.0,
    flicker: float = 0.0,
) -> MovingClip:
    """Play the spans one after the other. Equal seeds give equal clips.

    Args:
        people: a cut changes to the next one, and to the next of `rooms`.
        rooms: backgrounds, RGB uint8 of any size.
        spans: what goes on.
        size: (height, width) of the frames.
        seed: of the noise and of where the motion goes.
        noise: times that of a webcam in a lit room (`limner.evaluation.clips`).
        flicker: standard deviation of each frame's exposure in stops: lamps, and a restless auto-exposure.
    """
    rng = np.random.default_rng(seed)
    actor, place, pan, heading, scene = 0, np.zeros(2), 0.0, 1.0, 0
    sprite, room = _sprite(people[0], size), _room(rooms[0], size)
    frames, truths, still, labels = [], [], [], []
    before: _Moment | None = None
    for index, span in enumerate(spans):
        if span.cut:
            scene += 1
            actor, place, pan = scene % len(people), np.zeros(2), 0.0
            sprite, room = _sprite(people[actor], size), _room(rooms[scene % len(rooms)], size)
        for step in range(span.frames):
            if span.person == "enter" and step == 0:
                place = np.array([-heading * _OUTSIDE * size[1], 0.0])
            speed, heading = _velocity(span, step, place, heading, size[1])
            place = place + speed
            slide = span.pan * size[1]
            pan += slide
            picture, truth = _expose(sprite, room, size, place, speed, pan, slide)
            stops = span.light + rng.normal(0, flicker)
            frames.append(_sense(picture, stops, noise, rng))
            truths.append(truth)
            labels.append(index)
            now = _Moment(scene, bool(speed.any()), slide != 0, truth)
            if before is not None:
                still.append(_unmoved(before, now))
            before = now
    return MovingClip(np.stack(frames), np.stack(truths), np.stack(still), np.array(labels))


def _velocity(
    span: Span, step: int, place: NDArray[np.float64], heading: float, width: int
) -> tuple[NDArray[np.float64], float]:
    """Pixels (x, y) that the person moves by before this frame, and which way it goes on."""
    if span.person == "still":
        return np.zeros(2), heading
    if span.person == "sway":
        turn = 2 * math.pi * step / 24
        return SWAY * width * np.array([math.cos(turn), 0.4 * math.sin(2 * turn)]), heading
    if span.person in ("enter", "leave"):
        there = place[0] * heading >= (0 if span.person == "enter" else _OUTSIDE * width)
        return (np.zeros(2) if there else WALK * width * np.array([heading, 0.0])), heading
    if abs(place[0]) > 0.2 * width and place[0] * heading > 0:
        heading = -heading
    return FAST * width * np.array([heading, 0.0]), heading


def _sprite(person: Cutout, size: tuple[int, int]) -> tuple[NDArray[np.float32], Alpha]:
    """Premultiplied colours and alpha on a canvas of the frame's size, the person's feet at its lower edge."""
    height, width = size
    rows, columns = np.nonzero(person.alpha > 0.05)
    box = (slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1))
    alpha = person.alpha[box]
    colours = person.rgb[box].astype(np.float32) * alpha[..., None]
    scale = min(0.85 * height / alpha.shape[0], 0.6 * width / alpha.shape[1])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    shape = (max(1, round(alpha.shape[1] * scale)), max(1, round(alpha.shape[0] * scale)))
    alpha = cv2.resize(alpha, shape, interpolation=how).astype(np.float32)
    colours = cv2.resize(colours, shape, interpolation=how).astype(np.float32)
    left = (width - shape[0]) // 2
    canvas, matte = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    canvas[height - shape[1] :, left : left + shape[0]] = colours
    matte[height - shape[1] :, left : left + shape[0]] = alpha
    return canvas, matte


def _room(room: Frame, size: tuple[int, int]) -> NDArray[np.float32]:
    height, width = math.ceil(size[0] * _ROOM), math.ceil(size[1] * _ROOM)
    scale = max(height / room.shape[0], width / room.shape[1])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    large = cv2.resize(room, None, fx=scale, fy=scale, interpolation=how)
    top, left = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
    return large[top : top + height, left : left + width].astype(np.float32)


def _expose(
    sprite: tuple[NDArray[np.float32], Alpha],
    room: NDArray[np.float32],
    size: tuple[int, int],
    place: NDArray[np.float64],
    speed: NDArray[np.float64],
    pan: float,
    slide: float,
) -> tuple[NDArray[np.float32], Alpha]:
    """What falls on the sensor while the shutter is open: (H, W, 3) in 8-bit levels, and the mean alpha."""
    longest = _SHUTTER * max(float(np.abs(speed).max()), abs(slide))
    moments = [(i + 0.5) / n - 0.5 for n in [max(1, math.ceil(longest / 2))] for i in range(n)]
    picture: NDArray[np.float32] = np.zeros((*size, 3), np.float32)
    truth: Alpha = np.zeros(size, np.float32)
    for moment in moments:
        x, y = place + moment * _SHUTTER * speed
        # The person leans: the feet stay lower in the frame than they are shown, so that no gap opens beneath.
        alpha = _shift(sprite[1], (x, max(y, 0.0)), size)
        behind = _swing(room, pan + moment * _SHUTTER * slide, size)
        picture += _shift(sprite[0], (x, max(y, 0.0)), size) + behind * (1 - alpha[..., None])
        truth += alpha
    picture /= len(moments)
    truth /= len(moments)
    return picture, np.clip(truth, 0, 1, out=truth)


def _shift(picture: NDArray[np.float32], by: tuple[float, float], size: tuple[int, int]) -> NDArray[np.float32]:
    if not any(by):
        return picture
    matrix = np.array([[1, 0, by[0]], [0, 1, by[1]]], np.float64)
    moved: Any = cv2.warpAffine(picture, matrix, size[::-1], flags=cv2.INTER_LINEAR)
    return moved  # type: ignore[no-any-return]


def _swing(room: NDArray[np.float32], pan: float, size: tuple[int, int]) -> NDArray[np.float32]:
    """The part of the room that is seen: it slides from one end to the other and back."""
    spare = room.shape[1] - size[1] - 2
    x = 1 + spare / 2 + pan
    x = abs((x - 1) % (2 * spare) - spare) + 1
    matrix = np.array([[1, 0, -x], [0, 1, -(room.shape[0] - size[0]) // 2]], np.float64)
    seen: Any = cv2.warpAffine(room, matrix, size[::-1], flags=cv2.INTER_LINEAR)
    return seen  # type: ignore[no-any-return]


def _sense(picture: NDArray[np.float32], stops: float, noise: float, rng: np.random.Generator) -> Frame:
    light = picture * np.float32(2**stops)
    grain = rng.standard_normal(light.shape, dtype=np.float32) * np.sqrt(READ_NOISE + SHOT_NOISE * light)
    sensed: Frame = np.clip(np.rint(light + np.float32(noise) * grain), 0, 255).astype(np.uint8)
    return sensed


class _Moment(NamedTuple):
    """A frame's scene, what moves while its shutter is open, and its truth."""

    scene: int
    person: bool
    room: bool
    truth: Alpha


def _unmoved(before: _Moment, now: _Moment) -> Bool:
    """A frame blurred by motion and a sharp one are not the same: both must be at rest."""
    if before.scene != now.scene:
        return np.zeros(now.truth.shape, np.bool_)
    still = np.ones(now.truth.shape, np.bool_)
    if before.person or now.person:
        still &= np.maximum(before.truth, now.truth) == 0
    if before.room or now.room:
        still &= np.minimum(before.truth, now.truth) == 1
    return still
