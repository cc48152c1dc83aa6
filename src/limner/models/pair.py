"""Replaces a model and its card together: whenever that is interrupted, the model beside a card can be loaded.

Two files cannot be renamed at once. So the new card is written first, under a name of its own; then the model is
renamed, then the card. Interrupted in between, the new model lies beside the old card and the new one, and
``card_beside`` takes the one that names the model's sha256.
"""

from __future__ import annotations

from pathlib import Path

from limner.errors import ModelError
from limner.model_card import ModelCard, file_sha256


def publish(aside: Path, model: Path, card: ModelCard) -> None:
    """Put the file ``aside``, which lies in the same folder, in the place of ``model``, with ``card`` beside it.

    Args:
        card: its sha256 is that of ``aside``.

    Raises:
        ModelError: the files cannot be written; the old pair is as it was then.
    """
    coming = _coming(model)
    card.save(coming)
    try:
        aside.replace(model)
    except BaseException as error:
        coming.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise ModelError(f"{model}: cannot be written: {error.strerror or error}") from None
        raise
    coming.replace(model.with_suffix(".json"))


def card_beside(model: Path) -> ModelCard | None:
    """The card that belongs to the file ``model``: ``<stem>.json``, or one that ``publish`` was about to put there."""
    coming, beside = _coming(model), model.with_suffix(".json")
    if coming.is_file():
        card = ModelCard.load(coming)
        if card.sha256 == file_sha256(model):
            return card
    return ModelCard.load(beside) if beside.is_file() else None


def _coming(model: Path) -> Path:
    return model.with_suffix(".json.new")
