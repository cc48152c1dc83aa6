"""Primaries by number: the way to CIE XYZ against matrices that others published, and white that is white."""

from __future__ import annotations

import numpy as np
import pytest

from limner.media.primaries import ADOBE_RGB, D50, GAMMAS, HLG, PQ, PRIMARIES, CodePoints, to_xyz_d50

# Bruce Lindbloom's tables (relative to D50, Bradford); the colorants of the profiles of Display P3 and Rec. 2020.
PUBLISHED = {
    1: [[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7142]],
    4: [[0.6344, 0.1852, 0.1446], [0.3109, 0.5916, 0.0975], [-0.0012, 0.0556, 0.7708]],
    5: [[0.4553, 0.3676, 0.1414], [0.2323, 0.7078, 0.0599], [0.0145, 0.1049, 0.7057]],
    6: [[0.4163, 0.3931, 0.1547], [0.2217, 0.7033, 0.0750], [0.0137, 0.0914, 0.7202]],
    7: [[0.4163, 0.3931, 0.1547], [0.2217, 0.7033, 0.0750], [0.0137, 0.0914, 0.7202]],
    9: [[0.6734, 0.1657, 0.1251], [0.2790, 0.6753, 0.0456], [-0.0019, 0.0300, 0.7969]],
    12: [[0.5151, 0.2920, 0.1571], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]],
    ADOBE_RGB: [[0.6098, 0.2052, 0.1492], [0.3111, 0.6257, 0.0632], [0.0195, 0.0609, 0.7448]],
}


@pytest.mark.parametrize("primaries", sorted(PUBLISHED))
def test_the_way_to_xyz_is_the_published_one(primaries: int) -> None:
    np.testing.assert_allclose(to_xyz_d50(primaries), PUBLISHED[primaries], atol=6e-4)


def test_the_projectors_primaries_are_those_of_display_p3_with_another_white() -> None:
    assert PRIMARIES[11][:3] == PRIMARIES[12][:3]
    assert PRIMARIES[11][3] == (0.314, 0.351)


@pytest.mark.parametrize("primaries", sorted(PRIMARIES))
def test_white_is_the_profiles_white(primaries: int) -> None:
    np.testing.assert_allclose(to_xyz_d50(primaries) @ np.ones(3), D50, atol=1e-9)


def test_gammas_are_those_of_the_standards() -> None:
    """H.273, table 3: BT.470 M and BG, linear; and Adobe RGB (1998), 2.19921875."""
    assert {4: 2.2, 5: 2.8, 8: 1.0, ADOBE_RGB: 2.19921875} == GAMMAS


@pytest.mark.parametrize(("transfer", "hdr"), [(PQ, True), (HLG, True), (1, False), (13, False), (14, False)])
def test_which_curves_are_hdr(transfer: int, hdr: bool) -> None:
    assert CodePoints(9, transfer).is_hdr is hdr
