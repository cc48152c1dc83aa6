"""The files that an effect reads beside the photo or clip, which a result must not replace."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from limner.assembly.effect import EffectOptions
from limner.effects.spec import parse_spec
from limner.errors import OptionError


def read_beside(effect: EffectOptions) -> list[Path]:
    """Backgrounds and presentations, those of them that are files."""
    texts = [value for value in effect.settings.values() if isinstance(value, str)]
    texts += [link.text for link in parse_spec(effect.effect) if link.text]
    return [path for path in map(Path, texts) if path.is_file()]


def refuse_to_replace(targets: Iterable[Path], effect: EffectOptions, *, scene: Path | None = None) -> None:
    """
    Args:
        targets: the results.
        effect: whose files are read.
        scene: the shot of the room without people, if there is one.

    Raises:
        OptionError: one of the results would replace a file that is read for it.
    """
    read = read_beside(effect)
    if scene is not None and scene.is_file():
        read.append(scene)
    for target in targets:
        for path in read:
            if target.exists() and target.samefile(path):
                raise OptionError(f"‹output› {target}: is read as well, for the background; name another place")
