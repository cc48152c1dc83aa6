"""Which rows are measured: lists of runtimes with options, numbers, files that a runtime does not run."""

from __future__ import annotations

import pytest

from limner.bench.cases import make_cases, split_numbers, split_runtimes
from limner.errors import LimnerError, OptionError
from limner.threads import default_threads


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("auto", ["auto"]),
        ("onnxruntime, openvino", ["onnxruntime", "openvino"]),
        ("openvino:precision=bf16,requests=2,torch:compile", ["openvino:precision=bf16,requests=2", "torch:compile"]),
        ("nonsense,all", ["nonsense", "all"]),
    ],
)
def test_lists_of_runtimes(text: str, names: list[str]) -> None:
    assert split_runtimes(text) == names


def test_rows_in_order() -> None:
    cases = make_cases(["tiny", "fast", "tiny"], runtimes=["onnxruntime", "litert"], threads=[1, 2], batches=[1, 3])
    assert [(case.label, case.threads, case.batch) for case in cases] == [
        (model, threads, batch) for model in ("tiny.onnx", "fast.onnx") for threads in (1, 2) for batch in (1, 3)
    ]
    assert {case.runtime for case in cases} == {"onnxruntime"}  # LiteRT runs no .onnx
    assert make_cases(["tiny"])[0].threads == default_threads()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"models": ["tiny"], "runtimes": ["litert"]}, "runtime litert: does not run tiny; what does is onnxruntime"),
        ({"models": ["tiny"], "runtimes": ["onyx"]}, "runtime onyx: is not one of auto, all, onnxruntime"),
        ({"models": ["tiny"], "threads": [0]}, "threads must be a whole number"),
        ({"models": ["tinny"]}, "did you mean 'tiny'"),
    ],
)
def test_what_cannot_be(options: dict, says: str) -> None:
    with pytest.raises(LimnerError, match=says):
        make_cases(**options)


def test_numbers() -> None:
    assert split_numbers("1, 2,1", "--threads") == [1, 2]
    for text in ("", "0", "1,,2", "two", "-1", "1.5"):
        with pytest.raises(OptionError, match=r"--threads .*whole numbers of at least 1"):
            split_numbers(text, "--threads")
