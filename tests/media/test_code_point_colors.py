"""Profiles for colours that are named by numbers: valid ICC, with the columns and the curve of these colours."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import ImageCms

from limner.media.code_point_colors import is_known, make_profile, name_of
from limner.media.primaries import ADOBE_RGB, D50, CodePoints, to_xyz_d50

POINTS = [CodePoints(12, 13), CodePoints(9, 14), CodePoints(1, 4), CodePoints(5, 5), CodePoints(ADOBE_RGB, ADOBE_RGB)]


def tags(icc: bytes) -> dict[bytes, bytes]:
    """By the ICC's specification: a count, then name, place and length of each."""
    (count,) = struct.unpack(">I", icc[128:132])
    entries = [struct.unpack(">4sII", icc[132 + 12 * i : 144 + 12 * i]) for i in range(count)]
    assert all(place % 4 == 0 and place + length <= len(icc) for _, place, length in entries)
    return {name: icc[place : place + length] for name, place, length in entries}


def numbers(data: bytes, start: int) -> list[float]:
    return [value / 65536 for (value,) in struct.iter_unpack(">i", data[start:])]


@pytest.mark.parametrize("points", POINTS)
def test_a_profile_has_its_colours_columns(points: CodePoints) -> None:
    icc = make_profile(points)
    assert struct.unpack(">I", icc[:4]) == (len(icc),)
    assert (len(icc) % 4, icc[12:24], icc[36:40]) == (0, b"mntrRGB XYZ ", b"acsp")
    found = tags(icc)
    columns = np.array([numbers(found[name], 8) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]).T
    np.testing.assert_allclose(columns, to_xyz_d50(points.primaries), atol=1e-5)
    np.testing.assert_allclose(numbers(found[b"wtpt"], 8), D50, atol=1e-5)
    assert found[b"rTRC"] == found[b"gTRC"] == found[b"bTRC"]
    ImageCms.ImageCmsProfile(io.BytesIO(icc))


@pytest.mark.parametrize(("transfer", "gamma"), [(4, 2.2), (5, 2.8), (8, 1.0), (ADOBE_RGB, 2.19921875)])
def test_a_gamma_is_one_number(transfer: int, gamma: float) -> None:
    curve = tags(make_profile(CodePoints(1, transfer)))[b"rTRC"]
    assert curve[:4] == b"curv"
    assert struct.unpack(">IH", curve[8:14])[0] == 1
    assert struct.unpack(">IH", curve[8:14])[1] / 256 == pytest.approx(gamma, abs=1 / 512)


def test_other_curves_are_that_of_srgb() -> None:
    curve = tags(make_profile(CodePoints(12, 13)))[b"rTRC"]
    assert curve[:12] == b"para\0\0\0\0\0\3\0\0"
    assert numbers(curve, 12) == pytest.approx([2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045], abs=1e-5)


@pytest.mark.parametrize(
    ("points", "name"),
    [
        (CodePoints(12, 13), "Display P3"),
        (CodePoints(9, 16), "BT.2020 PQ"),
        (CodePoints(9, 18), "BT.2020 HLG"),
        (CodePoints(6, 13), "primaries 6"),
        (CodePoints(ADOBE_RGB, ADOBE_RGB), "Adobe RGB (1998)"),
    ],
)
def test_names_are_those_people_know(points: CodePoints, name: str) -> None:
    assert name_of(points) == name
    if not points.is_hdr:
        text = tags(make_profile(points))[b"desc"]
        assert text[28:].decode("utf-16-be") == name.replace("primaries", "H.273 primaries")


@pytest.mark.parametrize(
    ("points", "known"),
    [
        (CodePoints(1, 13), False),
        (CodePoints(1, 1), False),
        (CodePoints(1, 8), True),
        (CodePoints(1, 16), True),
        (CodePoints(9, 13), True),
        (CodePoints(2, 16), False),
    ],
)
def test_what_is_srgb_or_unknown_is_left_alone(points: CodePoints, known: bool) -> None:
    assert is_known(points) is known
