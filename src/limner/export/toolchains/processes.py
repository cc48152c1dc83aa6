"""Runs foreign programs to their end and finds the line that says why one failed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path


def run_to_end(
    command: list[str], *, cwd: Path | None, environment: Mapping[str, str], timeout: float | None
) -> subprocess.CompletedProcess[str]:
    """Run a command; it and its children end where this is interrupted or takes longer than ``timeout`` seconds.

    A command that cannot be started gives exit code 127, one that took too long 124, with the reason as its stderr.
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", f"{command[0]}: {error.strerror or error}")
    try:
        out, err = process.communicate(timeout=timeout)
    except BaseException as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            return subprocess.CompletedProcess(command, 124, "", f"it took longer than {timeout:g} s")
        raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def reason(done: subprocess.CompletedProcess[str]) -> str:
    """The line that says most: pip's first "ERROR:", else the last that is not empty."""
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        return f"it was ended by {name}" + ("; too little memory?" if name == "SIGKILL" else "")
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    line = (errors or lines[-1:] or [f"exit code {done.returncode}"])[0]
    return re.sub(r"^(ERROR:|[\w.]*(?:Error|Exception):)\s*", "", line)[:300]
