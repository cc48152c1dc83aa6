"""The engine `ray`: actors of a Ray cluster, or of Ray on this machine; its blocks hold addresses, never pixels."""

from __future__ import annotations

import logging
import os
import pickle
import queue
import signal
import socket
import threading
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from limner.batch.item import Item, Outcome
from limner.batch.stop import Stop
from limner.batch.worker import Task, Worker, worked
from limner.errors import LimnerError, MissingExtraError, OptionError

_BLOCK = 16
"""Photos that an actor gets at once: few, so that they are shared out evenly and little is begun again."""
_STORE = 512 << 20
"""Bytes of shared memory of a Ray that is started here: blocks hold addresses, or a few results that go into shards."""
_WAIT = 0.25
_STARTS = 4


class RayEngine:
    """Works with Ray Data. Made in the main thread, it connects to the cluster, or starts Ray on this machine.

    Args:
        workers: actors; None is one for each CPU of the cluster, or as many as its GPUs allow.
        gpus: share of a GPU that each actor has to itself.
        tries: as in `limner.batch.local_engine`.
        cluster: address of a cluster, "auto" for the one that this machine belongs to; None starts Ray here.

    Raises:
        MissingExtraError: Ray is not installed.
        OptionError: the cluster cannot be reached, or has too few CPUs or GPUs.
    """

    def __init__(
        self, task: Task, *, workers: int | None, gpus: float = 0.0, tries: int = 2, cluster: str | None = None
    ) -> None:
        self._task, self._gpus, self._tries = task, gpus, tries
        self._cpus = task.options.matte.threads or 1
        self._ray = _connected(cluster, (workers or 0) * self._cpus or None)
        try:
            self._workers = self._affordable(workers)
        except BaseException:
            self._ray.shutdown()
            raise

    def _affordable(self, workers: int | None) -> int:
        there = self._ray.cluster_resources()
        most = int(there.get("CPU", 0) // self._cpus)
        if self._gpus:
            most = min(most, int(there.get("GPU", 0) / self._gpus + 1e-9))
        if most < max(1, workers or 1):
            has = f"{there.get('CPU', 0):g} CPUs and {there.get('GPU', 0):g} GPUs"
            raise OptionError(f"‹workers›: Ray has {has}, enough for {most} workers of {self._cpus} CPUs "
                              f"and {self._gpus:g} GPUs: ask for fewer")  # fmt: skip
        return workers or most

    def run(self, items: Sequence[Item], stop: Stop) -> Iterator[Outcome]:
        """One outcome for each item that was done or failed, in whatever order they come; then Ray is left.

        A wish to stop leaves what is under way: each of its results is there whole, or not at all.

        Raises:
            LimnerError: the options cannot be used, or Ray failed.
        """
        try:
            left, block = list(range(len(items))), _block(items, self._workers)
            for attempt in range(1, self._tries + 1):
                last, open_ = attempt == self._tries, set(left)
                if last or attempt > 1:  # alone, so that one that kills its actor takes no other along
                    block = 1
                for outcome in self._pass(items, left, block, stop):
                    if outcome.error and outcome.again and not last:
                        continue
                    open_.discard(outcome.index)
                    yield outcome
                if stop.asked or not open_:
                    return
                left = sorted(open_)
            for index in left:
                if index in open_:
                    yield Outcome(index, f"{items[index].name}: its process died each time that it was tried")
        finally:
            self._ray.shutdown()

    def _pass(self, items: Sequence[Item], indices: Sequence[int], block: int, stop: Stop) -> Iterator[Outcome]:
        """Outcomes of the items, but of those whose actor died."""
        came: queue.SimpleQueue[Outcome | BaseException | None] = queue.SimpleQueue()
        rows = [{"index": index, "item": pickle.dumps(items[index])} for index in indices]

        def pull() -> None:
            try:
                for row in self._dataset(rows, block).iter_rows():
                    came.put(pickle.loads(row["outcome"]))
                came.put(None)
            except BaseException as error:
                came.put(error)

        threading.Thread(target=pull, name="limner-ray", daemon=True).start()
        while not (stop.asked and came.empty()):
            try:
                outcome = came.get(timeout=_WAIT)
            except queue.Empty:
                continue
            if outcome is None:
                return
            if isinstance(outcome, BaseException):
                raise _told(outcome) from None
            yield outcome

    def _dataset(self, rows: list[dict[str, Any]], block: int) -> Any:
        from ray import data

        blocks, ahead = -(-len(rows) // block), 1 if block == 1 else 2  # what waits for an actor dies with it
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of max_task_retries, which goes in 2.64; without it Ray tries for ever
            return data.from_items(rows, override_num_blocks=blocks).map_batches(
                Actor,
                fn_constructor_args=(self._task,),
                batch_size=block,
                batch_format="pyarrow",
                compute=data.ActorPoolStrategy(size=min(self._workers, blocks), max_tasks_in_flight_per_actor=ahead),
                num_cpus=self._cpus,
                num_gpus=self._gpus or None,
                max_restarts=-1,
                max_task_retries=0,
            )


class Actor:
    """A worker as Ray Data calls it: a table with "index" and "item" in, one with "outcome" out."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._worker: Worker | None = None

    def __call__(self, batch: Any) -> Any:
        import pyarrow

        if self._worker is None:
            try:
                self._worker = Worker(self._task)
            except LimnerError as error:  # as a value: Ray would wrap it, and try again
                return pyarrow.table({"outcome": [pickle.dumps(_Unusable(str(error.args[0])))]})
        indices, items = batch.column("index").to_pylist(), map(pickle.loads, batch.column("item").to_pylist())
        outcomes = worked(self._worker, list(zip(indices, items, strict=True)))
        return pyarrow.table({"outcome": pyarrow.array(map(pickle.dumps, outcomes), pyarrow.large_binary())})


class _Unusable(Exception):  # noqa: N818 - it says what an actor found, and is raised as another
    """The options cannot be used."""


def _told(error: BaseException) -> BaseException:
    if isinstance(error, _Unusable):
        return LimnerError(str(error))
    line = next((line for line in reversed(str(error).splitlines()) if line.strip()), type(error).__name__)
    return LimnerError(f"Ray failed: {line.strip()}; try ‹engine› local")


def _block(items: Sequence[Item], workers: int) -> int:
    """Items in a block: at most `_BLOCK` photos, and so few that each worker gets several blocks; of pieces of videos,
    which take long, one."""
    return 1 if any(item.video for item in items) else max(1, min(_BLOCK, len(items) // (4 * workers)))


def _check_reachable(cluster: str) -> None:
    """Where nobody listens Ray itself tries for many minutes.

    Raises:
        OptionError: nobody listens at HOST:PORT.
    """
    host, colon, port = cluster.rpartition(":")
    if not colon or "://" in cluster or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        raise OptionError(f"‹cluster› {cluster}: cannot be reached: {error}; name its head, or leave it out") from None


def _connected(cluster: str | None, cpus: int | None) -> Any:
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"  # a thread that still pulls would start another Ray after the end
    try:
        import pyarrow  # noqa: F401
        import ray
        from ray.data import DataContext
    except ImportError as error:
        raise MissingExtraError("‹engine› ray", str(error.name), "ray") from None
    if cluster is not None:
        _check_reachable(cluster)
    quiet: dict[str, Any] = {"logging_level": "error", "log_to_driver": False, "configure_logging": True}
    before = signal.getsignal(signal.SIGTERM)
    try:
        if cluster is None:
            _start(ray, num_cpus=cpus, **quiet)
        else:
            ray.init(address=cluster, **quiet)
    except Exception as error:
        what = "Ray cannot be started here" if cluster is None else f"‹cluster› {cluster}: cannot be reached"
        raise OptionError(f"{what}: {' '.join(str(error).split())}") from None
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)  # Ray takes it over
    context = DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = context.enable_auto_log_stats = False
    context.max_errored_blocks = -1  # what is missing is tried again, and told, here
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return ray


def _start(ray: Any, **given: Any) -> None:
    """Starts Ray on this machine, seen by nobody else. It gives its parts 30 s, which a busy machine may not have.

    Its workers would run at niceness 15, behind whatever else the machine does; they have the command's own here.
    """
    os.environ.setdefault("RAY_worker_niceness", "0")
    os.environ.setdefault("RAY_agent_register_timeout_ms", "120000")
    for left in reversed(range(_STARTS)):
        try:
            ray.init(
                address="local", include_dashboard=False, object_store_memory=_STORE, _node_ip_address="127.0.0.1",
                **given,
            )  # fmt: skip
            return
        except Exception as error:
            if "timed out" not in str(error) or not left:
                raise
            ray.shutdown()
