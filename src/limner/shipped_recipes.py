"""Finds the recipes that are shipped with Limner: inside an installed package, or in `recipes/` of a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_PLACES = (_PACKAGE / "recipes", _PACKAGE.parents[1] / "recipes")


def folder() -> Path | None:
    """The folder of the shipped recipes; None where the package was built without them."""
    return next((place for place in _PLACES if place.is_dir()), None)


def names() -> list[str]:
    """Names of the shipped recipes, such as "fast"."""
    home = folder()
    return [] if home is None else sorted(path.stem for path in home.glob("*.yaml"))


def find_recipe(path: Path) -> Path:
    """The file of a recipe: ``path`` where that is a file, else the one that ships under its name.

    ``fast``, ``fast.yaml`` and ``recipes/fast.yaml`` are names of the shipped recipe `fast`; any other path, or a name
    that no shipped recipe has, comes back as it is.
    """
    home = folder()
    if (
        path.is_file()
        or home is None
        or path.suffix not in ("", ".yaml")
        or path.parent not in (Path(), Path("recipes"))
    ):
        return path
    shipped = home / f"{path.stem}.yaml"
    return shipped if shipped.is_file() else path
