"""Replaces a model and its card together: whenever that is interrupted, the model beside a card can be loaded.

Two files cannot be renamed at once. So the new card is written first, under a name of its own; then the model is
renamed, then the card. Interrupted in between, the new model lies beside the old card and the new one, and
``card_beside`` takes the one that names the model's sha256.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from limner.checking import checked
from limner.errors import ModelError
from limner.models.card import ModelCard
from limner.models.files import export_card, model_parts, model_sha256, stem_card
from limner.one_writer import OneWriter

_PATIENCE = 30.0
"""Seconds; another run takes milliseconds to replace its pair."""


@checked
def publish(aside: Path, model: Path, card: ModelCard) -> None:
    """Put the file ``aside``, which lies in the same folder, in the place of ``model``, with ``card`` beside it.

    Args:
        card: its sha256 is that of ``aside``.

    Raises:
        ModelError: the files cannot be written; the old pair is as it was then.
    """
    _publish([(aside, model)], card, stem_card(model))
    export_card(model).unlink(missing_ok=True)  # of an export that lay there before, or it would be taken first


def publish_export(aside: Path, model: Path, card: ModelCard) -> None:
    """As ``publish``, of a model of any number of files (or a folder), with the card ``<file name>.json``.

    ``aside`` lies on the same disk. Several files, and a folder that replaces another, cannot be renamed at once:
    interrupted in between, the card's sha256 does not fit and the model is refused, never run with other weights.
    """
    if aside.is_dir():
        moves = [(aside, model)]
    else:
        moves = [(part, model.with_suffix(part.suffix)) for part in reversed(model_parts(aside))]
    _publish(moves, card, export_card(model))


def _publish(moves: list[tuple[Path, Path]], card: ModelCard, beside: Path) -> None:
    refuse_to_replace_foreign(beside)
    with OneWriter(beside.parent, error=ModelError, wait=_PATIENCE):
        _replace(moves, card, beside)


def refuse_to_replace_foreign(beside: Path) -> None:
    """
    Raises:
        ModelError: ``beside``, where a card is to lie, is something else, such as a ``package.json``.
    """
    if not beside.exists():
        return
    try:
        known = "schema" in json.loads(beside.read_bytes())
    except (OSError, ValueError, TypeError):
        known = False
    if not known:
        raise ModelError(f"{beside}: is no model card, and the model's card would replace it; choose another name")


def _replace(moves: list[tuple[Path, Path]], card: ModelCard, beside: Path) -> None:
    coming = _coming(beside)
    model = moves[-1][1]
    card.save(coming)
    try:
        for source, target in moves:
            if source.is_dir() and target.is_dir():
                shutil.rmtree(target)
            source.replace(target)
    except BaseException as error:
        if all(source.exists() for source, _ in moves):  # otherwise it is the card of what lies there now
            coming.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise ModelError(f"{model}: cannot be written: {error.strerror or error}") from None
        raise
    coming.replace(beside)


def card_beside(model: Path) -> ModelCard | None:
    """The card that belongs to ``model``: ``<file name>.json``, else ``<stem>.json``.

    A card whose publishing was interrupted is taken where its sha256 is that of the model.
    """
    for beside in (export_card(model), stem_card(model)):
        coming = _coming(beside)
        if coming.is_file():
            card = ModelCard.load(coming)
            if card.sha256 == model_sha256(model):
                return card
        if beside.is_file():
            return ModelCard.load(beside)
    return None


def _coming(beside: Path) -> Path:
    return beside.with_name(f"{beside.name}.new")
