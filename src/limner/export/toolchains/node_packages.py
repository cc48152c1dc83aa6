"""JavaScript libraries that a browser loads, installed once with npm under the cache folder, like a toolchain."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from limner.errors import ToolchainError
from limner.export.toolchains.environments import taking_turns, tell, toolchains_folder
from limner.export.toolchains.processes import reason, run_to_end

LISTS = ("package.json", "package-lock.json")


class NodePackages:
    """What ``package.json`` and ``package-lock.json`` of a folder name, installed in a folder named after their hash.

    A folder is made aside and renamed, so an interruption leaves nothing half. Two processes take turns.
    """

    def __init__(self, name: str, lists: Path) -> None:
        self.name, self._lists = name, lists

    @property
    def folder(self) -> Path:
        """Where they are or will be."""
        what = hashlib.sha256(b"".join((self._lists / file).read_bytes() for file in LISTS)).hexdigest()
        return toolchains_folder() / f"{self.name}-{what[:12]}"

    def ensure(self, *, tell: Callable[[str], None] = tell) -> Path:
        """Install them unless they are there; the folder ``node_modules``.

        Raises:
            ToolchainError: they cannot be installed, in one line with the remedy.
        """
        folder = self.folder
        if not folder.is_dir():
            npm = shutil.which("npm")
            if npm is None:
                raise ToolchainError(f"{self.name}: its libraries need npm; install it (Debian: npm)")
            try:
                folder.parent.mkdir(parents=True, exist_ok=True)
                with taking_turns(folder, lambda: tell(f"{self.name}: waiting for the process that installs it …")):
                    if not folder.is_dir():
                        tell(f"{self.name}: installing its JavaScript libraries, once, in {folder} …")
                        self._make(npm, folder)
            except OSError as error:
                raise ToolchainError(
                    f"{self.name}: {folder} cannot be written: {error.strerror or error}; "
                    "set LIMNER_CACHE to a folder with room"
                ) from None
        return folder / "node_modules"

    def _make(self, npm: str, folder: Path) -> None:
        aside = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(aside, ignore_errors=True)
        try:
            aside.mkdir()
            for file in LISTS:
                shutil.copy(self._lists / file, aside)
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            done = run_to_end(command, cwd=aside, environment=os.environ, timeout=None)
            if done.returncode:
                raise ToolchainError(
                    f"{self.name}: npm cannot install its libraries: {reason(done)}; "
                    "go online, or point npm at your registry, and try again"
                )
            aside.rename(folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
