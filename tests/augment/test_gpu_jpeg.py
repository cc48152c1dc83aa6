"""The tensor JPEG loses what a real encoder loses."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from limner.augment.camera import recompress  # noqa: E402
from limner.augment.gpu_jpeg import blocks  # noqa: E402


def _picture(size: int = 52) -> np.ndarray:
    y, x = np.mgrid[:size, :size]
    waves = np.stack([np.sin(x / 3.0), np.cos(y / 5.0), np.sin((x + y) / 7.0)], -1) * 70 + 128
    return np.clip(waves + np.random.default_rng(0).normal(0, 10, waves.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("quality", [25, 60, 90])
def test_it_agrees_with_a_real_encoder(quality: int) -> None:
    picture = _picture()
    x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    ours = blocks(x, torch.tensor([float(quality)]), coarse=2, smooth=False)[0].permute(1, 2, 0).numpy() * 255
    theirs = recompress(picture, quality).astype(float)
    lost = np.abs(theirs - picture).mean()
    assert np.abs(ours - theirs).mean() < 0.45 * lost + 1
    assert np.abs(ours - picture).mean() == pytest.approx(lost, rel=0.2)


def test_each_picture_has_its_own_quality_and_flat_ones_survive() -> None:
    x = torch.from_numpy(_picture()).permute(2, 0, 1)[None].float().repeat(2, 1, 1, 1) / 255
    out = blocks(x, torch.tensor([15.0, 95.0]), coarse=2, smooth=False)
    error = (out - x).abs().mean((1, 2, 3))
    assert error[0] > 1.5 * error[1]
    flat = torch.full((1, 3, 24, 24), 0.5)
    np.testing.assert_allclose(blocks(flat, torch.tensor([50.0]), coarse=4, smooth=True), flat, atol=0.01)
