"""Privacy: frames whose matte cannot be trusted are hidden whole."""

from __future__ import annotations

from limner.segment.privacy.guard import PrivacyGuard, PrivacyRules, Watchdog

__all__ = ["PrivacyGuard", "PrivacyRules", "Watchdog"]
