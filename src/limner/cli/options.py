"""The options of `limner.assembly` as flags: each field has a flag here, and a command takes whole groups of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from limner.assembly import EffectOptions, MatteOptions, PeopleOptions, SubjectOptions, TemporalOptions
from limner.assembly.effect import setting_owners
from limner.assembly.people_options import METHODS
from limner.assembly.saving import PhotoSaving
from limner.effects.registry import EFFECTS
from limner.errors import LimnerError

T = TypeVar("T")
_SHORT = {"background": ("-b",), "color": ("-c",)}

SUBJECT = {
    "subject": typer.Option(
        "--subject", help="Who stays: everyone, main, or a number from the left.", metavar="everyone|main|N"
    ),
    "pick": typer.Option("--pick", help="Keep only who is at this pixel, and follow them.", metavar="X,Y"),
}
FLAGS: dict[type, Mapping[str, Any]] = {
    MatteOptions: {
        "model": typer.Option("--model", "-m", help="A name from `limner models`, or an .onnx or .tflite file."),
        "card": typer.Option("--card", help="The card of a model file, if it is not beside the file."),
        "runtime": typer.Option(
            "--runtime",
            metavar="NAME[:OPTION,…]",
            help="auto (the fastest, measured once), onnxruntime, openvino, litert, ncnn, opencv, torch, tensorrt.",
        ),
        "device": typer.Option("--device", help="What the model runs on: cpu, cuda, cuda:1, gpu, …"),
        "threads": typer.Option("--threads", min=1, help="Threads for the model. [the runtime's choice]"),
        "threshold": typer.Option(
            "--threshold", help="Cut the mask at this probability, between 0 and 1. [keep it soft]"
        ),
        "softness": typer.Option("--softness", help="Width of the edge that --threshold leaves, 0 (hard) to 1."),
        "largest_only": typer.Option(
            "--largest-only", help="Keep only the largest region of each picture; see also --subject."
        ),
        "refine": typer.Option("--refine/--no-refine", help="Draw the edges at full size from the picture itself."),
        "edges": typer.Option(
            "--edges",
            help="How: guided (a filter), fine (a net that follows hair and outlines better, slower) or key (a green "
            "screen or other plain, colourful backdrop). [fine for photos with quality, else guided]",
            metavar="guided|fine|key",
        ),
        "clean": typer.Option("--clean/--no-clean", help="Remove faint islands and close false holes in people."),
        "keep": typer.Option(
            "--keep",
            help="Parts of people that stay, of a model whose card names them (`limner models show`): hair,face.",
            metavar="PART,…",
        ),
        "tiles": typer.Option("--tiles/--no-tiles", help="Process pictures of 2:1 and longer in overlapping tiles."),
    },
    PhotoSaving: {
        "format": typer.Option(
            "--format", "-f", help="jpg, png, webp, avif, tif, jp2, bmp or heic. [as the result or the photo is named]"
        ),
        "quality": typer.Option("--quality", "-q", help="1 to 100. [JPEG 95, WebP 92, AVIF 85, HEIC 90]"),
        "trim": typer.Option("--trim", help="cutout: crop to the person."),
        "max_pixels": typer.Option("--max-pixels", min=1, help="Refuse photos with more pixels than this."),
        "metadata": typer.Option(
            "--metadata", help="EXIF that results keep: all, no-place (where it was taken) or none."
        ),
    },
    TemporalOptions: {
        "temporal": typer.Option("--temporal", help="Steady mattes: off, light or strong.", metavar="off|light|strong"),
        "look_ahead": typer.Option(
            "--look-ahead", help="Frames, 0 to 2, that each frame waits for: steadier, but later.", metavar="FRAMES"
        ),
        "gate": typer.Option("--gate/--no-gate", help="Keep the matte, and let the model rest, while nothing moves."),
        "scene_memory": typer.Option(
            "--scene-memory/--no-scene-memory",
            help="Remember what a still camera showed behind people, and take it out of the matte.",
        ),
    },
    SubjectOptions: SUBJECT,
    PeopleOptions: {
        **SUBJECT,
        "privacy": typer.Option(
            "--privacy",
            help="Hide whole frames whose matte cannot be trusted; strict: those without anybody too. "
            "[camera, stream: on; video: off]",
            metavar="on|off|strict",
        ),
        "method": typer.Option(
            "--method",
            help="What finds people; subtraction and mixture need a still camera.",
            metavar="|".join(METHODS),
        ),
        "empty_scene": typer.Option(
            "--empty-scene", help="A photo of the room without people, from the same place.", metavar="PHOTO"
        ),
        "learn": typer.Option("--learn", help="Frames of the empty scene to learn from; they are hidden. [30]"),
        "difference": typer.Option(
            "--difference", help="subtraction: levels, 1 to 255, by which a person differs. [18]"
        ),
        "scene_color": typer.Option("--scene-color", help="subtraction: compare colours, not grey: twice the time."),
        "mixture": typer.Option("--mixture", help="mixture: mog2 or knn. [mog2]"),
        "scene_blur": typer.Option("--scene-blur", help="Blur before comparing, percent of the shorter side. [0.5]"),
        "closing": typer.Option("--closing", help="Gaps to close, percent of the shorter side. [4]"),
        "edge": typer.Option("--edge", help="Width of the soft edge, percent of the shorter side. [2]"),
        "adapt": typer.Option("--adapt", help="How fast the scene follows slow changes, 0 (never) to 1. [0.02]"),
        "all_regions": typer.Option("--all-regions", help="Keep all that differs, not only the largest region."),
    },
}
"""Group -> field -> flag. A class that derives from a group may have flags of its own for some of the fields."""


def spread(function: Callable[..., T]) -> Callable[..., T]:
    """Lets a command take groups of options as parameters: their fields become its own flags.

    Every parameter annotated with a dataclass is replaced by that dataclass's fields, and gathered again for the call.
    Fields have the flags of `FLAGS`, or those that the dataclass itself is annotated with. Where a field has another
    flag than its name says, errors name the flag.
    """
    groups: dict[str, _Group] = {}
    hints = get_type_hints(function, include_extras=True)
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(function).parameters.values():
        kind = hints[parameter.name]
        if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__"):
            groups[parameter.name] = _Effects() if kind is EffectOptions else _Group(kind)
            parameters += groups[parameter.name].parameters
        else:
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=kind))
    called = {name: flag for group in groups.values() for name, flag in group.called.items()}

    def gathered(**given: Any) -> T:
        for name, group in groups.items():
            given[name] = group.gather({item.name: given.pop(item.name) for item in group.parameters})
        try:
            return function(**given)
        except LimnerError as error:
            raise error.renamed(called) from error.__cause__

    gathered.__name__, gathered.__doc__, gathered.__module__ = function.__name__, function.__doc__, function.__module__
    gathered.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    gathered.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return gathered


class _Group:
    """A dataclass as parameters of a command.

    Attributes:
        parameters: one a field.
        called: field -> what its flag is called, where that is not the field's name.
    """

    def __init__(self, kind: type) -> None:
        self._kind = kind
        hints = get_type_hints(kind, include_extras=True)
        flags = {name: flag for base in reversed(kind.__mro__) for name, flag in FLAGS.get(base, {}).items()}
        self.parameters, self.called = [], {}
        for item in fields(kind):
            hint = hints[item.name]
            if not hasattr(hint, "__metadata__"):
                hint = Annotated[hint, flags[item.name]]
            default = inspect.Parameter.empty if item.default is MISSING else item.default
            self.parameters.append(_parameter(item.name, default, hint))
            name = _flag(hint.__metadata__[0])
            if name not in ("", item.name):
                self.called[item.name] = name

    def gather(self, given: dict[str, Any]) -> Any:
        """The dataclass of the values that were given."""
        return self._kind(**given)


def _flag(option: Any) -> str:
    """The name in the flag of an option ("keep_going" for ``--keep-going/--stop``); "" where it has none of its own."""
    said = [text for text in (option.default, *option.param_decls) if isinstance(text, str) and text.startswith("--")]
    return said[0].partition("/")[0].removeprefix("--").replace("-", "_") if said else ""


class _Effects(_Group):
    """The effects as parameters of a command: one says which, the others are the settings of all of them."""

    def __init__(self) -> None:
        self.called = {}
        self.parameters = [_parameter("effect", EffectOptions().effect, Annotated[str, _which()])]
        for name in dict.fromkeys(setting.name for effect in EFFECTS for setting in EFFECTS.settings(effect)):
            self.parameters.append(_setting(name))

    def gather(self, given: dict[str, Any]) -> EffectOptions:
        """The options of the values that were given; None stands for a flag that was not."""
        effect = given.pop("effect")
        return EffectOptions(
            effect=effect, settings={name: value for name, value in given.items() if value is not None}
        )


def _which() -> Any:
    *names, last = EFFECTS
    return typer.Option(
        "--effect",
        "-e",
        help=f"One of {', '.join(names)} and {last}, or several with commas between them. NAME:VALUE gives the main "
        "option: light_wrap:0.7,replace:beach.jpg.",
        metavar="NAME[:VALUE],…",
    )


def _setting(name: str) -> inspect.Parameter:
    owners = setting_owners(name)
    setting = next(setting for setting in EFFECTS.settings(owners[0]) if setting.name == name)
    option = typer.Option(
        f"--{name.replace('_', '-')}",
        *_SHORT.get(name, ()),
        help=f"{', '.join(owners)}: {setting.help}",
        metavar=setting.metavar or None,
    )
    return _parameter(name, None, Annotated[setting.kind | None, option])


def _parameter(name: str, default: Any, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
