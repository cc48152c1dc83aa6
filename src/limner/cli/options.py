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
        str,
        typer.Option(
            "--effect",
            "-e",
            help="One of blur, bokeh, replace, color, cutout, mask, overlay, smoothstep, light_wrap, color_transfer, "
            "harmonize, seamless_clone, stylize and frame_in_frame, or several with commas between them. NAME:VALUE "
            "gives the main option: light_wrap:0.7,replace:beach.jpg.",
            metavar="NAME[:VALUE],…",
        ),
    ] = "blur"
    blur_strength: Annotated[
        float | None,
        typer.Option(
            "--blur-strength", help="blur, bokeh: 0 (none) to 1 (very strong), the same look at any size. [0.5]"
        ),
    ] = _of(blur="strength", bokeh="strength")
    highlights: Annotated[
        float | None,
        typer.Option("--highlights", help="bokeh: how much lights bloom, 0 (not at all) to 1. [0.5]"),
    ] = _of(bokeh="highlights")
    background: Annotated[
        str | None,
        typer.Option("--background", "-b", help="replace: a photo, a video or a colour.", metavar="PHOTO|VIDEO|COLOUR"),
    ] = _of(replace="background")
    presentation: Annotated[
        str | None,
        typer.Option("--presentation", help="frame_in_frame: what fills the frame.", metavar="PHOTO|VIDEO|COLOUR"),
    ] = _of(frame_in_frame="presentation")
    inset_shape: Annotated[
        str | None,
        typer.Option("--inset-shape", help="frame_in_frame: person, circle, rounded or rectangle. [person]"),
    ] = _of(frame_in_frame="shape")
    inset_position: Annotated[
        str | None,
        typer.Option(
            "--inset-position", help="frame_in_frame: bottom-right, bottom-left, top-right or top-left. [bottom-right]"
        ),
    ] = _of(frame_in_frame="position")
    inset_size: Annotated[
        float | None,
        typer.Option("--inset-size", help="frame_in_frame: height, 0.05 to 1 of the frame's. [0.4]"),
    ] = _of(frame_in_frame="size")
    inset_margin: Annotated[
        float | None,
        typer.Option("--inset-margin", help="frame_in_frame: distance from the edges, 0 to 0.25. [0.03]"),
    ] = _of(frame_in_frame="margin")
    fit: Annotated[
        str | None,
        typer.Option(
            "--fit",
            help="replace, frame_in_frame: cover (crop to fill) or contain (all of it, with bars). "
            "[replace: cover, frame_in_frame: contain]",
        ),
    ] = _of(replace="fit", frame_in_frame="fit")
    fill: Annotated[
        str | None,
        typer.Option("--fill", help="replace, frame_in_frame: colour of the bars of --fit contain. [black]"),
    ] = _of(replace="fill", frame_in_frame="fill")
    color: Annotated[
        str | None,
        typer.Option("--color", "-c", help="color: a name, #rgb, #rrggbb or 'rgb(r, g, b)'. [magenta]"),
    ] = _of(color="color")
    wrap_width: Annotated[
        float | None,
        typer.Option("--wrap-width", help="light_wrap: how far light reaches in, 0.001 to 0.2 of the frame. [0.03]"),
    ] = _of(light_wrap="width")
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
    runtime: Annotated[
        str,
        typer.Option(
            "--runtime",
            metavar="NAME[:OPTION,…]",
            help="auto (the fastest here, measured once), onnxruntime, openvino, litert, ncnn, torch or tensorrt.",
        ),
    ] = "auto"
    device: Annotated[str, typer.Option("--device", help="What the model runs on: cpu, cuda, cuda:1, gpu, …")] = "cpu"
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
    clean: Annotated[
        bool, typer.Option("--clean/--no-clean", help="Take faint islands away and close false holes in people.")
    ] = True
    tiles: Annotated[
        bool, typer.Option("--tiles/--no-tiles", help="Look at pictures of 2:1 and longer in overlapping parts.")
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
    """The effect or chain of effects that the options ask for.

    Raises:
        OptionError: an effect is unknown, a value cannot be used, an option belongs to an effect that was not named,
            or the effects exclude each other or would change nothing.
    """
    from limner.effects import EFFECTS, make_chain
    from limner.effects.spec import parse_spec

    links = parse_spec(options.effect)
    chosen: dict[str, dict[str, Any]] = {link.name: {} for link in links}
    for item in fields(options):
        value = getattr(options, item.name)
        if value is None or "effects" not in item.metadata or not chosen.keys() <= EFFECTS.keys():
            continue
        owners = [name for name in item.metadata["effects"] if name in chosen]
        if not owners:
            belongs_to(f"--{item.name.replace('_', '-')}", item.metadata["effects"], options.effect)
        for name in owners:
            chosen[name][item.metadata["parameter"].get(name, item.name)] = value
    effect = make_chain(links, chosen)
    if not effect.shows_alone:
        raise OptionError(
            f"--effect {options.effect} changes nothing alone: name a background with it, "
            f"such as {options.effect},replace:beach.jpg"
        )
    return effect


def belongs_to(flag: str, effects: tuple[str, ...], chosen: str) -> None:
    """Raises the error for a flag of other effects than the chosen one."""
    names = " or ".join(effects)
    raise OptionError(
        f"{flag} belongs to the effect {names}, not to {chosen}: leave it out or say --effect {effects[0]}"
    )


def build_segmenter(options: MatteOptions, *, on_fault: str = "raise") -> Segmenter:
    """The segmenter that the options ask for; loads the model.

    Args:
        on_fault: see `Segmenter`.

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
        clean=options.clean,
        tiles=options.tiles,
        on_fault=on_fault,
        **extra,
    )
