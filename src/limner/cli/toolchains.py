"""`limner toolchains`: the environments that `limner export` makes for its converters."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli.interruption import keeping
from limner.errors import OptionError


def command(
    make: Annotated[
        list[str] | None, typer.Option("--make", metavar="NAME", help="Install this one now; may be repeated; or all.")
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", metavar="NAME", help="Delete this one; may be repeated; or all, or old."),
    ] = None,
) -> None:
    """List the environments that `limner export` makes for its converters, once each; make or remove them.

    They are in the user's cache folder ($LIMNER_CACHE chooses another). "old" are those left by other versions of
    Limner or Python, or by an interruption.
    """
    from limner.export.toolchains.environments import remove_folder
    from limner.export.toolchains.known import TOOLCHAINS

    for name in make or ():
        _check("--make", name, [*TOOLCHAINS, "all"])
    for name in remove or ():
        _check("--remove", name, [*TOOLCHAINS, "all", "old"])
    for name, toolchain in TOOLCHAINS.items():
        if remove and (name in remove or "all" in remove):
            print(f"{name}: {'removed' if toolchain.remove() else 'is not there'}")
        if make and (name in make or "all" in make):
            with keeping(f"{name} was not installed; the same command goes on"):
                toolchain.ensure()
    if remove and ("old" in remove or "all" in remove):
        for folder in _old():
            remove_folder(folder)
            print(f"{folder.name}: removed")
    if not make and not remove:
        for name, toolchain in TOOLCHAINS.items():
            state = (
                f"{_gigabytes(toolchain.folder):.1f} GB in {toolchain.folder}" if toolchain.ready else "not made yet"
            )
            print(f"{name:<10} for {toolchain.purpose:<28} {state}")
        for folder in _old():
            print(f"old        {folder.name}: {_gigabytes(folder):.1f} GB; limner toolchains --remove old")


def _check(option: str, name: str, known: list[str]) -> None:
    if name not in known:
        raise OptionError(f"{option} {name}: not known; there are {', '.join(known)}")


def _old() -> list[Path]:
    """Folders of these toolchains that nothing uses any more: other pins, another Python, or half made."""
    from limner.export.toolchains.environments import toolchains_folder
    from limner.export.toolchains.known import TOOLCHAINS

    ours = {toolchain.folder for toolchain in TOOLCHAINS.values() if toolchain.ready}
    if not toolchains_folder().is_dir():
        return []
    return [
        path
        for path in sorted(toolchains_folder().iterdir())
        if path.is_dir() and path.name.rpartition("-")[0] in TOOLCHAINS and path not in ours
    ]


def _gigabytes(folder: Path) -> float:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()) / 1e9
