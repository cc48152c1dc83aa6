"""The protocol every runtime keeps: named arrays in, named arrays out, nothing of images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """Name, shape (None where dynamic) and dtype of a model's input or output."""

    name: str
    shape: tuple[int | None, ...]
    dtype: np.dtype[Any]


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
    def inputs(self) -> tuple[TensorInfo, ...]: ...

    @property
    def outputs(self) -> tuple[TensorInfo, ...]: ...

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]: ...
