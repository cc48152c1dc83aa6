"""Finds models: by the name of one that ships or can be fetched, or by the path of one's own file, with its card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from limner.cache import cache_folder
from limner.errors import ModelError
from limner.kinds import MODEL_SUFFIXES, WEIGHT_SUFFIXES, is_checkpoint, kind_of
from limner.models.card import SEGMENT, ModelCard, read_json
from limner.models.checkpoints import checkpoint_card
from limner.models.ensemble_card import EnsembleCard
from limner.models.pair import card_beside
from limner.suggestions import check_the_name, did_you_mean

ALIASES = {"default": "fast"}
_FOLDER = Path(__file__).parent
ENSEMBLE = "studio"
"""What `limner models fetch` takes: the ensemble whose members are all that can be fetched."""
FETCHED_CARDS = _FOLDER / "fetched"
"""Cards of models whose weights are fetched, and of the ensembles they make up."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """Weights and the card that goes with them.

    ``whole`` is the card of whole people, where ``card`` is one of parts of them (``limner.models.parts``).
    """

    path: Path
    card: ModelCard
    whole: ModelCard | None = None


@dataclass(frozen=True, slots=True)
class EnsembleFiles:
    """An ensemble's card, and the files of its members in the card's order."""

    card: EnsembleCard
    members: tuple[ModelFile, ...]


def fetched_folder() -> Path:
    """Where fetched weights are kept: ``models`` in the cache folder."""
    return cache_folder() / "models"


def ensemble_cards() -> tuple[EnsembleCard, ...]:
    """Of every ensemble that has a name, sorted by name."""
    paths = sorted(FETCHED_CARDS.glob("*.json"), key=lambda path: path.stem)
    return tuple(EnsembleCard.load(path) for path in paths if _is_ensemble(path))


def fetched_names() -> tuple[str, ...]:
    """Names of the single models whose weights are fetched, whether they are there or not; sorted."""
    return tuple(sorted(path.stem for path in FETCHED_CARDS.glob("*.json") if not _is_ensemble(path)))


def all_names() -> tuple[str, ...]:
    """Every name that a model or an ensemble has, aliases included."""
    return (*ALIASES, *model_names(), *(card.name for card in ensemble_cards()), *fetched_names())


def is_fetched(card: EnsembleCard) -> bool:
    """Whether the files of all members are there; they are not compared with their sha256."""
    names = [member.model for member in card.members if member.model in fetched_names()]
    return all(_fetched(name).path.is_file() for name in names)


def model_names() -> tuple[str, ...]:
    """Names of the models that ship, sorted, without aliases."""
    return tuple(sorted(card.stem for card in _FOLDER.glob("*.json")))


def list_models(task: str | None = None) -> tuple[ModelFile, ...]:
    """Every model that ships (for ``task``, where it is given), sorted by name. Cards are read; weights are not."""
    models = (_shipped(name) for name in model_names())
    return tuple(model for model in models if task in (None, model.card.task))


def find_any(
    model: str | Path, *, card: ModelCard | str | Path | None = None, verify: bool = True, task: str | None = None
) -> ModelFile | EnsembleFiles:
    """As ``find_model``, or the ensemble of that name, or of that path of an ensemble's card (.json).

    Raises:
        ModelError: as there; or a member cannot be used.
    """
    path = Path(model)
    if path.suffix.lower() == ".json" and path.is_file():
        if not _is_ensemble(path):
            raise ModelError(f"{path}: is the card of one model, not of an ensemble; name the model's file instead")
        found, base = EnsembleCard.load(path), path.parent
    elif str(model) in [known.name for known in ensemble_cards()]:
        found, base = EnsembleCard.load(FETCHED_CARDS / f"{model}.json"), FETCHED_CARDS
        if not is_fetched(found):
            raise not_fetched(str(model))
    else:
        return find_model(model, card=card, verify=verify, task=task)
    if card is not None:
        raise ModelError(
            f"model {str(model)!r} is an ensemble, whose members have cards of their own; leave ‹card› out"
        )
    if task not in (None, found.task):
        raise ModelError(f"model {str(model)!r} is for the task {found.task}, not {task}")
    members = (_member(member.model, base) for member in found.members)
    return EnsembleFiles(found, tuple(find_model(member, verify=verify, task=found.task) for member in members))


def not_fetched(name: str) -> ModelError:
    """The error for a model whose weights are not there yet."""
    return ModelError(f"model {name!r} is not fetched yet; run `limner models fetch {ENSEMBLE}` once")


def find_model(
    model: str | Path, *, card: ModelCard | str | Path | None = None, verify: bool = True, task: str | None = None
) -> ModelFile:
    """The model called ``model``, with its card.

    Args:
        model: a name ("fast"), an alias ("default"), or the path of a model file (see ``limner.kinds``).
        card: the card to use instead of ``<file name>.json`` or ``<stem>.json`` beside the file.
        verify: compare the file with the card's sha256, where it has one.
        task: what the model must be for, "segment" or "harmonize"; None takes any.

    Raises:
        ModelError: no such name or file, no card, a card that is wrong, a sha256 that differs, another task, weights
            that are not fetched, or an ensemble.
    """
    path = Path(model)
    if path.suffix.lower() in MODEL_SUFFIXES or path.is_file():
        found = ModelFile(path, _own_card(path, card))
    else:
        found = _named(_resolve(str(model)))
        if card is not None:
            found = ModelFile(found.path, _as_card(card))
    if task not in (None, found.card.task):
        names = ", ".join(model.card.name for model in list_models(task))
        raise ModelError(f"model {str(model)!r} is for the task {found.card.task}, not {task}; those that are: {names}")
    if verify:
        found.card.verify(found.path)
    return found


def finder_of(found: ModelFile) -> ModelFile:
    """The model that finds people first, for a model whose card has ``crop``.

    Raises:
        ModelError: there is none, it cannot be used, or it wants one before it itself.
    """
    assert found.card.crop is not None
    named = found.card.crop.model
    try:
        first = find_model(_member(named, found.path.parent), task=SEGMENT)
    except ModelError as error:
        raise ModelError(f"card of {found.card.name!r}: crop.model: {error}") from None
    if first.card.crop is not None:
        raise ModelError(
            f"card of {found.card.name!r}: crop.model {named!r} is cropped by {first.card.crop.model!r} itself; "
            "name a model that sees the whole frame"
        )
    return first


def weights_path(name: str) -> Path:
    """The .onnx, .safetensors or .pt file that ``name`` means: a shipped model's name or a path.

    Raises:
        ModelError: there is no such file or model.
    """
    if Path(name).suffix in WEIGHT_SUFFIXES:
        if not Path(name).is_file():
            raise ModelError(f"{name}: no such file{check_the_name(Path(name))}")
        return Path(name)
    if ALIASES.get(name, name) not in model_names():
        near, known = did_you_mean(name, (*ALIASES, *model_names())), ", ".join(model_names())
        raise ModelError(f"{name}: no shipped model has weights of that name{near} (there are: {known})")
    return find_model(name).path


def _resolve(name: str) -> str:
    ensembles = {card.name: card for card in ensemble_cards()}
    if name in ensembles:
        members = ", ".join(member.model for member in ensembles[name].members)
        raise ModelError(f"model {name!r} is an ensemble, and one model file is needed here: name one of {members}")
    known = (*model_names(), *ensembles, *fetched_names())
    resolved = ALIASES.get(name, name)
    if resolved in known:
        return resolved
    names = ", ".join((*ALIASES, *known))
    near = did_you_mean(name, (*ALIASES, *known))
    known_names = f"{near or ';'} known names: {names}"
    raise ModelError(f"no model {name!r}{known_names}; or give the path of a .onnx or .tflite file")


def _named(name: str) -> ModelFile:
    if name not in fetched_names():
        return _shipped(name)
    found = _fetched(name)
    if not found.path.is_file():
        raise not_fetched(name)
    return found


def _fetched(name: str) -> ModelFile:
    card = ModelCard.load(FETCHED_CARDS / f"{name}.json")
    return ModelFile(fetched_folder() / card.file, card)


def _is_ensemble(path: Path) -> bool:
    data = read_json(path)
    return isinstance(data, dict) and "members" in data


def _member(model: str, base: Path) -> str | Path:
    return base / model if Path(model).suffix.lower() in MODEL_SUFFIXES else model


def _shipped(name: str) -> ModelFile:
    card = ModelCard.load(_FOLDER / f"{name}.json")
    if card.sha256 is None:
        raise ModelError(f"{name}.json: sha256 is missing; a model that ships must have it")
    return ModelFile(_FOLDER / card.file, card)


def _own_card(path: Path, card: ModelCard | str | Path | None) -> ModelCard:
    kind = kind_of(path)
    if not path.exists():
        raise ModelError(f"{path}: no such model file")
    if path.is_dir() and (kind is None or not kind.folder):
        raise ModelError(f"{path}: is not a file")
    if card is not None:
        return _as_card(card)
    found = card_beside(path)
    if found is None and is_checkpoint(path):
        return checkpoint_card(path)
    if found is None and (kind is None or not kind.model):
        raise ModelError(f"{path}: is none of the kinds of model files: {', '.join(MODEL_SUFFIXES)}")
    if found is None:
        beside = path.with_suffix(".json")
        raise ModelError(
            f"{path}: has no card {beside.name} beside it; draft one with "
            f"`limner inspect {path} --card-out {beside}`, or name one with ‹card›"
        )
    return found


def _as_card(card: ModelCard | str | Path) -> ModelCard:
    return card if isinstance(card, ModelCard) else ModelCard.load(card)
