"""Virtual environments for converters whose packages are too heavy, or too picky, to stand beside Limner's own.

A toolchain is made once, on first use, under ``limner.cache.cache_folder()``, in a folder named after a hash of what is
installed in it: other pins are another folder. A folder is whole when its marker is in it, which is written last, so
an interruption leaves nothing that would be used. Two processes that need the same one take turns.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from limner.cache import cache_folder
from limner.errors import ToolchainError
from limner.export.toolchains.processes import reason, run_to_end
from limner.whole_file import whole_text

WORKERS = Path(__file__).with_name("workers")
_MARKER = "limner-toolchain.json"
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore", "PYTHONNOUSERSITE": "1"}
_FOREIGN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")


def tell(line: str) -> None:
    """One line for who waits, on stderr."""
    print(line, file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolchain:
    """What a virtual environment for converters holds.

    Attributes:
        name: what it is called in messages and folders.
        installs: arguments of ``pip install``, one call after the other: pinned requirements, options among them
            (``("--no-deps", "tensorflowjs==4.22.0")``).
        purpose: what needs it, for messages.
        size: of the folder, in gigabytes, for messages.
        pythons: versions of Python its packages have wheels for, the first and the last.
    """

    name: str
    installs: tuple[tuple[str, ...], ...]
    purpose: str
    size: float
    pythons: tuple[tuple[int, int], tuple[int, int]]

    @property
    def folder(self) -> Path:
        """Where it is or will be."""
        what = json.dumps([self.installs, f"{self._version[0]}.{self._version[1]}", sys.platform, platform.machine()])
        return toolchains_folder() / f"{self.name}-{hashlib.sha256(what.encode()).hexdigest()[:12]}"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def ready(self) -> bool:
        """Whether it is there, whole, where it was made, with an interpreter that exists."""
        return is_whole(self.folder)

    def ensure(self, *, tell: Callable[[str], None] = tell) -> Path:
        """Make it unless it is there; its interpreter.

        Raises:
            ToolchainError: it cannot be made, in one line with the remedy; nothing half is left.
        """
        if self.ready:
            return self.python
        base = self._base_python()
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            with taking_turns(self.folder, lambda: tell(f"{self.name}: waiting for the process that installs it …")):
                if not self.ready:
                    tell(
                        f"{self.name}: installing the tools for {self.purpose}, once: "
                        f"{self.size:g} GB in {self.folder}, a few minutes …"
                    )
                    self._make(base)
        except OSError as error:
            raise ToolchainError(
                f"toolchain {self.name}: {self.folder} cannot be written: {error.strerror or error}; "
                "set LIMNER_CACHE to a folder with room"
            ) from None
        return self.python

    def run(
        self,
        script: str,
        *args: str | Path,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> str:
        """Run a worker of ``limner/export/workers`` in it and give what that printed; makes the toolchain if need be.

        A worker ends with ``raise SystemExit("one line")``, or any other error, where it cannot do its work. What it
        said on the way is kept in ``logs`` beside the toolchains.

        Args:
            script: file name of the worker, such as ``"litert.py"``.
            args: its command line.
            timeout: seconds after which it is ended; None is never.

        Raises:
            ToolchainError: the toolchain cannot be made, or the worker failed; one line.
        """
        return self.call([self.ensure(), WORKERS / script, *args], cwd=cwd, environment=environment, timeout=timeout)

    def call(
        self,
        command: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> str:
        """Run any command with the toolchain's programs first on the path; otherwise as ``run``."""
        self.ensure()
        words = [str(word) for word in command]
        done = run_to_end(words, cwd=cwd, environment=self._environment(environment or {}), timeout=timeout)
        tool = next((Path(word).name for word in words if word.endswith(".py")), Path(words[0]).name)
        log = _keep_log(f"{self.name}-{Path(tool).stem}", words, done)
        if done.returncode:
            raise ToolchainError(f"{self.name}: {tool} failed: {reason(done)}" + (f" (log: {log})" if log else ""))
        return done.stdout

    def remove(self) -> bool:
        """Delete it; whether there was anything."""
        return remove_folder(self.folder)

    @property
    def _version(self) -> tuple[int, int]:
        """The version it has: this interpreter's, or the newest it can have."""
        own = sys.version_info[:2]
        return own if self.pythons[0] <= own <= self.pythons[1] else self.pythons[1]

    def _base_python(self) -> str:
        own, wanted = sys.version_info[:2], self._version
        if own == wanted:
            return sys.executable
        name = f"python{wanted[0]}.{wanted[1]}"
        found = shutil.which(name)
        if found is None:
            raise ToolchainError(
                f"toolchain {self.name}: its packages do not exist for Python {own[0]}.{own[1]}; "
                f"install {name} so that it is on the PATH, or run Limner with it"
            )
        return found

    def _make(self, base: str) -> None:
        remove_folder(self.folder)
        try:
            self._step([base, "-m", "venv", str(self.folder)], "install Python's venv module (Debian: python3-venv)")
            for arguments in self.installs:
                pip = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
                self._step([*pip, *arguments], "go online, or point pip at your package index, and try again")
            marker = {"name": self.name, "installs": self.installs, "folder": str(self.folder)}
            whole_text(self.folder / _MARKER, json.dumps(marker, indent=2) + "\n")
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _step(self, command: list[str], remedy: str) -> None:
        done = run_to_end(command, cwd=None, environment=self._environment({}), timeout=None)
        if done.returncode:
            log = _keep_log(f"{self.name}-install", command, done)
            at = f" (log: {log})" if log else ""
            raise ToolchainError(f"toolchain {self.name} cannot be installed: {reason(done)}; {remedy}{at}")

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
        kept["PATH"] = f"{self.folder / 'bin'}{os.pathsep}{kept.get('PATH', os.defpath)}"
        return {**kept, **_QUIET, **more}


def toolchains_folder() -> Path:
    """The folder that holds them all."""
    return cache_folder() / "toolchains"


def is_whole(folder: Path) -> bool:
    """Whether a toolchain's folder is whole, where it was made, and its interpreter still exists."""
    try:
        marker = json.loads((folder / _MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return marker.get("folder") == str(folder) and os.access(folder / "bin" / "python", os.X_OK)


def remove_folder(folder: Path) -> bool:
    """Delete a toolchain's folder, its marker first; whether there was one."""
    if not folder.is_dir():
        return False
    (folder / _MARKER).unlink(missing_ok=True)
    shutil.rmtree(folder)
    return True


@contextmanager
def taking_turns(folder: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock beside ``folder``; the system lets go of it when a process ends, however it ends."""
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep_log(name: str, command: list[str], done: subprocess.CompletedProcess[str]) -> Path | None:
    path = toolchains_folder() / "logs" / f"{name}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        whole_text(path, f"{' '.join(command)}\nexit code {done.returncode}\n\n{done.stdout}\n{done.stderr}")
    except OSError:  # a log is never worth an error of its own
        return None
    return path
