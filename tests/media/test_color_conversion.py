"""Colours between SDR and HDR, against the formulas of ITU-R BT.2100, BT.2408 and SMPTE ST 2084 written out anew."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from limner.media.color_conversion import SRGB, converted_color, converter
from limner.media.primaries import ADOBE_RGB, CodePoints

PQ, HLG, WIDE, P3 = CodePoints(9, 16), CodePoints(9, 18), CodePoints(9, 14), CodePoints(12, 13)
TO_XYZ = {  # D65: BT.709 as in IEC 61966-2-1, BT.2020 and P3 as in ITU-R BT.2087 and SMPTE EG 432-1
    1: [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]],
    9: [[0.6370, 0.1446, 0.1689], [0.2627, 0.6780, 0.0593], [0.0000, 0.0281, 1.0610]],
    12: [[0.4866, 0.2657, 0.1982], [0.2290, 0.6917, 0.0793], [0.0000, 0.0451, 1.0439]],
}


def nits(code: NDArray[np.float64], points: CodePoints) -> NDArray[np.float64]:
    """CIE XYZ in cd/m² of one colour (3,), given as codes from 0 to 1."""
    if points.transfer == 16:
        power = code ** (1 / 78.84375)
        light = 10000 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
    elif points.transfer == 18:
        low, high = code**2 / 3, (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12
        scene = np.where(code <= 0.5, low, high)
        light = 1000 * scene * float(scene @ [0.2627, 0.6780, 0.0593]) ** 0.2
    else:
        light = 203 * np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    return np.asarray(TO_XYZ[points.primaries] @ light)


@pytest.mark.parametrize(("points", "white"), [(PQ, 0.58), (HLG, 0.75), (WIDE, 1.0), (P3, 1.0)])
def test_white_is_reference_white(points: CodePoints, white: float) -> None:
    assert converted_color((255, 255, 255), points) == (round(white * 255),) * 3
    assert converted_color((0, 0, 0), points) == (0, 0, 0)


@pytest.mark.parametrize("points", [PQ, HLG, WIDE, P3])
@pytest.mark.parametrize("color", [(255, 0, 255), (128, 128, 128), (250, 140, 20), (30, 90, 200), (60, 200, 90)])
def test_a_colour_gives_the_same_light(points: CodePoints, color: tuple[int, int, int]) -> None:
    wanted = nits(np.array(color) / 255, CodePoints(1, 13))
    found = nits(np.array(converted_color(color, points)) / 255, points)
    # Half a code of 255 is up to 2 % of light in PQ and in dark HLG.
    assert np.abs(found - wanted).max() < 0.04 * wanted.max()


@pytest.mark.parametrize(("points", "white"), [(PQ, 148), (HLG, 191)])
def test_hdr_comes_back_near_where_it_was(points: CodePoints, white: int) -> None:
    forth, back = converter(SRGB, points), converter(points, SRGB)
    assert forth is not None
    assert back is not None
    ramp = np.repeat(np.arange(0, 200, dtype=np.uint8)[None, :, None], 3, 2)
    assert np.abs(back(forth(ramp)).astype(int) - ramp).max() <= 3
    top = back(np.array([[[white] * 3, [220] * 3, [255] * 3]], np.uint8))[0, :, 1]
    assert 235 <= top[0] <= top[1] <= top[2] <= 255  # brighter than white rolls off, and nothing is cut


def test_hlg_and_pq_agree() -> None:
    convert = converter(HLG, PQ)
    assert convert is not None
    codes = np.array([[[191] * 3, [255] * 3, [0] * 3]], np.uint8)
    assert np.abs(convert(codes)[0, :, 0].astype(int) - [148, 192, 0]).max() <= 1  # 203, 1000 and 0 cd/m²


@pytest.mark.parametrize(
    "points",
    [CodePoints(1, 1), CodePoints(2, 2), CodePoints(5, 6), CodePoints(6, 6), CodePoints(1, 4), CodePoints(77, 5)],
)
def test_usual_video_is_left_alone(points: CodePoints) -> None:
    assert converter(SRGB, points) is None
    assert converter(points, SRGB) is None
    assert converted_color((255, 0, 255), points) == (255, 0, 255)


@pytest.mark.parametrize(("points", "grey"), [(CodePoints(1, 8), 55), (CodePoints(ADOBE_RGB, ADOBE_RGB), 127)])
def test_curves_unlike_video_are_converted(points: CodePoints, grey: int) -> None:
    assert abs(converted_color((128, 128, 128), points)[1] - grey) <= 1


def test_large_pictures_are_converted_alike() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (700, 5, 3), dtype=np.uint8)
    convert = converter(SRGB, PQ)
    assert convert is not None
    assert np.array_equal(convert(picture), np.concatenate([convert(row[None]) for row in picture]))
