"""What every runtime checks: is the file there, are these the inputs, what does a foreign error say in one line."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from limner.errors import ModelError, OptionError
from limner.kinds import ONNX
from limner.models.protobuf import decode
from limner.runtimes.base import Array, TensorInfo

_PREFIX = re.compile(r"^(\[ONNXRuntimeError\] : \d+ : \w+ : |Exception from |Check '.*' failed at )")


def first_line(error: Exception) -> str:
    """The first line of a foreign error that says something, without its prefix of codes and places."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    telling = [line for line in lines if not re.match(r"^(Exception from |Check '|\w+ API failed)", line)]
    return _PREFIX.sub("", (telling or lines)[0])[:300]


def check_readable(path: str | Path) -> None:
    """ModelError where there is no such file, or nothing in it."""
    try:
        with Path(path).open("rb") as file:
            if not file.read(1):
                raise ModelError(f"{path}: is empty")
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from None


def unloadable(path: str | Path, runtime: str, error: Exception) -> ModelError:
    """The error for a file that a runtime does not load: what is wrong with a .onnx file in our words, else in its."""
    if Path(path).suffix.lower() == ONNX:
        try:
            whole = any(number == _GRAPH for number, _, _ in decode(Path(path).read_bytes()))
        except (OSError, ValueError):
            whole = False
        if not whole:
            return ModelError(f"{path}: is damaged or cut off, or is no .onnx model; get a whole copy of it")
    return ModelError(f"{path}: {runtime} cannot load it: {first_line(error)}")


_GRAPH = 7
"""Number of the field of a .onnx file that holds its operators."""


def check_inputs(inputs: Mapping[str, Array], infos: Collection[TensorInfo]) -> None:
    """ModelError unless ``inputs`` are the model's: the same names, fitting shapes, the same dtypes."""
    names = [info.name for info in infos]
    if inputs.keys() != set(names):
        raise ModelError(f"the model's inputs are {', '.join(names)}; given: {', '.join(inputs)}")
    for info in infos:
        given = inputs[info.name]
        fits = len(given.shape) == len(info.shape) and all(
            size is None or size == has for size, has in zip(info.shape, given.shape, strict=True)
        )
        if not fits or given.dtype != info.dtype:
            wanted = ", ".join("?" if size is None else str(size) for size in info.shape)
            raise ModelError(
                f"the model cannot run on this input: {info.name!r} is ({wanted}) {info.dtype}, "
                f"not {given.shape} {given.dtype}"
            )


def check_cpu(device: str, runtime: str) -> None:
    """OptionError for any device but the CPU, where ``runtime`` (its proper name) has no other."""
    if device.lower() != "cpu":
        raise OptionError(f"‹device› {device!r}: {runtime} runs on the CPU only here; available: cpu")


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps a library's remarks off stderr where it writes them from C++ whatever the settings."""
    try:
        kept = os.dup(2)
    except OSError:  # no stderr at all
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)
