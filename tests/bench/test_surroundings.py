"""This machine: Python, cores, devices, encoders."""

from __future__ import annotations

import platform

from limner.bench.surroundings import look_around


def test_surroundings() -> None:
    place = look_around()
    assert place.python == platform.python_version()
    assert place.cores >= place.threads >= 1
    assert "cpu" in place.devices["onnxruntime"]
    assert place.encoders["h264"]
