"""One picture that shows what an effect does to a clip: moments of it before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import islice

import cv2
import numpy as np

from limner.effects.base import Effect
from limner.errors import MediaError
from limner.frame import Frame, TimedFrame
from limner.matte import Matte
from limner.media.clips import read_clip
from limner.media.color_conversion import SRGB, converter
from limner.media.video_info import VideoInfo
from limner.processing.transparency import apply_effect

_CELL = 640
_GAP = 8
_SQUARE = 12


def preview_sheet(
    info: VideoInfo,
    *,
    segment: Callable[[Frame], Matte],
    effect: Effect,
    start: Fraction | None = None,
    duration: Fraction | None = None,
    moments: int = 4,
) -> Frame:
    """RGB uint8: `moments` evenly spread frames, each before and after, with its time. Transparency is chequered.

    Wide clips get a row for each moment, tall ones a column.

    Raises:
        MediaError: the clip cannot be read, or has no frame in the span asked for.
    """
    pairs = []
    effect.match_colors(info.colors.points)
    to_srgb = converter(info.colors.points, SRGB)
    for frame in _moments(info, start or Fraction(0), duration, moments):
        before, alpha = frame.pixels, frame.alpha
        effect.at(frame.time)
        after = apply_effect(effect, before, segment(before), alpha)
        if alpha is not None:
            before = np.dstack([before, alpha])
        tall = before.shape[0] > before.shape[1] * info.sample_aspect
        shown = (p if to_srgb is None else to_srgb(p) for p in (_chequered(before), _chequered(after)))
        before_cell, after_cell = (_cell(p, info.sample_aspect) for p in shown)
        _write_time(before_cell, frame.time)
        pairs.append(_join([before_cell, after_cell], down=tall))
    tall = info.height > info.width * info.sample_aspect
    return _join(pairs, down=not tall)


def _moments(info: VideoInfo, start: Fraction, duration: Fraction | None, count: int) -> Iterator[TimedFrame]:
    length = None if info.duration is None else info.duration - start
    if duration is not None:
        length = duration if length is None else min(length, duration)
    step = Fraction(1) if length is None or length <= 0 else length / count
    found = 0
    for index in range(count):
        at = start + step * index + (step / 2 if length is not None and length > 0 else 0)
        try:
            reader = read_clip(info, start=at, keep_going=True, alpha=True)
            for frame in islice(reader, 1):
                found += 1
                yield replace(frame, time=reader.offset - info.origin)
        except MediaError:
            continue
    if found == 0:
        reader = read_clip(info, start=start, duration=duration, alpha=True)
        for frame in islice(reader, 1):  # raises the error that says why
            yield replace(frame, time=reader.offset - info.origin)


def _cell(pixels: Frame, aspect: Fraction) -> Frame:
    height, width = pixels.shape[0], pixels.shape[1] * float(aspect)
    scale = min(1.0, _CELL / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _chequered(pixels: Frame) -> Frame:
    if pixels.shape[2] == 3:
        return pixels
    height, width = pixels.shape[:2]
    side = max(_SQUARE, max(height, width) * _SQUARE // _CELL)
    rows, columns = np.arange(height) // side, np.arange(width) // side
    board = np.where((rows[:, None] + columns) % 2, 204, 255)[..., None].astype(np.float32)
    alpha = pixels[..., 3:].astype(np.float32) / 255
    mixed: Frame = (pixels[..., :3] * alpha + board * (1 - alpha) + 0.5).astype(np.uint8)
    return mixed


def _write_time(cell: Frame, time: Fraction) -> None:
    text, at = f"{float(time):.2f} s", (10, cell.shape[0] - 12)
    cv2.putText(cell, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 4, cv2.LINE_AA)
    cv2.putText(cell, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1, cv2.LINE_AA)


def _join(cells: list[Frame], *, down: bool) -> Frame:
    axis = 0 if down else 1
    size = list(cells[0].shape)
    size[axis] = _GAP
    gap = np.full(size, 255, np.uint8)
    parts = [part for cell in cells for part in (gap, cell)][1:]
    return np.ascontiguousarray(np.concatenate(parts, axis=axis))
