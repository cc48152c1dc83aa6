"""`limner doctor`: what is installed, what really runs, how fast, and what to install for more speed."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer


def command(
    models: Annotated[
        list[str] | None, typer.Argument(metavar="MODEL", help="Names or model files to run. [fast]")
    ] = None,
    threads: Annotated[int | None, typer.Option("--threads", min=1, help="Threads. [the runtimes' choice]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Check this machine: runs each installed runtime for a second, and changes nothing."""
    from limner.bench.advice import advise, can_bf16
    from limner.bench.packages import packages
    from limner.bench.running import runs
    from limner.bench.surroundings import look_around
    from limner.media.images import read_image
    from limner.no_telemetry import silenced
    from limner.runtimes.choices import all_choices, choices_file
    from limner.samples import PORTRAIT
    from limner.version import __version__

    place = look_around()
    ran = runs(models or ["fast"], read_image(PORTRAIT).pixels, threads=threads, bf16=can_bf16(place))
    installed, choices, advice = packages(), all_choices(), advise(place, ran)
    if as_json:
        told = {
            "limner": __version__,
            "machine": asdict(place),
            "packages": [asdict(item) for item in installed],
            "runs": [asdict(run) for run in ran],
            "remembered": {"file": str(choices_file()), "choices": [asdict(choice) for choice in choices]},
            "advice": advice,
            "telemetry": [vars(item) for item in silenced()],
        }
        print(json.dumps(told, indent=2, ensure_ascii=False))
        return
    print(f"limner {__version__}, Python {place.python}, {place.system}")
    for title, lines in (
        ("Machine", _machine(place)),
        ("Packages", _packages(installed)),
        ("What really runs", _ran(ran)),
        ("Remembered by --runtime auto", _remembered(choices, choices_file())),
        ("What libraries would send", _silenced(silenced())),
        ("For more speed", [f"- {line}" for line in advice] or ["Nothing is left to try."]),
    ):
        print(f"\n{title}")
        for line in lines:
            print(f"  {line}")


def _machine(place: Any) -> list[str]:
    memory = "" if place.memory is None else f", {place.memory / 2**30:.0f} GiB of memory"
    features = f" ({', '.join(place.cpu.features)})" if place.cpu.features else ""
    missing = [name for name, there in place.encoders.items() if not there]
    return [
        f"CPU       {place.cpu.name}{features}",
        f"cores     {place.cores}, of which models use {place.threads} by default{memory}",
        *(f"{name:<12} offers {', '.join(devices)}" for name, devices in place.devices.items()),
        f"encoders  {', '.join(name for name, there in place.encoders.items() if there)}"
        + (f"; missing: {', '.join(missing)}" if missing else ""),
        f"cameras   {', '.join(place.cameras) or 'none'}; virtual: {', '.join(place.virtual_cameras) or 'none'}",
    ]


def _packages(installed: list[Any]) -> list[str]:
    from limner.bench.align import align

    rows = []
    for item in installed:
        extra = " or ".join(f"'limner[{name}]'" for name in item.extras[:2])
        remedy = f"not installed: pip install {extra or item.name}"
        rows.append((item.name, item.version or remedy))
    return align(rows) if rows else ["limner itself is not installed, so it cannot tell what it needs"]


def _ran(ran: list[Any]) -> list[str]:
    from limner.bench.align import align
    from limner.runtimes.loading import RUNTIMES

    rows = [("model", "runtime", "device", "ms", "CPU time", "as the runtime reports it")]
    for run in ran:
        if run.problem:
            rows.append((run.model, run.runtime, "-", "-", "-", run.problem))
            continue
        nodes = ", ".join(f"{count} nodes {who}" for who, count in run.nodes.items())
        facts = ", ".join(f"{name} {value}" for name, value in run.facts.items())
        ratio = f"{run.ratio:.2f}×"
        rows.append(
            (
                run.model,
                run.runtime,
                run.device,
                f"{run.milliseconds:.2f}",
                ratio,
                "; ".join(filter(None, (facts, nodes))),
            )
        )
    lines = align(rows, right=(3, 4))
    tried = {run.runtime.partition(":")[0] for run in ran}
    for name, entry in RUNTIMES.items():
        if entry.installed and name not in tried:
            lines.append(f"{name} is installed; to see it run, name a {entry.suffixes[0]} file: limner doctor FILE")
    return lines


def _silenced(items: list[Any]) -> list[str]:
    from limner.bench.align import align

    return align([(item.name, "off" if item.off else "ON", item.how) for item in items])


def _remembered(choices: list[Any], file: Any) -> list[str]:
    lines = []
    for choice in choices[-8:]:
        told = choice.circumstances
        times = ", ".join(f"{name} {value:.2f} ms" for name, value in choice.milliseconds.items())
        lines.append(
            f"{told.get('file')}, {told.get('device')}, threads {told.get('threads')}: {choice.runtime} ({times})"
        )
    return [*lines, f"{len(choices)} in {file}"] if choices else [f"nothing yet ({file})"]
