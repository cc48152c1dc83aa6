"""The models that the page can load: those that ship, and a folder of one's own exports, with an index of both."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from limner.errors import LimnerError, ModelError, OptionError
from limner.kinds import ONNX, TFJS, TFLITE
from limner.models.card import SEGMENT, ModelCard
from limner.models.catalogue import ALIASES, find_model, list_models
from limner.models.files import file_sha256, model_bytes, model_sha256, stem_card
from limner.web.request import is_name

RUNNABLE = (ONNX, TFLITE, TFJS)
"""Suffixes of the kinds of models that a page can run."""
SCHEMA = 1
OWN = "own"
GRAPH = "model.json"
"""What the page loads first of a graph model of TensorFlow.js."""
CONVERTED = Path(__file__).with_name("models")
"""Shipped models for the browser's other runtimes: <folder>/<name><suffix> and <folder>/<name>.json, in both places."""
SIZES = (".sizes.json", ".squares.json")
"""End the names of what tools/make_web_sizes.py writes beside a shipped .tflite: how it takes inputs of other sizes."""
FOLDERS = {"litert": TFLITE, "tfjs": TFJS}


@dataclass(frozen=True, slots=True)
class Shelf:
    """Files by their path under models/, index.json among them, and what was left out of it, a line each."""

    files: Mapping[str, Path | bytes]
    notices: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Of the models, in the order of the index."""
        index = self.files["index.json"]
        assert isinstance(index, bytes)
        return tuple(model["name"] for model in json.loads(index)["models"])


def shelve(own: Path | None = None) -> Shelf:
    """The shipped models that find people, and those of the folder ``own`` that a page can run, under ``own/``.

    Raises:
        ModelError: a shipped model is damaged.
        OptionError: ``own`` is no folder, or holds no model that a page can run.
    """
    files: dict[str, Path | bytes] = {}
    entries: list[dict[str, Any]] = []
    default = ALIASES["default"]
    for model in sorted(list_models(SEGMENT), key=lambda model: (model.card.name != default, model.card.name)):
        model.card.verify(model.path)
        card = f"{model.card.name}.json"
        entry = _entry(model.card.name, model.path, model.card, model.path.name, card, files)
        files[card] = model.path.parent / card
        entries.append({**entry, "formats": [entry["format"], *_add_converted(model.card.name, files)]})
    notices = [] if own is None else list(_add_own(own, files, entries))
    index = {"schema": SCHEMA, "default": default, "models": entries}
    files["index.json"] = (json.dumps(index, indent=1, ensure_ascii=False) + "\n").encode()
    return Shelf(files, tuple(notices))


def _add_converted(name: str, files: dict[str, Path | bytes]) -> Iterator[str]:
    """Add a shipped model's files for other runtimes; yields their formats."""
    for folder, kind in FOLDERS.items():
        model = CONVERTED / folder / f"{name}{kind}"
        if not model.exists():
            continue
        sizes = [path for end in SIZES if (path := model.with_suffix(end)).exists()]
        parts = _tfjs_parts(model) if kind == TFJS else [model, *sizes]
        files.update(
            {f"{folder}/{part.relative_to(model.parent).as_posix()}": part for part in (stem_card(model), *parts)}
        )
        yield kind.removeprefix(".")


def _add_own(folder: Path, files: dict[str, Path | bytes], entries: list[dict[str, Any]]) -> Iterator[str]:
    """Add the models of a folder; yields what was left out, and why."""
    try:
        files_ = (path for path in folder.iterdir() if path.is_file() or path.is_dir())  # a pipe would never end
        found = sorted(path for path in files_ if path.suffix.lower() in RUNNABLE and path.name[0] != ".")
    except OSError as error:
        raise OptionError(f"‹models› {folder}: cannot be read: {error.strerror or error}") from None
    before = len(entries)
    for path in found:
        try:
            if not is_name(path.name) or set(path.name) & set("%#?"):
                raise ModelError(f"{path}: has a name that no address can have; rename it")
            card = find_model(path, task=SEGMENT).card
            name = f"{OWN}/{path.name}"
            entry = _entry(name, path, card, name, f"{name}.json", files)
            # The page loads one file first: in the card it has that file's name and SHA-256.
            beside = f"{path.name}/{GRAPH}" if path.suffix.lower() == TFJS else path.name
            told = {**card.to_dict(), "file": beside, "sha256": entry["files"][0]["sha256"]}
            files[f"{name}.json"] = (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode()
            entries.append(entry)
        except (LimnerError, OSError) as error:
            yield f"left out: {error}"
    if len(entries) == before:
        kinds = ", ".join(RUNNABLE)
        raise OptionError(f"‹models› {folder}: holds no model that a page can run ({kinds}, each with its card)")


def _entry(
    name: str, path: Path, card: ModelCard, model: str, card_at: str, files: dict[str, Path | bytes]
) -> dict[str, Any]:
    """A model's entry in the index; its files go into ``files``."""
    kind = path.suffix.lower()
    parts = {model: path} if kind != TFJS else {f"{model}/{part.name}": part for part in _tfjs_parts(path)}
    height, width = card.input.size
    entry: dict[str, Any] = {
        "name": name,
        "format": kind.removeprefix("."),
        "model": quote(f"{model}/{GRAPH}" if kind == TFJS else model),
        "card": quote(card_at),
        "bytes": model_bytes(path),
        "sha256": model_sha256(path),
        "width": width,
        "height": height,
        "summary": card.summary,
        "licence": card.licence,
        "files": [
            {"path": quote(at), "bytes": part.stat().st_size, "sha256": file_sha256(part)} for at, part in parts.items()
        ],
    }
    files.update(parts)
    return entry


def _tfjs_parts(folder: Path) -> list[Path]:
    """model.json and the files of weights that it names."""
    graph = folder / GRAPH
    try:
        manifest = json.loads(graph.read_text(encoding="utf-8"))["weightsManifest"]
        names = [str(name) for group in manifest for name in group["paths"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError(f"{graph}: is no graph model of TensorFlow.js") from None
    parts = [graph, *(folder / name for name in names)]
    for name, part in zip(names, parts[1:], strict=True):
        if Path(name).name != name or not part.is_file():
            raise ModelError(f"{graph}: names weights {name!r}, which are not a file beside it")
    return parts
