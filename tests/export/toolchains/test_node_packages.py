"""JavaScript libraries: installed once, whole or not at all; npm is a script of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.errors import ToolchainError
from limner.export.browser.run import PAGE
from limner.export.toolchains.node_packages import LISTS, NodePackages


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NodePackages:
    lists = tmp_path / "lists"
    lists.mkdir()
    for name in LISTS:
        (lists / name).write_text("{}")
    monkeypatch.setenv("LIMNER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return NodePackages("painter", lists)


def npm(tmp_path: Path, script: str) -> None:
    path = tmp_path / "bin" / "npm"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_they_are_installed_once_from_the_lock(packages: NodePackages, tmp_path: Path) -> None:
    npm(
        tmp_path,
        f'echo "$1" >> {tmp_path}/calls; test -f package-lock.json && mkdir node_modules && touch node_modules/it',
    )
    told: list[str] = []
    assert (packages.ensure(tell=told.append) / "it").is_file()
    assert len(told) == 1
    assert packages.ensure(tell=told.append) == packages.folder / "node_modules"
    assert len(told) == 1
    assert (tmp_path / "calls").read_text() == "ci\n"


def test_other_pins_are_another_folder(packages: NodePackages, tmp_path: Path) -> None:
    before = packages.folder
    (tmp_path / "lists" / LISTS[1]).write_text('{"other": 1}')
    assert packages.folder != before


def test_a_failure_is_one_line_and_leaves_nothing(packages: NodePackages, tmp_path: Path) -> None:
    npm(tmp_path, "mkdir node_modules; echo 'npm error network' >&2; exit 1")
    with pytest.raises(
        ToolchainError, match=r"^painter: npm cannot install its libraries: npm error network; go online"
    ):
        packages.ensure(tell=lambda line: None)
    assert not packages.folder.exists()
    assert not list(packages.folder.parent.glob("*.part"))


def test_without_npm_the_remedy_is_named(packages: NodePackages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ToolchainError, match=r"^painter: .* need npm; install it"):
        packages.ensure(tell=lambda line: None)


def test_the_shipped_lock_pins_everything_and_names_no_host() -> None:
    import json

    wanted = json.loads((PAGE / LISTS[0]).read_text())["dependencies"]
    locked = json.loads((PAGE / LISTS[1]).read_text())["packages"]
    assert locked[""]["dependencies"] == wanted
    for name, version in wanted.items():
        assert locked[f"node_modules/{name}"]["version"] == version
    assert all("integrity" in package for path, package in locked.items() if path)
    assert "://" not in (PAGE / LISTS[1]).read_text()
