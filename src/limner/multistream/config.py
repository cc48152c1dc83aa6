"""What the YAML file of `limner multistream` says, as plain values that are checked when they are made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

_CONFIG = ConfigDict(extra="forbid", validate_by_name=False, validate_by_alias=True)
_SIZE = re.compile(r"(\d{2,5})x(\d{2,5})")
_LEAST, _MOST = 16, 8192
_USER = re.compile(r"[A-Za-z0-9._-]{1,64}")


def _several(raw: Any) -> Any:
    """One text stands for a list of one."""
    return (raw,) if isinstance(raw, str) else raw


def _switch(raw: Any) -> Any:
    """YAML reads a bare on or off as true or false."""
    return {True: "on", False: "off"}.get(raw, raw) if isinstance(raw, bool) else raw


def _text(raw: Any) -> Any:
    """A bare number is the text of it: a camera's."""
    return str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw


def _port(raw: Any) -> Any:
    """A bare number stands for the port."""
    return {"port": raw} if isinstance(raw, int) and not isinstance(raw, bool) else raw


def _user(raw: Any) -> Any:
    """A name that needs no quotes anywhere."""
    if not isinstance(raw, str) or _USER.fullmatch(raw) is None:
        raise ValueError("must be 1 to 64 letters, digits, dots, - and _")
    return raw


def _size(raw: Any) -> Any:
    """ "1280x720" as (width, height)."""
    if raw is None or isinstance(raw, tuple):
        return raw
    found = _SIZE.fullmatch(raw) if isinstance(raw, str) else None
    if found is None:
        raise ValueError("must be WIDTHxHEIGHT in pixels, such as 1280x720")
    size = int(found[1]), int(found[2])
    if not all(_LEAST <= side <= _MOST for side in size):
        raise ValueError(f"each side must be {_LEAST} to {_MOST} pixels")
    return size


Targets = Annotated[tuple[str, ...], BeforeValidator(_several)]
Size = Annotated[tuple[int, int] | None, BeforeValidator(_size)]
Value = str | float | int | bool


@dataclass(frozen=True, kw_only=True, config=_CONFIG)
class StreamSpec:
    """One stream. In the file ``source`` is called ``from``.

    Attributes:
        source: rtsp, rtmp, http (HLS) or udp address, a file, or a camera such as 0.
        to: addresses, files and folders that its picture goes to, see `limner.streams.address.parse_target`.
        json: a file that a line is written to for each frame; "-" is stdout.
        tile: show it in the picture of all.
        rtsp: serve it, where the file says ``rtsp``.
        effect, settings: see `limner.assembly.EffectOptions`.
        temporal, gate: see `limner.assembly.TemporalOptions`.
        privacy, subject: see `limner.assembly.PeopleOptions`.
        edges, refine, threshold, softness: see `limner.assembly.MatteOptions`.
        loop: a file begins again at its end.
        size, rate: of a camera.
    """

    source: Annotated[str, BeforeValidator(_text), Field(alias="from", min_length=1)]
    to: Targets = ()
    json: str | None = None
    tile: bool = True
    rtsp: bool = True
    effect: str = "blur"
    settings: Mapping[str, Value] = field(default_factory=dict)
    temporal: Annotated[Literal["off", "light", "strong"], BeforeValidator(_switch)] = "light"
    gate: bool = True
    privacy: Annotated[Literal["on", "off", "strict"], BeforeValidator(_switch)] = "on"
    subject: Annotated[str, BeforeValidator(_text)] = "everyone"
    edges: Literal["guided", "fine", "key"] | None = None
    refine: bool = True
    threshold: Annotated[float, Field(gt=0, lt=1)] | None = None
    softness: Annotated[float, Field(ge=0, le=1)] | None = None
    loop: bool = False
    size: Size = None
    rate: Annotated[float, Field(ge=1, le=240)] | None = None

    @property
    def work(self) -> tuple[Any, ...]:
        """All but where it goes: what has to begin anew when it changes."""
        return (
            self.source, self.effect, dict(self.settings), self.temporal, self.gate, self.privacy, self.subject,
            self.edges, self.refine, self.threshold, self.softness, self.loop, self.size, self.rate,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True, config=_CONFIG)
class TilesSpec:
    """All streams in one picture.

    Attributes:
        to: where it goes, as of a stream.
        rtsp: serve it under the name "tiles", where the file says ``rtsp``.
        size: (width, height) of it.
        rate: pictures a second.
        fit: "contain" shows all of each stream, with black where it has other proportions than its tile; "cover" fills
            the tile and cuts off what does not fit.
        columns: how many side by side; None is how many show the most of the streams.
        names: write each stream's name into its corner.
    """

    to: Targets = ()
    rtsp: bool = True
    size: Annotated[tuple[int, int], BeforeValidator(_size)] = (1280, 720)
    rate: Annotated[float, Field(ge=1, le=60)] = 15.0
    fit: Literal["contain", "cover"] = "contain"
    columns: Annotated[int, Field(ge=1, le=32)] | None = None
    names: bool = True


@dataclass(frozen=True, kw_only=True, config=_CONFIG)
class RtspSpec:
    """The RTSP server.

    Attributes:
        port: TCP port; each stream is at rtsp://ADDRESS:PORT/NAME.
        address: of this machine; 127.0.0.1 is reached from it alone, 0.0.0.0 from everywhere.
        user, password: that watching needs; without a password everybody may watch who reaches the port.
    """

    port: Annotated[int, Field(ge=1, le=65535)] = 8554
    address: str = "127.0.0.1"
    user: Annotated[str, BeforeValidator(_user)] = "limner"
    password: Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=200)] | None = field(
        default=None, repr=False
    )

    @property
    def login(self) -> tuple[str, str] | None:
        """User and password, where there is one."""
        return None if self.password is None else (self.user, self.password)


@dataclass(frozen=True, kw_only=True, config=_CONFIG)
class MultistreamSpec:
    """The whole file.

    Attributes:
        streams: name -> stream.
        model, card, keep, runtime, device, threads: of the one net, see `limner.assembly.MatteOptions`.
        batch: frames that go through it at once, at most.
        tiles, rtsp: None makes none.
        json: a file for the lines of all streams that have none of their own; "-" is stdout.
        patience: seconds without a picture after which a source counts as lost.
    """

    streams: Annotated[Mapping[str, StreamSpec], Field(min_length=1)]
    model: str = "default"
    card: str | None = None
    keep: str | None = None
    runtime: str = "auto"
    device: str = "cpu"
    threads: Annotated[int, Field(ge=1, le=256)] | None = None
    batch: Annotated[int, Field(ge=1, le=256)] = 8
    tiles: TilesSpec | None = None
    rtsp: Annotated[RtspSpec | None, BeforeValidator(_port)] = None
    json: str | None = None
    patience: Annotated[float, Field(gt=0, le=3600)] = 10.0

    @property
    def fixed(self) -> tuple[Any, ...]:
        """What cannot change while it runs."""
        return (
            self.model, self.card, self.keep, self.runtime, self.device, self.threads, self.batch, self.rtsp,
            self.patience,
        )  # fmt: skip


TILES = "tiles"
"""What the picture of all streams is called where streams are called by name."""
FIXED = "model, card, keep, runtime, device, threads, batch, rtsp, patience"
"""The fields of `MultistreamSpec.fixed`, for messages."""
