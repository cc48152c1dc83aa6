"""The parameters of a request: the options of `limner image` by the same names, checked and described in one place."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from limner.assembly import EffectOptions, MatteOptions, PhotoOptions, PhotoSaving, SubjectOptions
from limner.assembly.effect import setting_owners
from limner.assembly.matte import EDGES
from limner.effects.registry import EFFECTS
from limner.media.formats import METADATA
from limner.suggestions import did_you_mean

FORMATS = ("jpg", "png", "webp", "avif", "tif", "bmp", "heic")
_SUBJECT = r"^(everyone|main|[1-9][0-9]{0,3})$"
_PICK = r"^[0-9]{1,6}(\.[0-9]{1,3})?[,x][0-9]{1,6}(\.[0-9]{1,3})?$"
_TEXT = 200


class _Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=(), allow_inf_nan=False)


def _optional(kind: Any, text: str, **limits: Any) -> Any:
    """A parameter that stays out of the options where it is not given; None, its default, is no value of it."""
    return Annotated[kind, Field(default=None, description=text, **limits)]


def _flag(text: str) -> Any:
    return _optional(bool, text)


_MATTE: dict[str, Any] = {
    "model": _optional(str, "One of the models that are loaded here.", max_length=_TEXT),
    "threshold": _optional(float, "Cut the mask at this probability, between 0 and 1. [keep it soft]", gt=0, lt=1),
    "softness": _optional(float, "Width of the edge that threshold leaves, 0 (hard) to 1.", ge=0, le=1),
    "largest_only": _flag("Keep only the largest region; see also subject."),
    "refine": _flag("Draw the edges at full size from the picture itself. [true]"),
    "edges": _optional(
        Literal[EDGES],
        "How: guided (a filter), fine (a net that keeps hair, slower) or key (a green screen). [fine with quality]",
    ),
    "clean": _flag("Remove faint islands and close false holes in people. [true]"),
    "tiles": _flag("Process pictures of 2:1 and longer in overlapping tiles. [true]"),
    "subject": _optional(str, "Who stays: everyone, main, or a number from the left.", pattern=_SUBJECT),
    "pick": _optional(str, "Keep only who is at this pixel, X,Y.", pattern=_PICK),
}
_SAVING: dict[str, Any] = {
    "trim": _flag("cutout: crop to the person."),
    "format": _optional(Literal[FORMATS], "Format of the result. [as Accept or the photo says]"),
    "quality": _optional(int, "1 to 100. [JPEG 95, WebP 92, AVIF 85, HEIC 90]", ge=1, le=100),
    "metadata": _optional(
        Literal[METADATA], "What the result keeps of what the photo says of itself: all, no-place or none. [all]"
    ),
}


def _effects() -> dict[str, Any]:
    """``effect`` and the settings of all effects."""
    names = ", ".join(EFFECTS)
    which = f"One of {names}, or several with commas between them. NAME:VALUE gives the main option. [blur]"
    found = {"effect": _optional(str, which, min_length=1, max_length=4 * _TEXT)}
    for name in dict.fromkeys(item.name for effect in EFFECTS for item in EFFECTS.settings(effect)):
        owners = setting_owners(name)
        setting = next(item for item in EFFECTS.settings(owners[0]) if item.name == name)
        limits = {"max_length": _TEXT} if setting.kind is str else {}
        told = f"{', '.join(owners)}: {setting.help}"
        if setting.names_file:
            told += " Here: a colour, a background of this server, or a part of the form with a photo."
        found[name] = _optional(setting.kind, told, **limits)
    return found


def _made(name: str, fields: dict[str, Any]) -> type[BaseModel]:
    """A model whose parameters are called what the flags of the command are."""
    aliased: dict[str, Any] = {key: Annotated[hint, Field(alias=key.replace("_", "-"))] for key, hint in fields.items()}
    return create_model(name, __base__=_Parameters, **aliased)


InfoParameters = _made("InfoParameters", _MATTE)
ImageParameters = _made("ImageParameters", {**_MATTE, **_effects(), **_SAVING})
LiveParameters = _made(
    "LiveParameters", {**{name: hint for name, hint in _MATTE.items() if name not in ("subject", "pick")}, **_effects()}
)


def given(parameters: BaseModel) -> dict[str, Any]:
    """What a request says, by the names of the fields of our options."""
    return {name: getattr(parameters, name) for name in parameters.model_fields_set}


def photo_options(said: dict[str, Any], *, max_pixels: int) -> PhotoOptions:
    """The options of a photo of what a request says.

    Raises:
        OptionError: a value cannot be used.
    """

    def of(kind: Any, *names: str) -> Any:
        return kind(**{name: said[name] for name in names if name in said})

    settings = {name: value for name, value in said.items() if setting_owners(name)}
    effect = {"effect": said["effect"]} if "effect" in said else {}
    saving = {name: said[name] for name in _SAVING if name in said}
    return PhotoOptions(
        effect=EffectOptions(**effect, settings=settings),
        matte=of(MatteOptions, "threshold", "softness", "largest_only", "refine", "edges", "clean", "tiles"),
        people=of(SubjectOptions, "subject", "pick"),
        saving=PhotoSaving(**saving, max_pixels=max_pixels),
    )


def told(error: dict[str, Any], known: type[BaseModel]) -> str:
    """One line of what pydantic found wrong."""
    name = str(error["loc"][-1]) if error["loc"] else "the request"
    if error["type"] == "extra_forbidden":
        names = [field.alias or key for key, field in known.model_fields.items()]
        return f"{name!r} is no parameter" + (did_you_mean(name.replace("_", "-"), names) or "; see /openapi.json")
    text = str(error["msg"])
    return f"{name} {error.get('input')!r}: {text[:1].lower()}{text[1:]}"
