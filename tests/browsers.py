"""A real browser for tests, where there is one."""

from __future__ import annotations

import shutil

import pytest

from limner.export.browser.run import chromium
from limner.export.targets.base import NotRunHereError


def needs_chromium() -> None:
    """Skip where there is no Chromium."""
    try:
        chromium()
    except NotRunHereError as error:
        pytest.skip(f"{error}; make test-exports installs it")


def needs_browser() -> None:
    """Skip where there is neither a browser nor a way to its libraries."""
    needs_chromium()
    if shutil.which("npm") is None:
        pytest.skip("no npm; make test-exports installs it")
