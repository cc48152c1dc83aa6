"""Which photo or video becomes which result: the names that `limner image` would give, and the same refusals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from limner.assembly import SubjectOptions
from limner.assembly.saving import VideoSaving
from limner.batch.inputs import photos_of
from limner.batch.item import Item
from limner.batch.request import BatchRequest
from limner.batch.shards import Shard, keys_of, shard_address
from limner.batch.storage import Found, joined, scheme
from limner.batch.videos import in_pieces, result_suffix, video_suffixes
from limner.effects import Effect
from limner.errors import OptionError
from limner.media.formats import format_for, load_plugin
from limner.places import RealPaths, refuse_to_replace
from limner.processing.photos import Job
from limner.processing.planning import apart, check_quality, of_skipped, own_format, refuse_collisions


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What is to be done, in which shards if in any, and what a user should know of it."""

    items: list[Item]
    shards: list[Shard]
    notices: tuple[str, ...]


def plan_batch(request: BatchRequest, effect: Effect) -> BatchPlan:
    """The items of a batch, with their names.

    Raises:
        OptionError: two results would share a name, or one would replace a photo or a file that the effect reads.
        MediaError: an input is missing or holds no photo.
        MissingExtraError: a format needs a package that is not installed.
    """
    saving, skipped = request.options.saving, list[str]()
    asked = None if saving.format is None else f".{saving.format.lower().lstrip('.')}"
    if asked is not None:
        format_for(asked, alpha=effect.has_alpha, option="‹format›")
    result_suffix(".mp4", request.video, alpha=effect.has_alpha)  # whether there are videos or not
    videos = frozenset[str]() if request.sharded else video_suffixes()
    photos = list(photos_of(request.inputs, request.to, request.root, skipped, videos))
    moving = [Path(photo.below).suffix.lower() in videos for photo in photos]
    if request.sharded and (
        named := next((p for p in photos if Path(p.below).suffix.lower() in video_suffixes()), None)
    ):
        raise OptionError(f"‹to› {request.to}: {named.name} is a video, and shards hold photos; name a folder")
    jobs = [
        _job(photo, asked, effect, request.video if moves else None)
        for photo, moves in zip(photos, moving, strict=True)
    ]
    shards = list[Shard]()
    if request.sharded:
        shards = _shards(len(jobs), request)
        names = keys_of([job.output for job in jobs])
    else:
        names = [job.output for job in apart(jobs)]
    places = {index: shard.address for shard in shards for index in shard.indices}
    targets = [joined(places.get(index, request.to), name) for index, name in enumerate(names)]
    refuse_collisions([replace(job, output=target) for job, target in zip(jobs, targets, strict=True)])
    items = [
        Item(
            photo.name, photo.address, target, job.format, photo.identity, photo.span,
            photo.parts if shards else (), moves,
        )
        for photo, job, target, moves in zip(photos, jobs, targets, moving, strict=True)
    ]  # fmt: skip
    _refuse_to_replace(items, [shard.address for shard in shards] or [item.target for item in items], effect.files())
    for extension in {item.format for item in items if not item.video}:
        load_plugin(format_for(extension))
    if not all(moving):
        check_quality(saving.quality, (item.format for item in items if not item.video))
    whole = _follows_somebody(request)
    items = [
        part
        for item, found in zip(items, photos, strict=True)
        for part in (in_pieces(item, found, request.to, 0 if whole else request.piece) if item.video else (item,))
    ]
    return BatchPlan(items, shards, of_skipped(skipped))


def _follows_somebody(request: BatchRequest) -> bool:
    """Whether one person is followed, which a piece that knows nothing of those before it could mistake."""
    return request.options.people != SubjectOptions()


def _job(photo: Found, asked: str | None, effect: Effect, video: VideoSaving | None) -> Job:
    below = PurePosixPath(photo.below)
    if video is None:
        extension = asked or own_format(below.suffix.lower(), alpha=effect.has_alpha, lossless=effect.is_matte)
    else:
        extension = result_suffix(below.suffix.lower(), video, alpha=effect.has_alpha)
    target = Path(below.with_suffix(extension))
    return Job(photo.name, Path(photo.below), target, str(target), extension)


def _shards(count: int, request: BatchRequest) -> list[Shard]:
    """As many photos in each, in their order, as the request says."""
    size = request.shard_size
    return [
        Shard(shard_address(request.to, number), tuple(range(first, min(first + size, count))))
        for number, first in enumerate(range(0, count, size))
    ]


def _refuse_to_replace(items: Sequence[Item], targets: Sequence[str], files: Iterable[Path]) -> None:
    real = RealPaths()
    sources = {item.source if scheme(item.source) else real(item.source) for item in items}
    for target in targets:
        if (target if scheme(target) else real(target)) in sources:
            raise OptionError(f"‹to›: {target} is read as well; name another place")
    refuse_to_replace([Path(target) for target in targets if not scheme(target)], files, option="to")
