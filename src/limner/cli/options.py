"""Options that `limner image` and `limner video` share, and the effect and segmenter they describe."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import typer

from limner.errors import OptionError

if TYPE_CHECKING:
    from limner.effects import Effect
    from limner.segment.segmenter import Segmenter

T = TypeVar("T")


def _of(*names: str, **meaning: str) -> Any:
    """An optional value that only the named effects take; `meaning` maps an effect to its constructor's parameter."""
    return field(default=None, metadata={"effects": names or tuple(meaning), "parameter": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectOptions:
    """What becomes of the picture. None means that the option was not given: the effect's own default holds."""

    effect: Annotated[
        str, typer.Option("--effect", "-e", help="blur, replace, color, cutout, mask or overlay.", metavar="NAME")
    ] = "blur"
    blur_strength: Annotated[
        float | None,
        typer.Option("--blur-strength", help="blur: 0 (none) to 1 (very strong), the same look at any size. [0.5]"),
    ] = _of(blur="strength")
    background: Annotated[
        str | None,
        typer.Option("--background", "-b", help="replace: a photo, a video or a colour.", metavar="PHOTO|VIDEO|COLOUR"),
    ] = _of(replace="background")
    fit: Annotated[
        str | None,
        typer.Option("--fit", help="replace: cover (crop to fill) or contain (all of it, with bars). [cover]"),
    ] = _of(replace="fit")
    fill: Annotated[
        str | None, typer.Option("--fill", help="replace: colour of the bars of --fit contain. [black]")
    ] = _of(replace="fill")
    color: Annotated[
        str | None,
        typer.Option("--color", "-c", help="color: a name, #rgb, #rrggbb or 'rgb(r, g, b)'. [magenta]"),
    ] = _of(color="color")
    tint: Annotated[str | None, typer.Option("--tint", help="overlay: colour laid over the person. [lime]")] = _of(
        overlay="tint"
    )
    opacity: Annotated[
        float | None, typer.Option("--opacity", help="overlay: 0 (nothing) to 1 (opaque) for the tint. [0.5]")
    ] = _of(overlay="opacity")
    outline: Annotated[
        float | None,
        typer.Option("--outline", help="overlay: line around the person, in percent of the shorter side. [0: none]"),
    ] = _of(overlay="outline")


@dataclass(frozen=True, slots=True, kw_only=True)
class MatteOptions:
    """Which model finds the person, on what it runs and how its mask becomes a matte."""

    model: Annotated[
        str, typer.Option("--model", "-m", help="A name from `limner models`, or an .onnx or .tflite file.")
    ] = "default"
    card: Annotated[
        str | None, typer.Option("--card", help="The card of a model file, where it does not lie beside it.")
    ] = None
    runtime: Annotated[str, typer.Option("--runtime", help="auto, onnxruntime or litert.")] = "auto"
    device: Annotated[str, typer.Option("--device", help="What the model runs on.")] = "cpu"
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, help="Threads for the model. [the runtime's choice]")
    ] = None
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", help="Cut the mask at this probability, between 0 and 1. [keep it soft]"),
    ] = None
    softness: Annotated[
        float | None, typer.Option("--softness", help="Width of the edge that --threshold leaves, 0 (hard) to 1.")
    ] = None
    largest_only: Annotated[
        bool, typer.Option("--largest-only", help="Keep only the largest region of each picture; see also --subject.")
    ] = False
    refine: Annotated[
        bool, typer.Option("--refine/--no-refine", help="Draw the edges at full size from the picture itself.")
    ] = True


def spread(function: Callable[..., T]) -> Callable[..., T]:
    """Lets a command take `EffectOptions` and `MatteOptions` as parameters: their fields become its own options.

    Every parameter annotated with a dataclass is replaced by that dataclass's fields, and gathered again for the call.
    """
    groups: dict[str, type] = {}
    hints = get_type_hints(function, include_extras=True)
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(function).parameters.values():
        kind = hints[parameter.name]
        if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__"):
            groups[parameter.name] = kind
            own = get_type_hints(kind, include_extras=True)
            for item in fields(kind):
                default = inspect.Parameter.empty if item.default is MISSING else item.default
                parameters.append(
                    inspect.Parameter(
                        item.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=own[item.name]
                    )
                )
        else:
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=kind))

    def gathered(**given: Any) -> T:
        for name, kind in groups.items():
            given[name] = kind(**{item.name: given.pop(item.name) for item in fields(kind)})
        return function(**given)

    gathered.__name__, gathered.__doc__, gathered.__module__ = function.__name__, function.__doc__, function.__module__
    gathered.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    gathered.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return gathered


def build_effect(options: EffectOptions) -> Effect:
    """The effect that the options ask for.

    Raises:
        OptionError: the effect is unknown, a value cannot be used, or an option belongs to another effect.
    """
    from limner.effects import EFFECTS, make_effect

    chosen: dict[str, Any] = {}
    for item in fields(options):
        value = getattr(options, item.name)
        if value is None or "effects" not in item.metadata or options.effect not in EFFECTS:
            continue
        if options.effect not in item.metadata["effects"]:
            belongs_to(f"--{item.name.replace('_', '-')}", item.metadata["effects"], options.effect)
        chosen[item.metadata["parameter"].get(options.effect, item.name)] = value
    if options.effect == "replace" and "background" not in chosen:
        raise OptionError("--effect replace needs --background: a photo, a video or a colour")
    return make_effect(options.effect, **chosen)


def belongs_to(flag: str, effects: tuple[str, ...], chosen: str) -> None:
    """Raises the error for a flag of other effects than the chosen one."""
    names = " or ".join(effects)
    raise OptionError(
        f"{flag} belongs to the effect {names}, not to {chosen}: leave it out or say --effect {effects[0]}"
    )


def build_segmenter(options: MatteOptions) -> Segmenter:
    """The segmenter that the options ask for; loads the model.

    Raises:
        LimnerError: the model, its card, the runtime or a value cannot be used.
    """
    from limner.segment.segmenter import Segmenter

    extra: dict[str, Any] = {} if options.softness is None else {"softness": options.softness}
    return Segmenter(
        options.model,
        card=options.card,
        runtime=options.runtime,
        device=options.device,
        threads=options.threads,
        refine=options.refine,
        threshold=options.threshold,
        largest_only=options.largest_only,
        **extra,
    )
