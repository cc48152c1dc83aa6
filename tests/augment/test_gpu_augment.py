"""The chain on tensors: equal seeds give equal batches, targets stay, and it does to pictures what the CPU's does."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from limner.augment.batch import Batch  # noqa: E402
from limner.augment.gpu_augment import augment  # noqa: E402
from limner.augment.photometric import Look, photograph  # noqa: E402

NOTHING = {option.name: 0.0 for option in fields(Look)}
SIZE = 48


def _picture() -> np.ndarray:
    rng = np.random.default_rng(0)
    ramp = np.linspace(30, 220, SIZE)[None, :, None] * np.array([1.0, 0.8, 0.6])
    return np.clip(ramp + rng.normal(0, 14, (SIZE, SIZE, 3)), 0, 255).astype(np.uint8)


def _batch(count: int = 6) -> Batch:
    images = torch.from_numpy(np.stack([_picture()] * count)).permute(0, 3, 1, 2)
    targets = torch.rand(count, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    return Batch(images, targets, torch.ones_like(targets), targets, images, images, targets)


def test_form_and_what_is_left_alone() -> None:
    batch = _batch()
    before = batch.images.clone()
    out = augment(batch, step=3, seed=1)
    assert out.images.shape == batch.images.shape
    assert out.images.dtype == torch.uint8
    assert out.images.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(batch.images, before)
    for name in ("targets", "weights", "priors", "previous_targets"):
        assert getattr(out, name) is getattr(batch, name)


def test_seed_and_step_decide() -> None:
    one, again, later, other = (augment(_batch(), step=s, seed=n) for s, n in ((3, 1), (3, 1), (4, 1), (3, 2)))
    for name in ("images", "twins", "previous"):
        assert torch.equal(getattr(one, name), getattr(again, name))
    assert not torch.equal(one.images, later.images)
    assert not torch.equal(one.images, other.images)
    assert one.twins is not None
    assert not torch.equal(one.images, one.twins)


def test_no_chances_change_nothing() -> None:
    batch = _batch(2)
    assert torch.equal(augment(batch, step=1, seed=1, look=Look(**NOTHING)).images, batch.images)


def test_the_frame_before_has_the_same_light_and_new_noise() -> None:
    light = Look(**{**NOTHING, "tone": 1.0, "glow": 0.5, "soft": 0.5, "jpeg": 0.5})
    out = augment(_batch(), step=1, seed=1, look=light)
    assert out.previous is not None
    assert torch.equal(out.images, out.previous)
    noisy = augment(_batch(), step=1, seed=1, look=Look(**{**NOTHING, "noise": 1.0}))
    assert noisy.previous is not None
    first, second = noisy.images.float() - _batch().images, noisy.previous.float() - _batch().images
    assert abs(float((first * second).mean() / (first.std() * second.std()))) < 0.1
    np.testing.assert_allclose(first.std((1, 2, 3)), second.std((1, 2, 3)), rtol=0.1)


@pytest.mark.parametrize("name", sorted(NOTHING))
def test_each_step_does_what_the_cpu_does(name: str) -> None:
    """Means and deviations of many pictures agree, whatever the order in which random numbers are drawn."""
    look = Look(**{**NOTHING, name: 1.0})
    picture = _picture()
    theirs = np.stack([photograph(picture, np.random.default_rng(n), look) for n in range(64)]).astype(float)
    ours = augment(_batch(64), step=1, seed=1, look=look).images.permute(0, 2, 3, 1).numpy().astype(float)
    changed = np.abs(ours - picture).mean((1, 2, 3))
    assert np.median(changed) > 0.2
    assert ours.mean() == pytest.approx(theirs.mean(), abs=12)
    assert np.median(changed) == pytest.approx(np.median(np.abs(theirs - picture).mean((1, 2, 3))), rel=0.5, abs=1)
    assert ours.std((1, 2)).mean() == pytest.approx(theirs.std((1, 2)).mean(), rel=0.2)
