"""Recipes that ship are found by name, and a file of one's own comes first."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.shipped_recipes import find_recipe, folder, names


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder without recipes."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_names_are_the_files_of_the_folder() -> None:
    home = folder()
    assert home is not None
    assert {"fast", "quantize", "harmonize"} <= set(names()) == {path.stem for path in home.iterdir()}


@pytest.mark.parametrize("name", ["fast", "fast.yaml", "recipes/fast.yaml", "recipes/fast"])
def test_a_shipped_recipe_is_found_by_name(name: str) -> None:
    found = find_recipe(Path(name))
    assert found.is_absolute()
    assert found.name == "fast.yaml"
    assert "gated_selfie" in found.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["mine", "mine/fast.yaml", "../fast.yaml", "fast.yml", "/fast.yaml"])
def test_other_paths_stay_as_they_are(name: str) -> None:
    assert find_recipe(Path(name)) == Path(name)


@pytest.mark.parametrize("name", ["fast.yaml", "recipes/fast.yaml"])
def test_a_file_comes_before_what_ships(name: str, elsewhere: Path) -> None:
    (elsewhere / name).parent.mkdir(exist_ok=True)
    (elsewhere / name).write_text("batch: 2\n", encoding="utf-8")
    assert find_recipe(Path(name)) == Path(name)


def test_a_folder_of_that_name_is_no_recipe(elsewhere: Path) -> None:
    (elsewhere / "fast").mkdir()
    assert find_recipe(Path("fast")).name == "fast.yaml"
