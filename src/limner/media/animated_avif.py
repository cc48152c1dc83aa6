"""Moving AVIF: stills wait beside the result until Pillow can encode them all, one after another, in one pass."""

from __future__ import annotations

import io
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image as Pillow

from limner.frame import Frame
from limner.media.formats import FORMATS, load_plugin


class Avif:
    """Moving AVIF, each picture predicted from others; its transparency is a stream of its own.

    Attributes:
        folder: where stills wait.
    """

    ticks = 1000

    def encode(self, pixels: Frame) -> bytes:
        """A lossless still, as AVIF codes a picture by others that Pillow has not seen yet."""
        buffer = io.BytesIO()
        Pillow.fromarray(pixels).save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()

    def begin(self, file: BinaryIO, size: tuple[int, int], *, alpha: bool, plays: int) -> None:
        load_plugin(FORMATS["AVIF"])
        self._file, self._size, self._mode = file, size, "RGBA" if alpha else "RGB"
        self._shown: list[int] = []
        self.folder = Path(tempfile.mkdtemp(prefix=".limner-avif.", dir=Path(file.name).parent))

    def add(self, still: bytes, duration: Fraction) -> None:
        self._still(len(self._shown)).write_bytes(still)
        self._shown.append(round(duration * 1000))

    def end(self) -> None:
        stills = _Stills([self._still(index) for index in range(len(self._shown))], self._size, self._mode)
        stills.save(
            self._file, "AVIF", save_all=True, duration=self._shown, quality=FORMATS["AVIF"].quality, speed=8,
            subsampling="4:4:4",
        )  # fmt: skip

    def _still(self, index: int) -> Path:
        return self.folder / f"{index}.png"


class _Stills(Pillow.Image):
    """Files as the pictures of one moving image, of which Pillow's writer asks for one at a time."""

    is_animated = True

    def __init__(self, paths: list[Path], size: tuple[int, int], mode: str) -> None:
        super().__init__()
        self._size, self._mode = size, mode
        self._paths, self._at, self._loaded = paths, 0, -1

    def seek(self, frame: int) -> None:
        if not 0 <= frame < len(self._paths):
            raise EOFError
        self._at = frame

    def tell(self) -> int:
        return self._at

    def load(self) -> Any:
        if self._loaded != self._at:
            with Pillow.open(self._paths[self._at]) as still:
                self.im = still.convert(self.mode).im if still.mode != self.mode else _loaded(still)
            self._loaded = self._at
        return super().load()


def _loaded(image: Pillow.Image) -> Any:
    image.load()
    return image.im
