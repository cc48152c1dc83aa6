"""What is to be measured: every model on every runtime, with every number of threads and pictures asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from limner.errors import OptionError
from limner.models.catalogue import ModelFile, find_model
from limner.runtimes.auto import choose
from limner.runtimes.loading import AUTO, RUNTIMES, runtimes_for
from limner.segment.example import example_inputs
from limner.threads import check_threads

ALL = "all"


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table.

    Attributes:
        label: what the table calls the model.
        model: its file and card.
        runtime: a name with its options, never "auto".
        device: where it is to run.
        threads: of one call.
        batch: pictures in one call.
    """

    label: str
    model: ModelFile
    runtime: str
    device: str
    threads: int
    batch: int


def make_cases(
    models: Sequence[str],
    *,
    runtimes: Sequence[str] = (AUTO,),
    device: str = "cpu",
    threads: Sequence[int | None] = (None,),
    batches: Sequence[int] = (1,),
) -> list[Case]:
    """All rows, model by model, in the order they were asked for.

    Args:
        runtimes: names, with options; "auto"; "all" for every installed one that runs the model's type of file. Of
            several names those are taken that run the file.

    Raises:
        LimnerError: a model cannot be found, a runtime is unknown, or none of them runs one of the models.
    """
    for text in runtimes:
        if text.partition(":")[0] not in (*RUNTIMES, AUTO, ALL):
            raise OptionError(f"‹runtime› {text}: is not one of auto, all, {', '.join(RUNTIMES)}")
    cases = []
    for name in dict.fromkeys(models):
        model = find_model(name)
        for count in (check_threads(number) for number in threads):
            for runtime in _fitting(name, model, runtimes, device, count):
                cases += [Case(model.path.name, model, runtime, device, count, batch) for batch in batches]
    return cases


def _fitting(name: str, model: ModelFile, asked: Sequence[str], device: str, threads: int) -> list[str]:
    able = runtimes_for(model.path)
    found: list[str] = []
    for text in asked:
        if text == AUTO:
            example = example_inputs(model.card)
            found.append(choose(model.path, device=device, threads=threads, example=example))
        elif text == ALL:
            found += [other for other in able if RUNTIMES[other].installed]
        elif text.partition(":")[0] in able:
            found.append(text)
    if not found:
        raise OptionError(f"‹runtime› {','.join(asked)}: does not run {name}; what does is {', '.join(able)}")
    return list(dict.fromkeys(found))


def split_runtimes(text: str) -> list[str]:
    """Names with commas between them; a comma that no name follows belongs to the options of the runtime before it."""
    names = "|".join((*RUNTIMES, AUTO, ALL))
    parts = re.split(rf",(?=\s*(?:{names})(?:[:,\s]|$))", text)
    found = [part.strip(", ") for part in parts if part.strip(", ")]
    if not found:
        raise OptionError(f"‹runtime› {text!r}: names nothing; say auto, all or some of {', '.join(RUNTIMES)}")
    return found


def split_numbers(text: str, option: str) -> list[int]:
    """Whole numbers of at least 1 with commas between them; OptionError for anything else."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise OptionError(f"{option} {text}: takes whole numbers of at least 1 with commas between them, such as 1,2")
    return list(dict.fromkeys(int(part) for part in parts))
