"""Targets of `limner export`: what each one promises, what its files are called, and the registry."""

from __future__ import annotations

import importlib
import re
import statistics
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from numpy.typing import NDArray

from limner.errors import LimnerError, OptionError

if TYPE_CHECKING:
    from limner.export.graphs.graph import Graph

Feeds = Mapping[str, NDArray[Any]]

TARGETS: dict[str, str] = {
    "onnx": "limner.export.targets.onnx:OnnxTarget",
    "openvino": "limner.export.targets.openvino:OpenVinoTarget",
    "litert": "limner.export.targets.litert:LiteRtTarget",
    "ncnn": "limner.export.targets.ncnn:NcnnTarget",
    "coreml": "limner.export.targets.coreml:CoreMlTarget",
    "tensorrt": "limner.export.targets.tensorrt:TensorRtTarget",
    "savedmodel": "limner.export.targets.savedmodel:SavedModelTarget",
    "tfjs": "limner.export.targets.tfjs:TfjsTarget",
}
"""Target -> module and class, imported when it is asked for. Adding a target is adding a file and a line here."""

ALL = "all"
PRECISIONS = ("fp32", "fp16", "int8", "dynamic", "int8-float-io", "uint16", "uint8")
"""Every precision that some target offers, as `--precision` calls it."""


class NotRunHereError(LimnerError):
    """A target's files can be made on this machine but not run; the text says why, in one line."""


class NotMadeHereError(LimnerError):
    """A target's files cannot be made on a machine of this kind; the text says what it lacks, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a conversion made, where that differs from the graph.

    Attributes:
        layout: of the file's tensors of four axes, where it is not the graph's: "NCHW" or "NHWC".
        names: the graph's tensor names -> those in the file, where they differ.
        notes: for the card and the table, one sentence each: nodes kept in float, operators that fall back.
    """

    layout: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What running a file on some inputs gave: outputs by the file's names, and times in milliseconds.

    ``latency_ms`` is the median of one call on one thread, ``load_ms`` the time until the model is ready.
    """

    outputs: Sequence[Feeds]
    load_ms: float
    latency_ms: float
    runtime: str


class Target(ABC):
    """One kind of file that a graph is converted to.

    Attributes:
        name: what `--to` calls it.
        precisions: those it offers; the first is made where none is asked for.
        rounded: those it makes of quantization-aware nets, with the ranges that training found.
        suffix: of its files, with whatever stands before ("." is part of it).
        runtime: with what ``execute`` runs them, see ``load_runtime``; "" is the preferred one.
        device: where.
    """

    name: ClassVar[str]
    precisions: ClassVar[tuple[str, ...]]
    rounded: ClassVar[tuple[str, ...]] = ()
    suffix: ClassVar[str]
    runtime: ClassVar[str] = ""
    device: ClassVar[str] = "cpu"

    def file_name(self, stem: str, precision: str) -> str:
        """``fast.onnx``, ``fast.int8.onnx``: fp32 is not mentioned."""
        return f"{stem}{'' if precision == 'fp32' else f'.{precision}'}{self.suffix}"

    @abstractmethod
    def convert(self, graph: Graph, precision: str, out: Path) -> Made:
        """Write ``graph`` at ``out`` (a file, a file and its ``.bin``, or a folder, as ``suffix`` says).

        ``out`` lies in a folder of its own that is thrown away on failure: nothing need be cleaned up.

        Raises:
            LimnerError: it cannot be made; the text is one line and the other targets go on. NotMadeHereError where
                that is the machine's doing.
        """

    def execute(self, path: Path, feeds: Sequence[Feeds]) -> Execution:
        """Run the file on each of ``feeds`` (by the file's names, in its layout); here with Limner's own runtime.

        Raises:
            NotRunHereError: nothing on this machine can run it.
        """
        from limner.runtimes.loading import load_runtime, runtimes_for

        started = time.perf_counter()
        runtime = load_runtime(path, runtime=self.runtime or runtimes_for(path)[0], device=self.device, threads=1)
        load_ms = 1000 * (time.perf_counter() - started)
        outputs, seconds = [], []
        for row in feeds:
            begun = time.perf_counter()
            outputs.append(runtime.run(row))
            seconds.append(time.perf_counter() - begun)
        latency = 1000 * statistics.median(seconds[1:] or seconds)
        return Execution(outputs=outputs, load_ms=load_ms, latency_ms=latency, runtime=runtime.name)

    def kernels(self, precision: str) -> str:
        """What of this machine decides how ``execute`` rounds a file of this precision, in words; "" where nothing."""
        return ""

    def exactly(self, precision: str) -> Target | None:
        """What runs files of this precision in numbers that no kernel rounds; None where nothing does."""
        return None

    def in_browser(self) -> Target | None:
        """What runs the same files in a browser, for those that mostly run elsewhere; None for all others."""
        return None


def make_target(name: str) -> Target:
    """The target that ``--to`` calls ``name``.

    Raises:
        OptionError: there is none of that name.
    """
    if name not in TARGETS:
        raise OptionError(f"‹to› {name}: not a known target; there are {', '.join(TARGETS)}")
    module, _, cls = TARGETS[name].partition(":")
    target = getattr(importlib.import_module(module), cls)()
    assert isinstance(target, Target)
    return target


def chosen(text: str, known: Sequence[str], *, option: str) -> tuple[str, ...]:
    """Names of a list such as "onnx,openvino" in its order, without repeats; "all" is all of ``known``.

    Raises:
        OptionError: one of them is not known, or there are none.
    """
    names = [name for name in re.split(r"[,\s]+", text.strip().lower()) if name]
    for name in names:
        if name != ALL and name not in known:
            raise OptionError(f"{option} {name}: not known; there are {', '.join(known)} and all")
    if not names:
        raise OptionError(f"{option}: names nothing; there are {', '.join(known)} and all")
    return tuple(known) if ALL in names else tuple(dict.fromkeys(names))
