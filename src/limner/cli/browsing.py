"""Opening a page in the browser of this machine, where it has one with windows."""

from __future__ import annotations

import os
import sys
import webbrowser


def open_page(address: str) -> bool:
    """Whether the page was opened; a browser that lives in a terminal would take this one, and is not."""
    windows = sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")))
    return windows and webbrowser.open(address)
