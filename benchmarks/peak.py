"""Resident memory of this process, now and at its peak, on Linux."""

from __future__ import annotations

from pathlib import Path


def resident_mib() -> float:
    """Now."""
    return _status("VmRSS")


def peak_mib() -> float:
    """The most so far."""
    return _status("VmHWM")


def reset_peak() -> None:
    """Lets the peak begin from what is resident now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _status(name: str) -> float:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"this system does not tell {name}")
