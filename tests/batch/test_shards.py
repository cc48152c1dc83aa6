"""Names of shards and of what is in them."""

from __future__ import annotations

import pytest

from limner.batch.shards import folder_of, is_sharded, keys_of, shard_address
from limner.errors import OptionError


@pytest.mark.parametrize(
    ("to", "sharded"), [("out", False), ("s3://b/out", False), ("out/p-%06d.tar", True), ("s3://b/%d.tar", True)]
)
def test_what_means_shards(to: str, sharded: bool) -> None:
    assert is_sharded(to) == sharded


@pytest.mark.parametrize("to", ["a.tar", "out/%d-%d.tar", "out/%s.tar", "out/100%-%d.tar"])
def test_names_without_one_number(to: str) -> None:
    with pytest.raises(OptionError, match="say where the number of a shard goes"):
        is_sharded(to)


def test_addresses() -> None:
    assert shard_address("s3://b/p-%04d.tar", 7) == "s3://b/p-0007.tar"
    assert (folder_of("s3://b/out/p-%04d.tar"), folder_of("%d.tar")) == ("s3://b/out", ".")


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        (["a.jpg", "deep/b.png"], ["a.jpg", "deep/b.png"]),
        (["a.1.jpg", "v1.2/a.jpg"], ["a_1.jpg", "v1.2/a.jpg"]),
        (["a.jpg", "a.png", "b.png"], ["a_jpg.jpg", "a_png.png", "b.png"]),
    ],
)
def test_keys_end_at_the_first_dot(names: list[str], keys: list[str]) -> None:
    assert keys_of(names) == keys
