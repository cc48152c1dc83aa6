"""What lens, sensor and file do to a picture: sizes and brightness kept, edges widened, noise as strong as asked."""

from __future__ import annotations

import numpy as np
import pytest

from limner.augment import camera


def _picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (64, 48, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "change",
    [
        lambda x, r: camera.soft_focus(x, 1.3),
        lambda x, r: camera.motion_blur(x, r, length=5),
        lambda x, r: camera.lens_blur(x, 2.0),
        lambda x, r: camera.lens_blur(x, 7.0),
        lambda x, r: camera.low_resolution(x, 0.4),
        lambda x, r: camera.white_noise(x, r, noise=r),
        lambda x, r: camera.sensor_noise(x, r, noise=r),
        lambda x, r: camera.recompress(x, 40),
        lambda x, r: camera.video_file(x, 30),
    ],
)
def test_size_type_and_brightness_are_kept(change) -> None:  # type: ignore[no-untyped-def]
    picture = _picture()
    before = picture.copy()
    out = change(picture, np.random.default_rng(1))
    assert out.shape == picture.shape
    assert out.dtype == np.uint8
    assert not np.array_equal(out, picture)
    assert out.mean() == pytest.approx(picture.mean(), abs=4)
    np.testing.assert_array_equal(picture, before)


def test_a_point_becomes_a_disc() -> None:
    point = np.zeros((41, 41, 3), np.uint8)
    point[20, 20] = 255
    seen = camera.lens_blur(point, 3.0)[..., 0] > 0
    assert np.flatnonzero(seen[20]).tolist() == list(range(17, 24))
    assert 26 <= seen.sum() <= 37
    assert camera.disc(2.5).sum() == pytest.approx(1)


def test_grain_is_normal_and_fits_any_size() -> None:
    for shape in ((32, 48), (800, 90)):
        noise = camera.grain(shape, np.random.default_rng(2), grey=False)
        assert noise.shape == (*shape, 3)
        assert abs(noise.mean()) < 0.1
        assert noise.std() == pytest.approx(1, abs=0.05)
    grey = camera.grain((32, 48), np.random.default_rng(2), grey=True)
    assert np.ptp(grey, axis=2).max() == 0


def test_sensor_noise_grows_with_the_light() -> None:
    halves = np.full((64, 128, 3), 20, np.uint8)
    halves[:, 64:] = 200
    rows = []
    for seed in range(12):
        noise = camera.sensor_noise(halves, np.random.default_rng(seed), noise=np.random.default_rng(99))
        rows.append((noise[:, :64].std(), noise[:, 64:].std()))
    dark, bright = np.mean(rows, axis=0)
    assert bright > 1.3 * dark


def test_the_same_camera_has_new_noise_in_each_frame() -> None:
    grey = np.full((32, 32, 3), 120, np.uint8)
    first, second = (
        camera.white_noise(grey, np.random.default_rng(5), noise=np.random.default_rng(n)).astype(int) - 120
        for n in (1, 2)
    )
    assert first.std() == pytest.approx(second.std(), rel=0.15)
    assert np.abs(first - second).mean() > 0.5 * first.std()


def test_files_keep_red_red_and_videos_coarsen_colour() -> None:
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 200
    for out in (camera.recompress(red, 90), camera.video_file(red, 80)):
        assert out[..., 0].mean() > 185
        assert out[..., 2].mean() < 15
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[:, ::2, 0], stripes[:, 1::2, 2] = 255, 255
    colour = camera.video_file(stripes, 90).astype(int)
    assert np.ptp(colour[..., 0] - colour[..., 2]) < 0.5 * 510
