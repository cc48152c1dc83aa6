"""`limner export` to many targets: makes every file aside, checks it against PyTorch, and puts it in its place."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from limner.checking import check_fields, checked
from limner.datasets.manifest import PhotoFolder
from limner.errors import LimnerError, OptionError
from limner.export.card import Provenance, draft_card, file_card, graph_card
from limner.export.checks.parity import Figures, Judge, failures
from limner.export.checks.photos import prepare, stratified
from limner.export.graphs.graph import IMAGE, Feeds, Graph, make_graph
from limner.export.source import Source
from limner.export.targets.base import ALL, Made, NotMadeHereError, NotRunHereError, Target, make_target
from limner.models.card import Measurement, ModelCard
from limner.models.files import export_card, model_bytes, model_sha256
from limner.models.pair import publish_export
from limner.nets.deployed import GraphOptions
from limner.places import check_folder, refuse_to_replace

FLOAT = ("fp32", "fp16")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
State = Literal["checked", "not run here", "not made here", "not offered", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be made.

    Attributes:
        targets: names in ``TARGETS``.
        precisions: those wanted of every target that offers them; "all" is all of them; None is each one's first.
        options: of the graph.
        size: (height, width) of the input; None is what the net was made for.
        name: stem of the files; None is the source's.
        data: data folder: val photos to check on, train photos to calibrate on; None checks on noise.
        photos, calibration: how many of each.
        browser: ONNX files are run in a browser too, which gives each a second row.
        licence, origin: for the cards; None is what the source's card says.
        notes: for the cards.
    """

    targets: tuple[str, ...]
    precisions: tuple[str, ...] | None = None
    options: GraphOptions = field(default_factory=GraphOptions)
    size: tuple[int, int] | None = None
    name: str | None = None
    data: Path | None = None
    photos: int = 100
    calibration: int = 100
    browser: bool = False
    licence: str | None = None
    origin: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One file that was asked for.

    Attributes:
        state: "checked"; "not run here" (made, but nothing here runs it); "not made here" (the machine lacks what that
            takes); "not offered" (the target has no such precision); "failed".
        reason: in one line, for all states but "checked".
        figures: of a checked file.
        missed: figure -> why it misses its limit.
    """

    target: str
    precision: str
    file: str
    state: State
    reason: str = ""
    bytes: int | None = None
    figures: Figures | None = None
    missed: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Neither failed nor beyond a limit."""
        return self.state != "failed" and not self.missed


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of a plan: PyTorch's own figures, a row for each file, and on how many ``pictures``.

    ``photos`` of them are val photos; 0 where they were noise.
    """

    summary: str
    reference: Figures
    photos: int
    pictures: int
    rows: tuple[Row, ...]


@checked
def export_all(source: Source, out: Path, plan: Plan, *, progress: Callable[[int, int, str], None]) -> Report:
    """Make the files of a plan in the folder ``out``, each whole or not at all, with its card beside it.

    What cannot be made becomes a row that says so, and the others go on.

    Args:
        progress: called with files done, files in all, and what is under way.

    Raises:
        OptionError: the plan cannot be carried out at all: no such size, no such precision, no photos for integers.
        LimnerError: the source or the data cannot be used, or the folder not written.
    """
    if not source.net.exportable:
        raise OptionError(f"{source.spec.name}: this net cannot be exported")
    name = plan.name or source.name
    if not _NAME.fullmatch(name):
        raise OptionError(f"‹name› {name}: must begin with a letter or digit and hold only letters, digits and . _ -")
    rounded = source.net.rounded
    jobs = [job for name in plan.targets for job in _jobs(make_target(name), plan.precisions, rounded=rounded)]
    if plan.browser and not any(target.in_browser() for target, _, _ in jobs):
        raise OptionError(f"‹browser›: is for ONNX files, which ‹to› {','.join(plan.targets)} does not make")
    wanted = {precision for _, precision, offered in jobs if offered}
    if not wanted:
        raise OptionError(f"‹precision› {','.join(plan.precisions or ())}: none of {', '.join(plan.targets)} offers it")
    check_folder(out, option="out")
    files = [out / target.file_name(name, precision) for target, precision, offered in jobs if offered]
    refuse_to_replace([*files, *map(export_card, files)], source.files, option="out")
    folder = PhotoFolder(plan.data) if plan.data is not None else None
    with _made_folder(out), tempfile.TemporaryDirectory(prefix="limner-export-") as workspace:
        progress(0, len(jobs), "preparing the graph")
        size = plan.size or source.size
        graph = make_graph(source.net, name=name, size=size, workspace=Path(workspace), options=plan.options)
        provenance = Provenance(
            photos=tuple(folder.photos) if folder is not None else (),
            licence=plan.licence,
            origin=plan.origin,
            notes=plan.notes,
        )
        card = graph_card(draft_card(source, provenance, size=size), graph)
        if folder is not None and not rounded and not wanted <= set(FLOAT):
            graph.calibration = _calibration(folder, plan.calibration, card, graph)
        progress(0, len(jobs), "running PyTorch")
        photos = stratified(folder, "val", plan.photos) if folder is not None else []
        judge = Judge(graph, card, list(prepare(folder, photos, card, _dtype(graph))))
        rows = []
        for number, (target, precision, offered) in enumerate(jobs):
            file = target.file_name(name, precision)
            progress(number, len(jobs), file)
            if offered:
                rows.append(_export(target, precision, graph, card, judge, out / file, photos=len(photos)))
                runners = [target.exactly(precision), target.in_browser() if plan.browser else None]
                made = rows[-1] if rows[-1].figures is not None else None
                rows += [_again(made, runner, out / file, judge) for runner in runners if made and runner]
            else:
                offers = target.rounded if rounded else target.precisions
                of = " of quantization-aware nets" if rounded else ""
                reason = f"{target.name} has {', '.join(offers) or 'nothing'}{of}"
                rows.append(Row(target=target.name, precision=precision, file=file, state="not offered", reason=reason))
        progress(len(jobs), len(jobs), "done")
    return Report(
        summary=card.summary, reference=judge.reference, photos=len(photos), pictures=judge.photos, rows=tuple(rows)
    )


def _jobs(target: Target, precisions: Sequence[str] | None, *, rounded: bool) -> Iterator[tuple[Target, str, bool]]:
    """The target, a precision, and whether it offers that (of a quantization-aware net, or of any other)."""
    offers = target.rounded if rounded else target.precisions
    if precisions is None:
        precisions = offers[:1] or target.precisions[:1]
    for precision in (offers or target.precisions[:1]) if ALL in precisions else precisions:
        yield target, precision, precision in offers


def _calibration(folder: PhotoFolder, count: int, card: ModelCard, graph: Graph) -> list[Feeds]:
    photos = stratified(folder, "train", count)
    return [prepared.feeds for prepared in prepare(folder, photos, card, _dtype(graph))]


def _dtype(graph: Graph) -> np.dtype[Any]:
    return graph.inputs[IMAGE].numpy().dtype


def _export(
    target: Target, precision: str, graph: Graph, card: ModelCard, judge: Judge, path: Path, *, photos: int
) -> Row:
    row = Row(target=target.name, precision=precision, file=path.name, state="checked")
    with tempfile.TemporaryDirectory(prefix=".export-", dir=path.parent) as staging:
        aside = Path(staging) / path.name
        try:
            made = target.convert(graph, precision, aside)
            row = replace(row, bytes=model_bytes(aside), notes=(*made.notes, *_beyond_half(graph, precision, made)))
            row = _checked(row, target, made, aside, judge)
            measured = (_measurement(row, judge, photos),) if row.figures is not None else ()
            notes = tuple(f"fails: {why}" for why in row.missed.values())
            own = file_card(card, made, file=path.name, sha256=model_sha256(aside))
            publish_export(aside, path, replace(own, measured=measured, notes=(*own.notes, *notes)))
        except NotMadeHereError as error:
            return replace(row, state="not made here", reason=str(error))
        except LimnerError as error:
            return replace(row, state="failed", reason=str(error))
        except OSError as error:
            why = error.strerror or str(error)
            return replace(row, state="failed", reason=f"{path.name}: cannot be written in {path.parent}: {why}")
        except Exception as error:  # converters raise whatever they like; the others go on
            text = (str(error).strip().splitlines() or [""])[0][:200]
            return replace(row, state="failed", reason=f"{path.name}: {type(error).__name__}: {text}")
    return row


def _beyond_half(graph: Graph, precision: str, made: Made) -> tuple[str, ...]:
    """A note about numbers that an fp16 file cannot hold, where the target has not said what it did with them."""
    names = graph.beyond_half if precision == "fp16" and not made.notes else ()
    return (f"beyond 65504, where half precision ends: {', '.join(names)}",) if names else ()


def _checked(row: Row, target: Target, made: Made, aside: Path, judge: Judge) -> Row:
    try:
        figures = judge.judge(target, made, aside)
    except NotRunHereError as error:
        return replace(row, state="not run here", reason=str(error))
    if kernels := target.kernels(row.precision):
        figures = replace(figures, runtime=f"{figures.runtime}, {kernels}")
    return replace(row, figures=figures, missed=failures(figures, judge.reference, row.precision))


def _again(row: Row, target: Target, path: Path, judge: Judge) -> Row:
    """The row of a file that was checked and stays as it is, run by another ``target``."""
    row = replace(row, figures=None, missed={}, notes=())
    try:
        return _checked(row, target, Made(), path, judge)
    except LimnerError as error:
        return replace(row, state="failed", reason=str(error))


def _measurement(row: Row, judge: Judge, photos: int) -> Measurement:
    figures = row.figures
    assert figures is not None
    metrics = {
        "mean_difference": float(f"{figures.mean_error:.2g}"),
        "largest_difference": float(f"{figures.max_error:.2g}"),
        "agreement": round(figures.agreement, 2),
    }
    if figures.miou is not None and figures.boundary_iou is not None:
        metrics |= {"miou": round(figures.miou, 2), "boundary_iou": round(figures.boundary_iou, 2)}
    finite = {name: value for name, value in metrics.items() if value == value}
    return Measurement(
        on=f"export: {photos} val photos" if photos else f"export: {judge.photos} pictures of noise",
        protocol="absolute differences of the person's probability between the file and PyTorch; agreement is the mIoU "
        "of their masks; mIoU and Boundary IoU against the photos' masks, percent, means over photos; bare net; "
        f"run by {figures.runtime}",
        metrics=finite,
    )


@contextmanager
def _made_folder(out: Path) -> Iterator[None]:
    """The folder is there inside the block; one that was made for it and stayed empty goes again."""
    there = out.is_dir()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(f"‹out› {out}: the folder cannot be made: {error.strerror or error}") from None
    try:
        yield
    finally:
        if not there:
            with suppress(OSError):
                out.rmdir()
