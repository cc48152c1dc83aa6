"""One .onnx file, small, with the net's tensors by name: to run, and to go on training from. Whatever the task."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import nn

from limner.datasets.manifest import PhotoFolder
from limner.export.card import Provenance
from limner.export.onnx_file import Parity, Storage, check_resized, write_onnx
from limner.models.card import Measurement, ModelCard
from limner.models.pair import publish
from limner.whole_file import writing


class Subject(Protocol):
    """What a file is made of: a trained net of some task.

    Attributes:
        module: what the file computes, in eval mode; its attribute ``net`` holds the weights.
        size: (height, width) of the input.
        other_sizes: those that the file is made for as well, see ``limner.models.card.InputSpec``.
        channels: of the input.
        output: name of the output.
        says: what the output's numbers are, in words.
    """

    module: nn.Module
    size: tuple[int, int]
    other_sizes: tuple[tuple[int, int], ...]
    channels: int
    output: str
    says: str

    def pictures(self, folder: PhotoFolder | None, size: tuple[int, int]) -> NDArray[np.float32]:
        """float32 (N, channels, *size) to compare the file with PyTorch on: train photos, or noise without any."""

    def card(self, model: Path, provenance: Provenance, *, file: str) -> ModelCard:
        """The card of the file that lies at ``model`` and will be called ``file``, without measurements."""

    def measure(self, model: Path, card: ModelCard, data: Path) -> list[Measurement]:
        """What the file scores on photos that it has not seen."""


def export_file(
    subject: Subject,
    out: Path,
    *,
    storage: Storage = "fp16",
    data: Path | None = None,
    licence: str | None = None,
    origin: str | None = None,
    notes: tuple[str, ...] = (),
) -> ModelCard:
    """Write the file and its card, both or neither.

    Args:
        data: data folder whose photos the file is compared and measured on; None compares on noise, measures nothing.
        licence, origin: for the card; None is what the net's own card says.

    Raises:
        LimnerError: the data cannot be used, or the file does not compute what PyTorch computes.
    """
    folder = PhotoFolder(data) if data is not None else None
    aside = out.with_name(f".{out.stem}.{os.getpid()}.onnx")
    pictures = subject.pictures(folder, subject.size)
    try:
        with writing(out):
            parity = write_onnx(
                subject.module,
                aside,
                size=subject.size,
                pictures=pictures,
                channels=subject.channels,
                storage=storage,
                output=subject.output,
            )
        for size in subject.other_sizes:
            check_resized(
                subject.module,
                aside,
                old=subject.size,
                new=size,
                pictures=subject.pictures(folder, size),
                storage=storage,
                output=subject.output,
            )
        photos = tuple(folder.photos) if folder is not None else ()
        provenance = Provenance(photos=photos, licence=licence, origin=origin, notes=notes)
        card = subject.card(aside, provenance, file=out.name)
        measured = subject.measure(aside, card, data) if data is not None else []
        row = parity_row(parity, storage, photos=folder is not None, of=subject.says)
        card = replace(card, measured=(row, *measured))
        publish(aside, out, card)
    finally:
        aside.unlink(missing_ok=True)
        aside.with_suffix(".json").unlink(missing_ok=True)
    return card


def parity_row(parity: Parity, storage: str, *, photos: bool, of: str = "alpha") -> Measurement:
    """How far the file is from PyTorch, as a row of the card's measurements."""
    return Measurement(
        on=f"export: {parity.pictures} {'train photos' if photos else 'pictures of noise'}",
        protocol=f"absolute differences of {of} between the file and PyTorch; weights stored as {storage}",
        metrics={"mean_difference": float(f"{parity.mean:.2g}"), "largest_difference": float(f"{parity.largest:.2g}")},
    )
