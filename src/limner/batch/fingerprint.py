"""What a batch does to its photos as a short text, which differs wherever its results would."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from limner.assembly.photo import PhotoOptions
from limner.models.catalogue import EnsembleFiles, find_any
from limner.models.files import file_sha256, model_sha256


def fingerprint(options: PhotoOptions, files: Iterable[Path], **more: object) -> str:
    """16 hex digits of the options, of the bytes of the model and of the files that an effect reads.

    Threads are left out: they change how long a photo takes.

    Args:
        files: those of `Effect.files`.
        more: anything else that results depend on.

    Raises:
        ModelError: there is no such model, or a file cannot be read.
    """
    plain = asdict(options)
    plain["matte"].pop("threads")
    found = find_any(options.matte.model, card=options.matte.card)
    models = found.members if isinstance(found, EnsembleFiles) else (found,)
    said = {
        "options": plain,
        "models": [(model_sha256(model.path), repr(model.card)) for model in models],
        "files": [file_sha256(path) for path in files],
        **more,
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:16]
