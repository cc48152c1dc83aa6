"""What an operator decides: models, limits, who may come in, and what else the server may read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from limner.checking import check_fields
from limner.cores import check_parallel, usable_cores
from limner.errors import OptionError

MIB = 1024 * 1024
WORKER_CLASSES = ("processes", "threads")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9._-]*[a-z0-9])?)(:\d{1,5})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What clients may take.

    Attributes:
        body: MiB of a request's body.
        max_pixels: of a photo or background; larger ones are refused before they are decoded.
        workers: photos that are worked on at once; None is one for each core.
        queue: requests that are read, or wait for a worker, beside those; one more is told to come later (429).
        timeout: seconds from the end of a request's body to its answer.
        head_seconds: for the head of a request, and without one on an open connection.
        body_seconds: for a request's body; one that comes more slowly than ``RATE`` is given up earlier.
        stall_seconds: without progress, after which a client that does not read its answer is given up.
        connections: open at once.
        grace: seconds that requests in flight have once the server is to end.

    Raises:
        OptionError: a value cannot be used.
    """

    body: int = 32
    max_pixels: int = 50_000_000
    workers: int | None = None
    queue: int = 16
    timeout: float = 60.0
    head_seconds: float = 10.0
    body_seconds: float = 60.0
    stall_seconds: float = 10.0
    connections: int = 256
    grace: float = 30.0

    def __post_init__(self) -> None:
        check_fields(self)
        for name in ("body", "max_pixels", "connections"):
            if getattr(self, name) < 1:
                raise OptionError(f"‹{name}› {getattr(self, name)} is out of range: say 1 or more")
        if self.queue < 0:
            raise OptionError(f"‹queue› {self.queue} is out of range: say 0 or more")
        for name in ("timeout", "head_seconds", "body_seconds", "stall_seconds"):
            if not 0 < getattr(self, name) < float("inf"):
                raise OptionError(f"‹{name}› {getattr(self, name):g} is out of range: say more than 0 seconds")
        if not 0 <= self.grace < float("inf"):
            raise OptionError(f"‹grace› {self.grace:g} is out of range: say 0 or more seconds")
        if self.workers is not None:
            check_parallel(self.workers, "‹workers›")

    @property
    def body_bytes(self) -> int:
        """Of a request's body."""
        return self.body * MIB

    @property
    def at_once(self) -> int:
        """Photos that are worked on at once."""
        return self.workers or usable_cores()

    @property
    def in_flight(self) -> int:
        """Requests with a body that are taken in at once, whether they are read, wait, are worked on or answered."""
        return self.at_once + self.queue


RATE = 16 * 1024
"""Bytes a second below which a client is too slow, after the first ``SLACK`` seconds."""
SLACK = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """All that an operator decides but for where the server listens.

    Attributes:
        models: what requests may choose from, names or paths; the first is what they get unasked.
        runtime, device, threads: of all models, see `limner.assembly.MatteOptions`; ``threads`` are of one photo.
        worker_class: what the workers are: "processes", each with the models, or "threads", which share them; None is
            processes where the models run on the CPU, and threads on other devices.
        batch: photos of as many workers that may go through the net together; more than 1 is for threads.
        backgrounds: a folder of photos that requests may name as backgrounds; None: they upload them.
        url_hosts: hosts, each with a port or without, that photos may be fetched from; none: no URL is taken.
        live: streams of live video at once; 0: none, and the package for it is not needed.
        names: what else a request may call this server where it listens on loopback: a reverse proxy's names.
        key: what requests must have; None lets everybody in who can connect.
        limits: what clients may take.

    Raises:
        OptionError: a value cannot be used.
    """

    models: tuple[str, ...] = ("default",)
    runtime: str = "auto"
    device: str = "cpu"
    threads: int = 1
    worker_class: str | None = None
    batch: int = 1
    backgrounds: Path | None = None
    url_hosts: tuple[str, ...] = ()
    live: int = 0
    names: tuple[str, ...] = ()
    key: str | None = field(default=None, repr=False)
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        check_fields(self)
        if not self.models:
            raise OptionError("‹model› is missing: name at least one")
        if self.worker_class not in (None, *WORKER_CLASSES):
            raise OptionError(f"‹worker_class› must be {' or '.join(WORKER_CLASSES)}, not {self.worker_class!r}")
        if self.batch < 1:
            raise OptionError(f"‹batch› {self.batch} is out of range: say 1 or more")
        if self.batch > 1 and self.in_processes:
            reason = "is for workers that share a model, and processes do not: add ‹worker_class› threads"
            raise OptionError(f"‹batch› {self.batch} {reason}")
        if self.batch > self.limits.at_once:
            reason = f"photos never meet where ‹workers› is {self.limits.at_once}: say as many workers"
            raise OptionError(f"‹batch› {self.batch} {reason}")
        if self.live < 0:
            raise OptionError(f"‹live› {self.live} is out of range: say 0 or more")
        for name in ("url_hosts", "names"):
            for host in getattr(self, name):
                if _HOST.fullmatch(host) is None:
                    field_name = {"url_hosts": "url_host", "names": "name"}[name]
                    raise OptionError(f"‹{field_name}› {host!r} is no host: say example.org or example.org:8443")

    @property
    def in_processes(self) -> bool:
        """Whether the workers are processes."""
        return (self.worker_class or ("processes" if self.device == "cpu" else "threads")) == "processes"
