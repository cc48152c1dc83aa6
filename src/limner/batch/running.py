"""A batch from its request to its summary: what is done already, what is left, and what becomes of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Protocol

from limner.assembly.effect import build_effect
from limner.assembly.matte import build_segmenter
from limner.assembly.people_options import check_subjects
from limner.assembly.photo import build_select, check_trim
from limner.batch.fingerprint import fingerprint
from limner.batch.inline_engine import InlineEngine
from limner.batch.item import Item, Outcome
from limner.batch.ledger import Ledger
from limner.batch.local_engine import LocalEngine
from limner.batch.planning import plan_batch
from limner.batch.request import BatchRequest
from limner.batch.results import FileResults, Results, ShardResults
from limner.batch.state import State
from limner.batch.stop import Stop
from limner.batch.storage import scheme, storage_of
from limner.batch.video_work import VideoWork
from limner.batch.videos import Joins, without_pieces_of_what_is_there
from limner.batch.worker import Task, failed, of_one_worker
from limner.effects import Effect
from limner.errors import LimnerError, OptionError
from limner.runtimes.loading import RUNTIMES


class Engine(Protocol):
    """What works on items."""

    def run(self, items: Sequence[Item], stop: Stop) -> Iterator[Outcome]:
        """One outcome for each item that was begun, in whatever order they come."""


@dataclass(slots=True)
class Summary:
    """What a batch did.

    Attributes:
        inputs: photos and videos that were found.
        videos: those of them that are videos.
        already: those whose results were there.
        done: results of this run.
        failed: photos and videos without a result.
        worked: what was worked on in this run, each piece of a video counted.
        seconds: of the work, without planning.
        output: where the results are.
        ledger: path of the ledger.
        failures: path of the list of failures; None without any.
        notices: path of the list of notices; None without any.
    """

    inputs: int
    already: int
    videos: int = 0
    worked: int = 0
    done: int = 0
    failed: int = 0
    seconds: float = 0.0
    output: str = ""
    ledger: str = ""
    failures: str | None = None
    notices: str | None = None


@dataclass(slots=True)
class Batch:
    """A batch that was looked at and could begin.

    Attributes:
        items: all photos.
        left: indices of those whose results are not there.
        summary: grows while it runs.
        notices: what a user should know of the plan, in sentences.
    """

    request: BatchRequest
    items: list[Item]
    left: list[int]
    results: Results
    summary: Summary
    notices: tuple[str, ...]
    state: State
    stop: Stop = field(default_factory=Stop)
    _joins: Joins = field(init=False)

    def __post_init__(self) -> None:
        self._joins = Joins(self.items, self.left)

    @property
    def work(self) -> list[int]:
        """Indices of what is left for workers: not of videos that are joined of their pieces."""
        return [index for index in self.left if not self.items[index].pieces]

    @property
    def todo(self) -> list[Item]:
        """The photos and videos whose results are not there."""
        return [self.items[index] for index in self.left if self.items[index].piece is None]

    def run(self, engine: Engine, report: Callable[[Summary], None]) -> Summary:
        """Does what is left. Ctrl-C, in the main thread, ends what is under way; a second one leaves it.

        Args:
            report: called in another thread after each item.

        Raises:
            LimnerError: the options cannot be used, or the ledger cannot be written.
            KeyboardInterrupt: after Ctrl-C, when what was under way is entered.
        """
        faults: list[BaseException] = []
        over = threading.Event()  # an interrupted Thread.join takes a running thread for ended in Python 3.11.7

        def work() -> None:
            try:
                self._work(engine, report)
            except BaseException as error:
                faults.append(error)
            finally:
                over.set()

        threading.Thread(target=work, name="limner-batch", daemon=True).start()
        stopped: BaseException | None = None
        while True:
            try:
                while not over.wait(0.5):
                    pass
                break
            except KeyboardInterrupt as error:
                (self.stop.ask if stopped is None else self.stop.insist)()
                stopped = stopped or error
        if faults:
            raise faults[0]
        if stopped is not None:
            raise stopped
        return self.summary

    def _work(self, engine: Engine, report: Callable[[Summary], None]) -> None:
        state, began = self.state, time.monotonic()
        with Ledger(state.ledger) as ledger:
            state.begin()
            try:
                self.results.begin(ledger)
                for video in self._joins.ready():
                    self._join(ledger, video)
                work = self.work
                for outcome in engine.run([self.items[index] for index in work], self.stop) if work else ():
                    self._enter(ledger, work[outcome.index], outcome)
                    self.summary.worked += 1
                    self.summary.seconds = time.monotonic() - began
                    report(self.summary)
            finally:
                summary = self.summary
                state.end(whole=summary.already + summary.done == summary.inputs)

    def _enter(self, ledger: Ledger, index: int, outcome: Outcome) -> None:
        state, summary, item = self.state, self.summary, self.items[index]
        one = index if item.piece is None else self._joins.owner(index)
        name, target = self.items[one].name, self.items[one].target
        if outcome.error:
            if item.piece is not None and not self._joins.failed(index):
                return
            reason = LimnerError(outcome.error).told(lambda field: f"--{field.replace('_', '-')}")
            state.add(state.failures, {"input": name, "output": target, "reason": reason})
            summary.failed, summary.failures = summary.failed + 1, str(state.failures)
            self.results.give_up(ledger, index)
            return
        for notice in outcome.notices if one == index else self._joins.news(one, outcome.notices):
            state.add(state.notices, {"input": name, "notice": notice})
            summary.notices = str(state.notices)
        self.results.enter(ledger, index, outcome)
        if item.piece is None:
            summary.done += 1
        elif (video := self._joins.ended(index)) is not None:
            self._join(ledger, video)

    def _join(self, ledger: Ledger, index: int) -> None:
        """The pieces of a video are there."""
        item = self.items[index]
        work = VideoWork(
            self.request.options, self.request.video, self.request.temporal, self.state.parts
        )  # fmt: skip
        try:
            size, notices = work.join(item)
        except (LimnerError, MemoryError) as error:
            self._enter(ledger, index, failed(index, item, error))
            return
        notices = tuple(self._joins.news(index, notices))
        self._enter(ledger, index, Outcome(index, size=size, notices=notices))
        storage_of(item.target).remove(item.pieces)


def look(request: BatchRequest, *, dry: bool = False) -> Batch:
    """Plans a batch and finds out what of it is done; makes and changes nothing.

    Args:
        dry: it will not run, so that nobody need look whether results could be written.

    Raises:
        LimnerError: an option, an input or the place of the results cannot be used.
    """
    effect = checked_effect(request)
    storage = storage_of(request.folder)
    plan = plan_batch(request, effect)
    state = State(request)
    if not dry:
        storage.check(request.folder)
        state.check()
    options = fingerprint(request.options, effect.files())
    results: Results
    if request.sharded:
        results = ShardResults(plan.items, plan.shards, request.to, state.spool, options, force=request.force)
    else:
        saving = replace(request.video, keep_going=False)  # changes no video that was done without
        moving = {"video": asdict(saving), "temporal": asdict(request.temporal)}
        of_videos = fingerprint(request.options, effect.files(), **moving)
        results = FileResults(plan.items, request.to, options, force=request.force, video_options=of_videos)
    with Ledger(state.ledger, look=True) as known:
        left = without_pieces_of_what_is_there(plan.items, results.left(known))
    found = [item for item in plan.items if item.piece is None]
    todo = sum(plan.items[index].piece is None for index in left)
    summary = Summary(
        len(found), len(found) - todo, sum(item.video for item in found), output=request.to, ledger=str(state.ledger)
    )
    return Batch(request, plan.items, left, results, summary, plan.notices, state)


def checked_effect(request: BatchRequest) -> Effect:
    """The effect, with all options looked at that can be without a photo.

    Raises:
        LimnerError: one cannot be used.
    """
    options = request.options
    check_subjects(options.people, options.matte)
    build_select(options.people)
    effect = build_effect(options.effect)
    check_trim(options.saving, options.effect, effect)
    return effect


def engine_of(batch: Batch) -> Engine:
    """The engine that a batch asks for.

    Raises:
        LimnerError: the model cannot be loaded.
    """
    request = batch.request
    memory = any(scheme(address) == "memory" for item in batch.items for address in (item.source, item.target))
    if memory and request.engine != "local":
        raise OptionError(f"‹engine› {request.engine}: memory:// is seen by one process alone; say local")
    task = task_of(batch)
    if memory:
        return InlineEngine(task, tries=request.tries)
    if request.engine == "ray" and batch.left:
        from limner.batch.ray_engine import RayEngine

        return RayEngine(task, workers=request.workers, gpus=request.gpus, tries=request.tries, cluster=request.cluster)
    return LocalEngine(task, workers=request.processes, tries=request.tries)


def task_of(batch: Batch) -> Task:
    """What the workers of a batch need to know. The model is loaded here once, so that what is wrong with it is told
    before anything is made, and that all workers run it in the same runtime.

    Raises:
        LimnerError: the model cannot be loaded.
    """
    options = batch.request.options
    if batch.left:
        name = build_segmenter(of_one_worker(options).matte).runtime.name
        if options.matte.runtime == "auto" and name in RUNTIMES:
            options = replace(options, matte=replace(options.matte, runtime=name))
    request = batch.request
    return Task(options, batch.state.parts, batch.results.handed_over, request.video, request.temporal)
