"""Splits: which photos are kept for validation and test, whole groups at a time, always the same ones."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence


def val_groups(groups: Sequence[str], share: float) -> set[str]:
    """The groups kept for validation: by a hash of their names, so that order does not matter.

    Args:
        groups: the group of each photo; photos without one each have a name of their own.
        share: of the photos, in [0, 1], which whole groups come as near to as they can.
    """
    wanted, taken = round(share * len(groups)), 0
    sizes = Counter(groups)
    chosen: set[str] = set()
    for group in sorted(sizes, key=lambda name: hashlib.sha256(name.encode()).digest()):
        if abs(taken + sizes[group] - wanted) <= abs(taken - wanted) and taken < wanted:
            chosen.add(group)
            taken += sizes[group]
    return chosen
