"""web/ by itself: its types, and its units by Vitest."""

from __future__ import annotations

import pytest

from web_library import run_npm


@pytest.mark.slow
@pytest.mark.parametrize("script", ["check", "test"])
def test_types_and_units(script: str) -> None:
    run_npm(script)
