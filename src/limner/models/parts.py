"""Parts of people by name: a card whose person is only hair, or a face, of a net that tells them apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from limner.errors import OptionError
from limner.models.card import ModelCard
from limner.models.catalogue import EnsembleFiles, ModelFile
from limner.suggestions import did_you_mean


def keeping(card: ModelCard, names: Sequence[str]) -> ModelCard:
    """The card with these parts as its person.

    Args:
        card: its output has labels.
        names: of parts, in any letter case: whole labels, or words of them. "face" is "face-skin" and "skin" is every
            label with that word.

    Raises:
        OptionError: the card has no labels, or none of such a name.
    """
    labels = card.output.labels
    if not labels:
        raise OptionError(
            f"‹keep›: the card of {card.name!r} names no parts; give it output.labels (docs/model-cards.md), "
            "or leave ‹keep› out"
        )
    picked = dict.fromkeys(number for name in names for number in _numbers(name, card))
    output = replace(card.output, person_class=None, background_class=None, person_classes=tuple(picked))
    return replace(card, output=output)


def parts_of(found: ModelFile | EnsembleFiles, names: Sequence[str]) -> ModelFile:
    """The model with these parts for its people; errors as of `keeping`, and for an ensemble."""
    if not isinstance(found, ModelFile):
        raise OptionError(
            f"‹keep›: {found.card.name!r} is an ensemble, whose members have no parts in common; name a model whose "
            "card has output.labels"
        )
    return replace(found, card=keeping(found.card, names), whole=found.card)


def parse_keep(text: str | None) -> tuple[str, ...]:
    """The names in "hair,face"; empty for None.

    Raises:
        OptionError: a name is missing between commas.
    """
    if text is None:
        return ()
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise OptionError(f"‹keep› {text!r}: say names of parts with commas between them, such as hair,face")
    return names


def _numbers(name: str, card: ModelCard) -> list[int]:
    words = [_words(label) for label in card.output.labels]
    wanted = _words(name)
    found = [number for number, own in enumerate(words) if own == wanted and wanted]
    found = found or [number for number, own in enumerate(words) if len(wanted) == 1 and wanted[0] in own]
    if not found:
        known = [*card.output.labels, *(word for own in words for word in own)]
        near = did_you_mean(name, known) or ";"
        raise OptionError(
            f"‹keep› {name!r} is no part that {card.name!r} knows{near} its parts: {', '.join(card.output.labels)}"
        )
    return found


def _words(name: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"[\W_]+", name.casefold()) if word)
