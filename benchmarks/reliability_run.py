"""Commands of Limner in processes of their own: run, killed at a chosen moment, with little room or few rights."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 300.0
"""Seconds after which a command counts as hanging."""
_DROP_FROM_BOUNDING_SET = 24
_IGNORE_RIGHTS, _IGNORE_READING = 1, 2
"""Capabilities (linux/capability.h) by which root may write where nobody may."""
_MOST_LINES = 20


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended.

    Attributes:
        code: exit code; -9 and the like for a signal, None where it hung.
        said: what it printed on stderr; ``told``: on stdout.
        peak: MiB that its process ever took; 0 where nobody looked.
    """

    code: int | None
    said: str
    peak: float = 0.0
    told: str = ""

    @property
    def fell(self) -> str | None:
        """Why it cannot be let pass whatever was asked: a traceback, a crash, a hang. None where it can."""
        if self.code is None:
            return f"hung for {PATIENCE:.0f} s"
        if self.code < 0:
            return f"died of {signal.Signals(-self.code).name}"
        return "traceback: " + self.last if "Traceback" in self.said else None

    @property
    def last(self) -> str:
        lines = [line for line in self.said.splitlines() if line.strip()]
        return lines[-1] if lines else ""

    def refuses(self, *words: str) -> bool:
        """Whether it ended in an error of one line that has all the words."""
        ours = [line for line in self.said.splitlines() if line.startswith("limner: ")]
        failed = [line for line in self.told.splitlines() if ": failed: " in line]  # as `limner export` puts it
        named = any(all(word in line for word in words) for line in (*ours, *failed))
        return self.code in (1, 2) and self.fell is None and named and len(ours) < _MOST_LINES


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "limner", *map(str, arguments)]


def run(
    *arguments: object, folder: Path, limit: int | None = None, rights: bool = True, code: str | None = None
) -> Ended:
    """Runs ``limner`` with the arguments, or Python with ``code``.

    Args:
        limit: bytes that no file it writes may pass.
        rights: False takes root's power to write where nobody may.
    """
    process = start(*arguments, folder=folder, limit=limit, rights=rights, code=code)
    return _awaited(process)


def start(
    *arguments: object, folder: Path, limit: int | None = None, rights: bool = True, code: str | None = None
) -> subprocess.Popen[str]:
    """As `run`, without waiting. The process leads a group of its own."""

    def before() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        if not rights and os.geteuid() == 0:
            libc = ctypes.CDLL(None)
            for power in (_IGNORE_RIGHTS, _IGNORE_READING):
                libc.prctl(_DROP_FROM_BOUNDING_SET, power, 0, 0, 0)

    made = command(*arguments) if code is None else [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(
        made,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
        preexec_fn=before,
        env=_environment(),
    )


def _environment() -> dict[str, str]:
    """This one's, with its own modules wherever the process runs, and threads that do not spin."""
    path = os.pathsep.join(str(Path(place).resolve()) for place in sys.path if place)
    return {**os.environ, "PYTHONPATH": path, "OMP_WAIT_POLICY": "PASSIVE"}


def killed(process: subprocess.Popen[str], how: signal.Signals, after: float) -> Ended:
    """Sends the signal after so many seconds, unless the process has ended by then, and waits for its end."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(after)
    if process.poll() is None:
        process.send_signal(how)
    return _awaited(process)


def _awaited(process: subprocess.Popen[str]) -> Ended:
    """How it ends; what it leaves behind is ended as well."""
    code: int | None = None
    try:
        told, said = process.communicate(timeout=PATIENCE)
        code = process.returncode
    except subprocess.TimeoutExpired:
        _end_group(process)
        told, said = process.communicate()
    _end_group(process)
    return Ended(code, said, told=told)


def _end_group(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


class Worker:
    """Runs one command after the other in one process, which is started again when a command takes it along.

    Use it as a context manager.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def run(self, *arguments: object) -> Ended:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.reliability_run"],
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=_environment(),
            )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([str(argument) for argument in arguments]) + "\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], PATIENCE)[0]:
            process.kill()
            process.wait()
            return Ended(None, "")
        line = process.stdout.readline()
        if not line:
            return Ended(process.wait(), "")
        return Ended(**json.loads(line))


def serve() -> None:
    """What a worker does: a list of arguments a line in, how the command ended out."""
    import io
    import traceback

    from limner.cli.app import main

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for line in sys.stdin:
        said, code = io.StringIO(), 0
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            try:
                main(json.loads(line))
            except SystemExit as stop:
                code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
            except BaseException:
                said.write(traceback.format_exc())
                code = 1
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        answers.write(json.dumps({"code": code, "said": said.getvalue(), "peak": peak}) + "\n")
        answers.flush()


@contextlib.contextmanager
def small_disk(place: Path, size: int, *, mount: bool = True) -> Iterator[bool]:
    """A disk of so many bytes at the folder ``place``, which is made; yields False where there is none.

    Args:
        mount: try to; only root can.
    """
    place.mkdir()
    asked = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    mounted = mount and os.geteuid() == 0 and subprocess.run(asked, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(place)], capture_output=True, check=False)


def while_running(process: subprocess.Popen[str], moments: Sequence[float], act: Callable[[int], None]) -> Ended:
    """Calls ``act`` with 0, 1, … at the moments (seconds from now, ascending), then waits for the process's end."""
    began = time.monotonic()
    for index, moment in enumerate(moments):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, moment - (time.monotonic() - began)))
        act(index)
    return _awaited(process)


if __name__ == "__main__":
    serve()
