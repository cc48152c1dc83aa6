"""The page of `limner serve` in Chromium: its script runs under its own policy, and offers what the server has."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from limner.effects.registry import EFFECTS
from limner.export.browser.run import chromium
from limner.export.targets.base import NotRunHereError
from serve_parts import serving


@pytest.mark.slow
def test_the_page_offers_what_the_server_has(tmp_path: Path) -> None:
    try:
        browser = chromium()
    except NotRunHereError as error:
        pytest.skip(str(error))
    with serving("--model", "tiny", "--model", "fast") as server:
        done = subprocess.run(
            [str(browser), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", "--dump-dom",
             "--virtual-time-budget=20000", f"http://127.0.0.1:{server.port}/"],
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
    names = re.findall(r'<option value="(\w+)">', done.stdout)
    assert [name for name in names if name in EFFECTS] == list(EFFECTS)
    assert [name for name in names if name in ("tiny", "fast")] == ["tiny", "fast"]
    assert 'name="blur-strength"' in done.stdout
    assert "Content Security Policy" not in done.stderr
