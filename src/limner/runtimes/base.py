"""The protocol every runtime keeps: named arrays in, named arrays out, nothing of images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Resized = tuple[tuple[int, int], tuple[int, int]]
"""(height, width) of a file's input, and those that it is loaded with."""


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """Name, shape (None where dynamic) and dtype of a model's input or output."""

    name: str
    shape: tuple[int | None, ...]
    dtype: np.dtype[Any]


@dataclass(frozen=True, slots=True)
class NodeTime:
    """Time of one operator of the graph as it really ran, after the runtime fused what it fuses.

    Attributes:
        name: the node's name in the runtime's own graph.
        kind: type of operator.
        how: which kernel or execution provider ran it, as far as the runtime says.
        microseconds: of one call.
    """

    name: str
    kind: str
    how: str
    microseconds: float


class Runtime(Protocol):
    """A loaded model on a device.

    ``run`` takes every input by name and gives every output by name. The arrays it returns are the caller's to keep.
    """

    @property
    def name(self) -> str:
        """Which runtime: "onnxruntime", "litert", …"""

    @property
    def device(self) -> str:
        """What really runs, as the runtime reports it after loading, never what was asked for."""

    @property
    def threads(self) -> int:
        """Threads one call uses."""

    @property
    def facts(self) -> Mapping[str, str]:
        """More of what the runtime reports after loading: precision, delegate, hint …"""

    @property
    def inputs(self) -> tuple[TensorInfo, ...]: ...

    @property
    def outputs(self) -> tuple[TensorInfo, ...]: ...

    def run(self, inputs: Mapping[str, Array], *, laps: list[float] | None = None) -> dict[str, Array]:
        """Every output by name, from every input by name.

        Args:
            laps: where given, three values of ``time.perf_counter`` are appended: when the inputs were handed over,
                when the outputs were computed, when they were the caller's.

        Raises:
            ModelError: the model refuses the inputs.
        """


@runtime_checkable
class ProfilingRuntime(Protocol):
    """A runtime, loaded with ``profile=True``, that tells the time of each operator."""

    def node_times(self) -> list[NodeTime]:
        """In the order of execution: means over all calls since loading, but for the first. Ends the profile."""


@runtime_checkable
class QueueingRuntime(Protocol):
    """A runtime that can have several calls under way at once."""

    @property
    def requests(self) -> int:
        """How many."""

    def run_all(self, calls: list[Mapping[str, Array]]) -> list[dict[str, Array]]:
        """The outputs of each of ``calls``, in their order, with ``requests`` of them under way at a time."""
