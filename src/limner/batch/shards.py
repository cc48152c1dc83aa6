"""Results as shards: tars of samples that webdataset reads, each written when all its photos are there.

Until then results wait in files of their own, so that a batch that is killed need not make them again.
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from limner.batch.item import Item
from limner.batch.samples import TAR, split
from limner.batch.storage import Storage, storage_of
from limner.errors import OptionError
from limner.whole_file import cannot_write

_NUMBER = re.compile(r"%(0?\d*)d")


@dataclass(frozen=True, slots=True)
class Shard:
    """A tar of results.

    Attributes:
        address: of the tar.
        indices: of its items in the batch, in their order in the tar.
    """

    address: str
    indices: tuple[int, ...]

    def item(self, items: Sequence[Item]) -> Item:
        """What the ledger knows it by: its identity is that of all its photos."""
        said = "\n".join(f"{items[index].target} {items[index].identity}" for index in self.indices)
        identity = hashlib.sha256(said.encode()).hexdigest()[:16]
        return Item(self.address, "", self.address, TAR, identity)


def is_sharded(to: str) -> bool:
    """Whether an address of results means shards.

    Raises:
        OptionError: it means one tar, or more than one number.
    """
    if not to.endswith(TAR):
        return False
    if len(_NUMBER.findall(to)) != 1 or to.count("%") != 1:
        raise OptionError(f"‹to› {to}: say where the number of a shard goes, such as photos-%06d.tar")
    return True


def folder_of(to: str) -> str:
    """The folder in which the shards lie."""
    return to.rpartition("/")[0] or "."


def shard_address(to: str, number: int) -> str:
    """The address of a shard: "out/p-000003.tar" of "out/p-%06d.tar" and 3."""
    return to % number


def keys_of(names: Sequence[str]) -> list[str]:
    """The names of the results in the shards, where the first dot ends the key.

    Dots before the extension become "_", and results that would share a key keep their extension in it.
    """
    split_up = [name.rpartition(".") for name in names]
    keys = [_without_dots(stem) for stem, _, _ in split_up]
    seen: dict[str, int] = {}
    for key in keys:
        seen[key] = seen.get(key, 0) + 1
    return [
        f"{key}_{extension}.{extension}" if seen[key] > 1 else f"{key}.{extension}"
        for key, (_, _, extension) in zip(keys, split_up, strict=True)
    ]


def _without_dots(stem: str) -> str:
    folder, slash, name = stem.rpartition("/")
    return f"{folder}{slash}{name.replace('.', '_')}"


class Spool:
    """Results that wait for their shard.

    Args:
        folder: where they wait.
        shards: all of them.
        items: of the batch; a result in the shard ``a.tar`` has the target ``a.tar/<its name there>``.
    """

    def __init__(self, folder: Path, shards: Sequence[Shard], items: Sequence[Item]) -> None:
        self._folder, self._items = folder, items
        self._place = {index: (shard, at) for shard in shards for at, index in enumerate(shard.indices)}

    def path(self, index: int) -> Path:
        """The file of a result."""
        shard, at = self._place[index]
        name = hashlib.sha256(shard.address.encode()).hexdigest()[:16]
        return self._folder / name / f"{at}{self._items[index].format}"

    def keep(self, index: int, data: bytes) -> None:
        """Keeps a result.

        Raises:
            MediaError: it cannot be written.
        """
        path = self.path(index)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        except OSError as error:
            raise cannot_write(path, error) from None

    def size(self, index: int) -> int | None:
        """Bytes of a result that is kept."""
        try:
            return self.path(index).stat().st_size
        except OSError:
            return None

    def write(self, shard: Shard, indices: Sequence[int], earlier: Mapping[str, bytes], storage: Storage) -> int:
        """Writes a shard, whole or not at all; its size in bytes.

        Args:
            indices: of the items that have a result.
            earlier: name -> bytes, of the results that are not kept here because they are in the shard as it is.

        Raises:
            MediaError: it cannot be written.
        """
        whole = self._folder / "shard.tar"
        try:
            whole.parent.mkdir(parents=True, exist_ok=True)
            with tarfile.open(whole, "w") as tar:
                for index in indices:
                    self._add(tar, index, earlier)
            size = whole.stat().st_size
            storage.put(shard.address, whole)
            whole.unlink()
        except OSError as error:
            raise cannot_write(whole, error) from None
        return size

    def _add(self, tar: tarfile.TarFile, index: int, earlier: Mapping[str, bytes]) -> None:
        item, (shard, _) = self._items[index], self._place[index]
        name = item.target.removeprefix(f"{shard.address}/")
        path = self.path(index)
        _add(tar, name, path.read_bytes() if path.is_file() else earlier[name])
        for extension, first, count in item.parts:
            _add(tar, f"{split(name)[0]}.{extension}", storage_of(item.source).read(item.source, (first, count)))

    def forget(self, shard: Shard) -> None:
        """Forgets what is kept of a shard."""
        shutil.rmtree(self.path(shard.indices[0]).parent, ignore_errors=True)


def contents(address: str, storage: Storage) -> dict[str, bytes]:
    """Every member of a shard by name."""
    with tarfile.open(fileobj=io.BytesIO(storage.read(address))) as tar:
        files = ((member.name, tar.extractfile(member)) for member in tar.getmembers() if member.isreg())
        return {name: file.read() for name, file in files if file is not None}


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)  # of 1970, nobody's: the same results make the same bytes
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))
