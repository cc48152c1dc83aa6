"""What is installed: packages and the extras they belong to."""

from __future__ import annotations

from importlib import metadata

from limner.bench.packages import packages


def test_packages() -> None:
    found = {item.name: item for item in packages()}
    assert found["numpy"].version == metadata.version("numpy")
    assert found["numpy"].extras == ()
    assert "litert" in found["ai-edge-litert"].extras
    assert "pytest" not in found  # for who works on Limner
