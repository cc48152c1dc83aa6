"""Targets of `limner export`: one file each, and their registry in base.py."""

from __future__ import annotations

from limner.export.targets.base import TARGETS, make_target

__all__ = ["TARGETS", "make_target"]
