"""Switches off what third-party libraries would send to their makers, as soon as `limner` is imported.

ONNX Runtime 1.29 and later writes a device id and an event store into the user's cache and uploads them. `import
openvino` reports itself to Google Analytics wherever the package openvino-telemetry is installed, and NNCF does the
same. Ray reports on its clusters. Limner sends nothing, and nothing that it loads or starts may.
"""

from __future__ import annotations

import os
import sys

SWITCHES = {
    "ORT_DISABLE_TELEMETRY": "1",
    "NNCF_CI": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "DO_NOT_TRACK": "1",
    "NO_UPDATE_NOTIFIER": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}
"""Environment variables, which child processes inherit: converters, tools of other environments, npm and pip."""

_REPORTERS = ("openvino_telemetry",)
"""Packages that only report. Their callers do without them where they cannot be imported."""


class Silenced:
    """One thing that would report, and whether it is off: `how` says by what, or why it is not."""

    def __init__(self, name: str, off: bool, how: str) -> None:  # typing and dataclasses double the time of the import
        self.name, self.off, self.how = name, off, how


def switch_off() -> None:
    """Set the switches, whatever the environment says, and keep packages that only report from being imported."""
    os.environ.update(SWITCHES)
    for name in _REPORTERS:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # an import of it then fails
    loaded = sys.modules.get("onnxruntime")
    if loaded is not None and hasattr(loaded, "disable_telemetry_events"):
        loaded.disable_telemetry_events()


def silenced() -> list[Silenced]:
    """What is off, for `limner doctor`."""
    found = [
        Silenced(name, os.environ.get(variable) == SWITCHES[variable], f"{variable}={os.environ.get(variable, '')}")
        for name, variable in (
            ("ONNX Runtime", "ORT_DISABLE_TELEMETRY"),
            ("NNCF", "NNCF_CI"),
            ("Hugging Face", "HF_HUB_DISABLE_TELEMETRY"),
            ("Ray", "RAY_USAGE_STATS_ENABLED"),
            ("others", "DO_NOT_TRACK"),
        )
    ]
    for name in _REPORTERS:
        off = sys.modules.get(name, sys) is None
        how = "kept from being imported" if off else "was imported before Limner; import limner first"
        found.insert(1, Silenced(name.replace("_", "-"), off, how))
    return found
