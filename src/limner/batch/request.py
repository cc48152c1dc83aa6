"""What somebody asks of a batch, as one plain value that is checked where it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from limner.assembly.photo import PhotoOptions
from limner.assembly.saving import VideoSaving
from limner.assembly.temporal import TemporalOptions, check_temporal
from limner.batch.shards import folder_of, is_sharded
from limner.checking import check_fields
from limner.cores import check_parallel, usable_cores
from limner.errors import OptionError

ENGINES = ("local", "ray")
IN_FILES = ("h264", "vp9", "prores", "ffv1")
"""Codecs of the videos that a batch makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """A batch.

    Attributes:
        inputs: photos, videos, folders, patterns, tars, addresses such as s3://bucket/photos; "@FILE" is a list of
            them, one a line.
        to: folder or bucket of the results; "photos-%06d.tar" puts them into shards.
        shard_size: photos in a shard.
        options: what becomes of each photo, and of each frame of a video.
        video: how videos are read and written; without a part of them, and whatever is for pictures or for stdin.
        temporal: how the mattes of videos are kept steady.
        piece: seconds of the pieces in which long videos are done, by whichever worker is free; 0 does them whole.
        root: results of listed and single photos keep their paths below this folder; None keeps their names alone.
        state: folder of the ledger and of the lists of failures and notices; None is ``.limner-batch`` in ``to``.
        engine: "local", or "ray" for many machines.
        workers: processes; None is one for each core.
        gpus: share of a GPU for each worker of "ray".
        cluster: address of a Ray cluster, "auto" for the one of this machine; None starts Ray here.
        tries: how often a photo is begun at most, where its process dies or a fault may pass.
        force: do everything again, whatever the ledger says.

    Raises:
        OptionError: a value cannot be used.
    """

    inputs: tuple[str, ...]
    to: str
    options: PhotoOptions = field(default_factory=PhotoOptions)
    video: VideoSaving = field(default_factory=VideoSaving)
    temporal: TemporalOptions = field(default_factory=TemporalOptions)
    piece: int = 20
    root: str | None = None
    state: Path | None = None
    engine: str = "local"
    workers: int | None = None
    gpus: float = 0.0
    cluster: str | None = None
    tries: int = 2
    force: bool = False
    shard_size: int = 1000

    def __post_init__(self) -> None:
        check_fields(self)
        if not self.inputs:
            raise OptionError("INPUT is missing: name photos, folders or lists of them")
        if not self.to or not all(self.inputs):
            raise OptionError(f"{'INPUT' if self.to else '‹to›'}: the name is empty")
        if self.engine not in ENGINES:
            raise OptionError(f"‹engine› {self.engine!r} is unknown: say {' or '.join(ENGINES)}")
        if self.workers is not None and self.engine == "local":
            check_parallel(self.workers, "‹workers›")
        if self.engine != "ray" and (self.gpus or self.cluster is not None):
            name = "gpus" if self.gpus else "cluster"
            raise OptionError(f"‹{name}› belongs to ‹engine› ray, not to {self.engine}: leave it out")
        if not (0 <= self.gpus < 1 or float(self.gpus).is_integer()) or self.gpus < 0:
            raise OptionError(f"‹gpus› {self.gpus:g} cannot be given to a worker: say a share such as 0.25, or 1")
        if self.tries < 1:
            raise OptionError(f"‹tries› {self.tries} is out of range: say 1 or more")
        if self.shard_size < 1:
            raise OptionError(f"‹shard_size› {self.shard_size} is out of range: say 1 or more")
        if self.piece < 0:
            raise OptionError(f"‹piece› {self.piece} is out of range: say seconds, or 0 for whole videos")
        if self.video.codec is not None and self.video.codec not in IN_FILES:
            known = f"{', '.join(IN_FILES[:-1])} or {IN_FILES[-1]}"
            raise OptionError(f"‹codec› {self.video.codec}: is for no video file; say {known}")
        for name in ("start", "duration", "fps", "size", "format", "video_stream", "audio_stream"):
            if getattr(self.video, name) != VideoSaving.__dataclass_fields__[name].default:
                raise OptionError(f"‹video›: {name} is for a single clip, not for a batch; leave it out")
        check_temporal(self.temporal)
        is_sharded(self.to)

    @property
    def sharded(self) -> bool:
        """Whether the results go into shards."""
        return is_sharded(self.to)

    @property
    def folder(self) -> str:
        """Where the results, or their shards, lie."""
        return folder_of(self.to) if self.sharded else self.to

    @property
    def processes(self) -> int:
        """Workers of this machine."""
        return self.workers or usable_cores()
