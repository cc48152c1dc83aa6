"""One line of the table of numbers, and the table as text, markdown and JSON."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from limner.cores import usable_cores

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was measured, what it must reach and what it reached; ``passed`` is None where there is no target."""

    what: str
    target: str
    figure: str
    passed: bool | None
    detail: str = ""
    values: dict[str, float] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        return {True: "pass", False: "FAIL", None: "-"}[self.passed]


def failed(what: str, target: str, why: str) -> Row:
    """A line that could not be measured: it says why and does not pass."""
    return Row(what=what, target=target, figure="not measured", passed=False, detail=" ".join(why.split())[:300])


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where and on what the table was made."""

    date: str
    processor: str
    cores: int
    load: float
    system: str
    python: str
    commit: str
    versions: dict[str, str]

    @classmethod
    def here(cls) -> Surroundings:
        from importlib.metadata import PackageNotFoundError, version

        versions = {}
        for name in ("onnxruntime", "ai-edge-litert", "opencv-python-headless", "av", "numpy", "torch"):
            try:
                versions[name] = version(name)
            except PackageNotFoundError:
                continue
        return cls(
            date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            processor=_processor(),
            cores=usable_cores(),
            load=round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else float("nan"),
            system=f"{platform.system()} {platform.machine()}",
            python=platform.python_version(),
            commit=_commit(),
            versions=versions,
        )

    def __str__(self) -> str:
        libraries = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return (
            f"{self.date}; {self.processor}, {self.cores} cores, {self.system}; load {self.load} at the start; "
            f"commit {self.commit}; Python {self.python}, {libraries}"
        )


def as_text(rows: Sequence[Row], place: Surroundings) -> str:
    """Aligned columns for a terminal."""
    cells = [("what", "target", "figure", ""), *((r.what, r.target, r.figure, r.verdict) for r in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    lines.insert(1, "-" * max(map(len, lines)))
    notes = [f"  {r.what}: {r.detail}" for r in rows if r.detail]
    return "\n".join([*lines, "", *notes, "", str(place)])


def as_markdown(rows: Sequence[Row], place: Surroundings) -> str:
    """The page docs/benchmarks.md."""
    table = ["| what | must reach | reached | |", "|---|---|---|---|"]
    table += [f"| {r.what} | {r.target} | {r.figure} | {r.verdict} |" for r in rows]
    notes = [f"- **{r.what}**: {r.detail}" for r in rows if r.detail]
    return "\n".join(
        [
            "# Benchmarks",
            "",
            'Made by `make bench ARGS="--markdown docs/benchmarks.md"`; do not edit.',
            "How each line is measured stands in [benchmarks/README.md](../benchmarks/README.md).",
            "",
            f"*{place}*",
            "",
            *table,
            "",
            *notes,
            "",
        ]
    )


def as_section(title: str, command: str, rows: Sequence[Row], place: Surroundings) -> str:
    """A section of the page, which a command of its own makes."""
    body = as_markdown(rows, place).split("\n", 4)[4]
    return f"## {title}\n\nMade by `{command}`; do not edit.\n{body}"


def sections(page: Path) -> dict[str, str]:
    """The sections of a page by title, each with its heading; empty where there is no page."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    parts = ["## " + part for part in ("\n" + text).split("\n## ")[1:]]
    return {part[3:].partition("\n")[0]: part.rstrip() + "\n" for part in parts}


def with_sections(head: str, kept: dict[str, str]) -> str:
    """A page from its beginning and its sections."""
    return "\n".join([head.rstrip() + "\n", *kept.values()])


def write_section(page: Path, title: str, section: str) -> None:
    """Puts a section in the place of the one of that title, or at the end; everything else stays."""
    text = page.read_text(encoding="utf-8") if page.exists() else "# Benchmarks\n"
    head = ("\n" + text).split("\n## ")[0].lstrip("\n")
    page.write_text(with_sections(head, sections(page) | {title: section.rstrip() + "\n"}), encoding="utf-8")


def as_json(rows: Sequence[Row], place: Surroundings) -> str:
    """Everything, for programs and for comparing runs."""
    return json.dumps({"where": asdict(place), "rows": [asdict(row) for row in rows]}, indent=2)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.lower().startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str:
    def git(*arguments: str) -> str:
        result = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
        return result.stdout.strip() if result.returncode == 0 else ""

    commit = git("rev-parse", "--short=10", "HEAD")
    changed = git("status", "--porcelain", "--untracked-files=no", "--", "src")
    return f"{commit or 'unknown'}{' with changes' if changed else ''}"
