"""What goes together in the YAML file of `limner multistream`, and whether what it names is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from limner.assembly import EffectOptions, MatteOptions, PeopleOptions, TemporalOptions, build_effect, check_people
from limner.errors import LimnerError
from limner.media.video_info import probe_video
from limner.models.catalogue import find_any
from limner.models.parts import parse_keep, parts_of
from limner.multistream.config import TILES, MultistreamSpec, StreamSpec
from limner.places import check_file
from limner.streams.address import Address, parse_source, parse_target

Place = tuple[str | int, ...]
Problem = tuple[Place, str]
STDOUT = "-"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def check(spec: MultistreamSpec) -> Iterator[Problem]:
    """(place in the file, what is wrong there) of each fault; only files are opened: sources, pictures of effects."""
    yield from _check_model(spec)
    taken: dict[str, Place] = {}
    sources = {parse_source(stream.source).text for stream in spec.streams.values() if _readable(stream.source)}
    for name, stream in spec.streams.items():
        if not _NAME.fullmatch(name):
            yield (
                ("streams", name),
                "a name begins with a letter or digit; dots, - and _ may follow",
            )
        if name == TILES and spec.tiles is not None:
            yield ("streams", name), "that is what the picture of all is called; name it otherwise"
        yield from _check_stream(("streams", name), stream, spec)
    for place, text in _targets(spec):
        try:
            target = parse_target(text)
            _check_place(target)
        except LimnerError as error:
            yield place, str(error)
            continue
        if target.text in taken:
            yield place, f"{target.shown} is where {'.'.join(map(str, taken[target.text]))} goes too; give it another"
        if target.text in sources:
            yield place, f"{target.shown} is read as a source; write to another"
        taken[target.text] = place
    for place, text in _lines_files(spec):
        if text == STDOUT:
            continue
        try:
            check_file(Path(text))
        except LimnerError as error:
            yield place, str(error)
    tiles = spec.tiles
    if tiles is not None and not tiles.to and not (spec.rtsp and tiles.rtsp):
        yield ("tiles",), "goes nowhere; give it to:, or rtsp: for the whole file"


def matte_options(spec: MultistreamSpec, stream: StreamSpec | None = None) -> MatteOptions:
    """The net's options, with those of a stream's own edges."""
    options = MatteOptions(
        model=spec.model,
        card=spec.card,
        keep=spec.keep,
        runtime=spec.runtime,
        device=spec.device,
        threads=spec.threads,
    )
    if stream is None:
        return options
    return replace(
        options, edges=stream.edges, refine=stream.refine, threshold=stream.threshold, softness=stream.softness
    )


def effect_options(stream: StreamSpec) -> EffectOptions:
    """The effect of a stream."""
    return EffectOptions(effect=stream.effect, settings=dict(stream.settings))


def people_options(stream: StreamSpec) -> PeopleOptions:
    """Who stays in a stream, and when it is hidden."""
    return PeopleOptions(subject=stream.subject, privacy=stream.privacy)


def temporal_options(stream: StreamSpec) -> TemporalOptions:
    """How steady a stream's mattes are."""
    return TemporalOptions(temporal=stream.temporal, gate=stream.gate)


def _check_stream(place: Place, stream: StreamSpec, spec: MultistreamSpec) -> Iterator[Problem]:
    try:
        source = parse_source(stream.source)
    except LimnerError as error:
        yield (*place, "from"), str(error)
    else:
        if source.kind == "file" and not Path(source.text).is_file():
            yield (*place, "from"), f"there is no file {source.text}; give a file, a camera such as 0, or an address"
        elif source.kind == "file":
            try:
                probe_video(source.text)
            except LimnerError as error:
                yield (*place, "from"), str(error)
        if stream.loop and source.kind != "file":
            yield (*place, "loop"), "is for files, which end; leave it out"
        for name in ("size", "rate"):
            if getattr(stream, name) is not None and source.kind != "camera":
                yield (*place, name), "is for cameras; leave it out"
    shown = stream.to or stream.json or spec.json or (spec.tiles and stream.tile) or (spec.rtsp and stream.rtsp)
    if not shown:
        yield place, "goes nowhere; give it to: or json:, or tiles: or rtsp: for the whole file"
    for field, build in (
        ("effect", lambda: build_effect(effect_options(stream))),
        ("edges", lambda: matte_options(spec, stream)),
        ("subject", lambda: check_people(people_options(stream), matte_options(spec, stream))),
    ):
        try:
            build()
        except LimnerError as error:
            named = field == "effect" and any(name in str(error) for name in stream.settings)
            yield (*place, "settings" if named else field), str(error)


def _check_model(spec: MultistreamSpec) -> Iterator[Problem]:
    try:
        found = find_any(spec.model, card=spec.card, verify=False, task="segment")
    except LimnerError as error:
        yield ("model",), str(error)
        return
    try:
        if spec.keep is not None:
            parts_of(found, parse_keep(spec.keep))
    except LimnerError as error:
        yield ("keep",), str(error)


def _readable(source: str) -> bool:
    try:
        return parse_source(source).kind == "file"
    except LimnerError:
        return False


def _targets(spec: MultistreamSpec) -> Iterator[tuple[Place, str]]:
    for name, stream in spec.streams.items():
        yield from ((("streams", name, "to", index), text) for index, text in enumerate(stream.to))
    if spec.tiles is not None:
        yield from ((("tiles", "to", index), text) for index, text in enumerate(spec.tiles.to))


def _lines_files(spec: MultistreamSpec) -> Iterator[tuple[Place, str]]:
    for name, stream in spec.streams.items():
        if stream.json is not None:
            yield ("streams", name, "json"), stream.json
    if spec.json is not None:
        yield ("json",), spec.json


def _check_place(target: Address) -> None:
    """
    Raises:
        LimnerError: a file cannot be written there.
    """
    if target.kind in ("file", "hls"):
        check_file(Path(target.text))
