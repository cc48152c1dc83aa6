"""All streams in one picture: each in a tile of its own, in the order of the file."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from limner.fitting import fit_frame
from limner.frame import Frame
from limner.live.drawing import card, text_width, write
from limner.live.recorder import opaque
from limner.multistream.config import TilesSpec

_LABEL = 0.045
"""Height of the line of a name as a share of the whole picture's, whatever its tile's is: so much can be read."""
_WIDEST_LABEL = 0.9
"""… of a tile, that a name takes at most."""
_WIDE = 16 / 9
"""Width to height of a stream that has shown nothing yet."""


@dataclass(slots=True)
class _Tile:
    picture: Frame | None = None
    words: str = "waiting for it"
    shape: float = _WIDE


class Wall:
    """Draws the newest picture of every stream at its own steady rate, in a thread.

    Args:
        send: gets each picture, RGB uint8 (H, W, 3), and its moment on `time.monotonic`'s clock.
    """

    def __init__(self, spec: TilesSpec, send: Callable[[Frame, float], None]) -> None:
        self.spec, self._send = spec, send
        self._lock = threading.Lock()
        self._tiles: dict[str, _Tile] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="limner-wall", daemon=True)
        self._thread.start()

    def arrange(self, names: Sequence[str]) -> None:
        """The streams that have a tile from now on, row by row."""
        with self._lock:
            self._tiles = {name: self._tiles.get(name) or _Tile() for name in names}

    def show(self, name: str, picture: Frame) -> None:
        """The newest picture of a stream, RGB or RGBA uint8; nothing happens where it has no tile."""
        if (tile := self._tiles.get(name)) is not None:
            tile.picture, tile.words, tile.shape = picture, "", picture.shape[1] / picture.shape[0]

    def cover(self, name: str, words: str) -> None:
        """Words in place of a stream's picture."""
        if (tile := self._tiles.get(name)) is not None:
            tile.picture, tile.words = None, words

    def picture(self) -> Frame:
        """RGB uint8 (H, W, 3), as it looks now."""
        with self._lock:
            tiles = list(self._tiles.items())
        width, height = self.spec.size
        whole = np.zeros((height, width, 3), np.uint8)
        across = self.spec.columns or columns_for([tile.shape for _, tile in tiles], self.spec.size)
        places = grid(len(tiles), self.spec.size, across)
        unit = label_height([name for name, _ in tiles], places, height)
        for (name, tile), (rows, columns) in zip(tiles, places, strict=True):
            size = rows.stop - rows.start, columns.stop - columns.start
            shown = tile.picture
            if shown is None:
                part = card(size, f"{name}: {tile.words}")
            else:
                part = fit_frame(opaque(shown), size, self.spec.fit)
                if self.spec.names:
                    part = part.copy() if part is shown else part
                    write(part, name, (0, round(1.2 * unit)), unit)
            whole[rows, columns] = part
        return whole

    def close(self) -> None:
        """No more pictures."""
        self._over.set()
        self._thread.join(2.0)

    def _work(self) -> None:
        step = 1 / self.spec.rate
        due = time.monotonic()
        while not self._over.is_set():
            if self._tiles:
                self._send(self.picture(), due)
            due = max(due + step, time.monotonic() - step)
            self._over.wait(max(0.0, due - time.monotonic()))


def columns_for(shapes: Sequence[float], size: tuple[int, int]) -> int:
    """How many tiles side by side show the most of streams of these ``shapes`` (width to height) in ``size``.

    Of two that show as much, the one with more side by side; ``size`` is (width, height).
    """
    count = len(shapes)

    def shown(across: int) -> float:
        width, height = size[0] / across, size[1] / math.ceil(count / across)
        return sum(min(width, height * shape) * min(height, width / shape) for shape in shapes)

    whole = size[0] * size[1]
    return max(range(1, count + 1), key=lambda across: (round(shown(across) / whole, 2), across), default=1)


def label_height(names: Sequence[str], places: Sequence[tuple[slice, slice]], height: int) -> float:
    """Height in pixels of the names' lines, the same for all: of the picture's ``height``, but so that each fits."""
    unit = max(10.0, _LABEL * height)
    for name, (_, columns) in zip(names, places, strict=True):
        wide = text_width(name, unit)
        unit *= min(1.0, _WIDEST_LABEL * (columns.stop - columns.start) / wide) if wide else 1.0
    return max(10.0, unit)


def grid(count: int, size: tuple[int, int], columns: int) -> list[tuple[slice, slice]]:
    """Rows and columns in pixels of ``count`` tiles, row by row, that together fill ``size`` (width, height).

    Args:
        columns: tiles side by side.
    """
    if count == 0:
        return []
    across = min(count, columns)
    down = math.ceil(count / across)
    xs = [size[0] * index // across for index in range(across + 1)]
    ys = [size[1] * index // down for index in range(down + 1)]
    return [
        (slice(ys[index // across], ys[index // across + 1]), slice(xs[index % across], xs[index % across + 1]))
        for index in range(count)
    ]
