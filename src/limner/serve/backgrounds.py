"""What may lie behind a person here: a colour, an uploaded photo, or one of the operator's. Never another file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from limner.assembly import EffectOptions
from limner.colors import is_color, parse_color
from limner.effects.registry import EFFECTS
from limner.effects.setting import Setting
from limner.effects.spec import Link, parse_spec
from limner.errors import OptionError
from limner.media.backgrounds import Background, PhotoBackground
from limner.media.formats import readable
from limner.media.images import read_image

_TOLD = 10


def file_settings() -> tuple[str, ...]:
    """Names of the settings of effects whose value may be a file."""
    found = (item for effect in EFFECTS for item in EFFECTS.settings(effect) if item.names_file)
    return tuple(dict.fromkeys(item.name for item in found))


class Backgrounds:
    """The photos of the operator's folder, by name. The folder is looked through once.

    Args:
        folder: None: there are none.
        max_pixels: of a photo.

    Raises:
        OptionError: the folder cannot be read, or holds no photo.
    """

    def __init__(self, folder: Path | None, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._files: dict[str, Path] = {}
        if folder is None:
            return
        try:
            found = sorted(path for path in folder.iterdir() if path.suffix.lower() in readable() and path.is_file())
        except OSError as error:
            raise OptionError(f"‹backgrounds› {folder}: cannot be read: {error.strerror or error}") from None
        self._files = {path.name: path for path in found if path.name.isprintable() and "," not in path.name}
        if not self._files:
            raise OptionError(f"‹backgrounds› {folder}: holds no photo")

    @property
    def names(self) -> tuple[str, ...]:
        """What requests may say."""
        return tuple(self._files)

    def split(self, asked: EffectOptions, uploads: Mapping[str, bytes]) -> tuple[EffectOptions, dict[str, Background]]:
        """The options without what names a file, and in its place what was uploaded or is the operator's own.

        Args:
            asked: as a request says it.
            uploads: setting -> the bytes of a photo.

        Raises:
            OptionError: a value is neither a colour nor a background that is there, or is given twice.
            MediaError: a photo cannot be read.
        """
        links, settings = [], dict(asked.settings)
        for link in parse_spec(asked.effect):
            item = _file_setting(link)
            if item is None or link.text is None:
                links.append(link)
                continue
            if item.name in settings or item.name in uploads:
                raise OptionError(f"‹effect› {link.name}:{link.text} already says its {item.name}: say it once")
            settings[item.name] = link.text
            links.append(Link(link.name))
        objects: dict[str, Background] = {}
        for name in file_settings():
            if name in uploads and name in settings:
                raise OptionError(f"‹{name}› is given twice, as a text and as a file: give it once")
            if name in uploads:
                objects[name] = self._opened(uploads[name], name)
            elif name in settings:
                value = str(settings.pop(name))
                if value in self._files:
                    objects[name] = self._opened(self._files[value], value)
                else:
                    settings[name] = self._color(value, name)
        spec = ",".join(link.name if link.text is None else f"{link.name}:{_escaped(link.text)}" for link in links)
        return EffectOptions(effect=spec, settings=settings), objects

    def _opened(self, source: bytes | Path, name: str) -> Background:
        photo = read_image(source, name=name, max_pixels=self._max_pixels)
        return PhotoBackground(photo.pixels, photo.alpha)

    def _color(self, value: str, name: str) -> str:
        """A colour as #rrggbb, which no file is called."""
        if is_color(value):
            return "#{:02x}{:02x}{:02x}".format(*parse_color(value, option=f"‹{name}›"))
        there = ", ".join((*self.names[:_TOLD], *(["…"] if len(self.names) > _TOLD else [])))
        own = f", nor a background of this server ({there})" if there else ""
        raise OptionError(f"‹{name}› {value!r} is no colour{own}; to use a photo, upload it as the part {name}")


def _file_setting(link: Link) -> Setting | None:
    """The setting that the text of a link stands for, where that may be a file."""
    settings = EFFECTS.settings(link.name) if link.name in EFFECTS else ()
    return next((item for item in settings if item.names_file), None)


def _escaped(text: str) -> str:
    return text.replace(",", "\\,")
