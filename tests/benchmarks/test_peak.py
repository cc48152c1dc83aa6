"""Resident memory of this process."""

from __future__ import annotations

import numpy as np

from benchmarks.peak import peak_mib, reset_peak, resident_mib


def test_the_peak_stays_until_it_is_reset() -> None:
    reset_peak()
    before = peak_mib()
    filled = np.ones(64 * 2**20, np.uint8)
    assert peak_mib() > before + 60
    del filled
    assert peak_mib() > before + 60
    reset_peak()
    assert peak_mib() < before + 32
    assert resident_mib() <= peak_mib() + 1
