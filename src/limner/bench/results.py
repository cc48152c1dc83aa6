"""What was measured, for people and for programs."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from limner.bench.align import align
from limner.bench.rounds import Row
from limner.bench.subject import NET, STAGES
from limner.runtimes.base import NodeTime
from limner.runtimes.cpu import this_cpu


def title(row: Row) -> str:
    """A row in a few words: "fast.onnx, openvino, 1 thread"."""
    case = row.case
    parts = [case.label, case.runtime, *([row.device] if row.device != "cpu" else [])]
    parts.append(f"{case.threads} thread{'s' if case.threads > 1 else ''}")
    return ", ".join(parts + ([f"batch {case.batch}"] if case.batch > 1 else []))


def table(rows: Sequence[Row], memory: Sequence[float | None]) -> list[str]:
    """Lines: times in milliseconds of a call, medians over the rounds."""
    heads = ("model", "runtime", "device", "threads", "batch", *STAGES, "total", "net", "±", "ratio", "CPU ratio")
    lines: list[tuple[str, ...]] = [(*heads, "pictures/s", "MB")]
    for row, peak in zip(rows, memory, strict=True):
        case = row.case
        lines.append(
            (
                *(case.label, case.runtime, row.device, str(case.threads), str(case.batch)),
                *(f"{row.stages[name]:.2f}" for name in STAGES),
                *(f"{row.total:.2f}", f"{row.net:.2f}", f"{100 * row.spread:.0f} %"),
                *(f"{row.ratio:.2f}×", f"{row.ratio_cpu:.2f}×", f"{row.pictures_per_second:.0f}"),
                "-" if peak is None else f"{peak:.0f}",
            )
        )
    first = rows[0]
    return [
        *align(lines, right=range(3, len(lines[0]))),
        "",
        f"Milliseconds of a call, medians of {first.rounds} rounds in turns; net is {', '.join(NET)}; ± half the "
        "distance between its quartiles;",
        "ratios are of the net's time a picture to the first row's in the same round; MB is what the process grows by.",
    ]


def as_dict(
    rows: Sequence[Row], memory: Sequence[float | None], profiles: Mapping[str, Sequence[NodeTime]], notes: list[str]
) -> dict[str, Any]:
    """Plain JSON values."""
    cpu = this_cpu()
    told = []
    for row, peak in zip(rows, memory, strict=True):
        case = row.case
        item: dict[str, Any] = {"model": case.label, "path": str(case.model.path), "asked": case.runtime}
        item |= {"threads": case.threads, "batch": case.batch}
        item |= {name: value for name, value in asdict(row).items() if name != "case"}
        item["stages"] = {name.replace(" ", "_"): value for name, value in row.stages.items()}
        item["peak_megabytes"] = peak
        if title(row) in profiles:
            item["nodes"] = [asdict(node) for node in profiles[title(row)]]
        told.append(item)
    machine = {"cpu": cpu.name, "features": list(cpu.features), "system": f"{platform.system()} {cpu.machine}"}
    return {"machine": machine, "rows": told, "left_out": notes}
