"""Batches carry what the mix asks for, in the promised forms, and split among processes without loss."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from limner.augment.batch import Batch  # noqa: E402
from limner.augment.priors import Priors  # noqa: E402
from limner.datasets.mix import Mix  # noqa: E402
from limner.datasets.photo_map import PhotoMap, prepare  # noqa: E402
from limner.datasets.sampler import Sampler  # noqa: E402
from limner.tasks.batches import batches  # noqa: E402
from limner.tasks.recipes.recipe import Recipe, from_dict  # noqa: E402

SETS = {"fashion_full_body": 0.6, "rendered_people": 0.2, "no_people": 0.2}


@pytest.fixture(scope="module")
def photos(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> PhotoMap:
    return prepare(data_folder, tmp_path_factory.mktemp("cache"))


def _recipe() -> Recipe:
    return from_dict(
        {
            "net": {"name": "fast"},
            "input_size": 32,
            "data": {"sets": SETS},
            "samples": 12,
            "batch": 4,
            "phases": [{"size": 32, "share": 1.0}],
            "optimizer": {"lr": 1e-3},
        },
        source="test",
    )


def _batches(photos: PhotoMap, mix: Mix, *, first_step: int = 0, rank: int = 0, world: int = 1) -> list[Batch]:
    sampler = Sampler(photos, mix, seed=3)
    return list(batches(sampler, _recipe(), first_step=first_step, rank=rank, world=world))


def test_only_what_the_mix_asks_for(photos: PhotoMap) -> None:
    batch = _batches(photos, Mix(SETS))[0]
    assert batch.images.shape == (4, 3, 32, 32)
    assert batch.images.dtype == torch.uint8
    assert batch.images.is_contiguous(memory_format=torch.channels_last)
    assert batch.targets.shape == batch.weights.shape == (4, 1, 32, 32)
    assert batch.targets.dtype == batch.weights.dtype == torch.float32
    assert batch.priors is batch.twins is batch.previous is batch.previous_targets is None


def test_all_that_a_mix_can_ask_for(photos: PhotoMap) -> None:
    plain = _batches(photos, Mix(SETS))[0]
    batch = _batches(photos, Mix(SETS, priors=Priors(), twins=True, previous=True))[0]
    assert batch.priors is not None
    assert batch.twins is not None
    assert batch.previous is not None
    assert batch.previous_targets is not None
    assert batch.priors.shape == batch.previous_targets.shape == (4, 1, 32, 32)
    assert batch.priors.dtype == batch.previous_targets.dtype == torch.float32
    assert batch.twins.shape == batch.previous.shape == (4, 3, 32, 32)
    assert batch.twins.dtype == batch.previous.dtype == torch.uint8
    assert torch.equal(batch.images, plain.images), "asking for more must not change the pictures"
    assert torch.equal(batch.targets, plain.targets)


def test_going_on_and_sharing_draw_the_same_samples(photos: PhotoMap) -> None:
    mix = Mix(SETS, priors=Priors())
    whole = _batches(photos, mix)
    resumed = _batches(photos, mix, first_step=2)
    assert len(whole) == 3
    assert len(resumed) == 1
    assert torch.equal(resumed[0].images, whole[2].images)
    halves = [_batches(photos, mix, rank=rank, world=2)[1] for rank in (0, 1)]
    assert torch.equal(halves[1].images, whole[1].images[1::2])
    assert halves[0].priors is not None
    assert whole[1].priors is not None
    assert torch.equal(halves[0].priors, whole[1].priors[::2])
