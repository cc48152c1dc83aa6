"""`limner bench`: how long models take here, in turns, stage by stage and operator by operator."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from limner.errors import OptionError
from limner.places import check_file


def command(
    models: Annotated[
        list[str] | None, typer.Argument(metavar="MODEL", help="Names from `limner models`, or files. [fast]")
    ] = None,
    runtime: Annotated[
        str,
        typer.Option(
            "--runtime",
            metavar="NAME[:OPTION,…],…",
            help="Runtimes with commas between them; auto; all: every installed one that runs the file.",
        ),
    ] = "auto",
    device: Annotated[str, typer.Option("--device", help="What the models run on: cpu, cuda, gpu, …")] = "cpu",
    threads: Annotated[
        str | None, typer.Option("--threads", metavar="N,…", help="Threads of a call. [the runtime's choice]")
    ] = None,
    batch: Annotated[str, typer.Option("--batch", metavar="N,…", help="Pictures in a call.")] = "1",
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Rounds, each of which runs every row once.")] = 20,
    picture: Annotated[
        Path | None, typer.Option("--input", metavar="PHOTO", help="The photo they run on. [the sample portrait]")
    ] = None,
    memory: Annotated[
        bool, typer.Option("--memory/--no-memory", help="Measure memory; takes a second for each row.")
    ] = True,
    profile: Annotated[
        bool, typer.Option("--profile", help="Time each operator, too: onnxruntime and openvino.")
    ] = False,
    profile_out: Annotated[
        Path | None, typer.Option("--profile-out", metavar="FILE.svg", help="Draw the profile into this file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Time models: warm-up, then rounds in which they take turns; preprocessing, net and postprocessing apart."""
    from limner.bench import cases as planning
    from limner.bench import operators
    from limner.bench.flame import flame
    from limner.bench.memory import peak_megabytes
    from limner.bench.results import as_dict, table, title
    from limner.bench.rounds import measure
    from limner.cli.progress import Meter
    from limner.media.images import read_image
    from limner.samples import PORTRAIT
    from limner.whole_file import whole_file

    runtimes = planning.split_runtimes(runtime)
    if profile_out is not None:
        _check_picture(profile_out, profile)
    if profile:
        for name in runtimes:
            operators.check_profiling(name)
    cases = planning.make_cases(
        models or ["fast"],
        runtimes=runtimes,
        device=device,
        threads=[None] if threads is None else planning.split_numbers(threads, "--threads"),
        batches=planning.split_numbers(batch, "--batch"),
    )
    frame = read_image(picture or PORTRAIT).pixels
    subjects, notes = _load(cases, frame)
    for note in notes:
        print(f"limner: left out: {note}", file=sys.stderr)
    with Meter("bench", "rounds", quiet=as_json) as meter:
        rows = measure(subjects, rounds=rounds, tick=meter.update)
    peaks = [peak_megabytes(subject.case) if memory else None for subject in subjects]
    profiles = _profiles([(title(row), row.case) for row in rows], frame) if profile else {}
    if profile_out is not None:
        with whole_file(profile_out) as file:
            file.write(flame(profiles).encode())
    if as_json:
        print(json.dumps(as_dict(rows, peaks, profiles, notes), indent=2, ensure_ascii=False))
        return
    lines = table(rows, peaks)
    for name, nodes in profiles.items():
        lines += ["", *operators.profile_lines(name, nodes)]
    print("\n".join(lines))
    if profile_out is not None:
        print(f"\nDrawn into {profile_out}")


def _check_picture(path: Path, profile: bool) -> None:
    """OptionError now, and not after minutes of measuring, where the profile cannot be drawn into this file."""
    wrong = ""
    if not profile:
        wrong = "is drawn from --profile; say that too"
    elif path.suffix.lower() != ".svg":
        wrong = "must end in .svg"
    if wrong:
        raise OptionError(f"--profile-out {path}: {wrong}")
    check_file(path, error=OptionError, option="profile_out")


def _load(cases: list[Any], frame: Any) -> tuple[list[Any], list[str]]:
    """The cases made ready, and why some are left out: those whose model does not take their batch."""
    from limner.bench.subject import BatchError, Subject
    from limner.cli.flags import told

    subjects, notes = [], []
    problem: BatchError | None = None
    for case in cases:
        try:
            subjects.append(Subject(case, frame))
        except BatchError as error:
            problem = problem or error
            notes.append(told(error))
    if problem is not None and not subjects:
        raise problem
    return subjects, notes


def _profiles(cases: list[tuple[str, Any]], frame: Any) -> dict[str, Any]:
    """Title -> times of operators, of the rows whose runtime tells them."""
    from limner.bench.operators import PROFILING, profile
    from limner.bench.subject import Subject

    return {
        name: profile(Subject(case, frame, profile=True))
        for name, case in cases
        if case.runtime.partition(":")[0] in PROFILING
    }
