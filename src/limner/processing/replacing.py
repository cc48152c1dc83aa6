"""What a result must not replace: the files that are read for it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from limner.errors import OptionError


def refuse_to_replace(targets: Iterable[Path], files: Iterable[Path]) -> None:
    """
    Args:
        targets: the results.
        files: what is read for them beside the photos or the clip, such as `limner.effects.base.Effect.files`.

    Raises:
        OptionError: one of the results would replace a file that is read for it.
    """
    read = [path for path in files if path.is_file()]
    for target in targets:
        if target.exists() and any(target.samefile(path) for path in read):
            raise OptionError(f"‹output› {target}: is read as well, for the background; name another place")
