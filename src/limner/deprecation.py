"""How Limner says that something public is about to go. docs/api.md has the policy."""

from __future__ import annotations

import warnings

REMOVED_IN = "0.3"
"""The release in which everything that is deprecated now goes. At that release, delete it, or move this on."""


def sentence(old: str, instead: str) -> str:
    """What a user is told, such as "--out is deprecated and goes with 0.3; use --output"."""
    return f"{old} is deprecated and goes with {REMOVED_IN}; use {instead}"


def deprecated(old: str, instead: str, *, stacklevel: int = 2) -> None:
    """Warn with a ``DeprecationWarning`` that ``old`` goes and what to use ``instead``.

    Args:
        old: the module, name or parameter as the user wrote it.
        instead: what does the same from now on.
        stacklevel: 2 blames whoever called the deprecated function, as in `warnings.warn`.
    """
    warnings.warn(sentence(old, instead), DeprecationWarning, stacklevel=stacklevel + 1)
