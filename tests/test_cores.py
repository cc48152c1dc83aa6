"""Cores are those this process may run on, and nobody can ask for a hundred thousand threads or processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from limner import Segmenter, samples
from limner.bench.cases import make_cases
from limner.cli.app import main
from limner.cores import check_parallel, most_parallel, physical_cores, usable_cores
from limner.datasets.photo_decoding import Decoder
from limner.effects.fit_model import FitModel
from limner.errors import OptionError
from limner.media.video_reader import VideoReader
from limner.models.catalogue import find_model
from limner.runtimes.loading import RUNTIMES, load_runtime
from limner.training.sharing import process_count

FAR_TOO_MANY = 100_000
FAST = find_model("fast").path


def run_on_one_core(code: str) -> str:
    core = min(os.sched_getaffinity(0))
    code = f"import os; os.sched_setaffinity(0, [{core}]); {code}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_cores_are_those_of_the_process() -> None:
    assert usable_cores() == len(os.sched_getaffinity(0))
    assert 1 <= physical_cores() <= usable_cores()
    assert (
        run_on_one_core("from limner.cores import *; print(usable_cores(), physical_cores(), most_parallel())")
        == "1 1 16"
    )


def test_training_and_stages_keep_to_the_cores_of_the_process() -> None:
    code = (
        "import torch; from limner.threads import stage_threads; "
        "from limner.training.parallel.distributed import Group; "
        "from limner.training.sharing import *; share_cores('cpu', Group()); "
        "print(process_count('cpu', processes=0, workers=0, batch=8), machine_name('cpu', Group()), "
        "torch.get_num_threads(), stage_threads())"
    )
    assert run_on_one_core(code) == "1 1 CPU core 1 1"


@pytest.mark.parametrize("count", [0, -3, True, 2.0])
def test_a_count_is_a_whole_number(count: int) -> None:
    with pytest.raises(OptionError, match="requests must be a whole number of at least 1, not"):
        check_parallel(count, "requests")


def test_the_most_is_taken_and_one_more_refused() -> None:
    most = most_parallel()
    assert most >= 16
    assert check_parallel(most, "threads") == most
    with pytest.raises(OptionError, match=f"^threads must be at most {most} on this machine, .* not {most + 1}$"):
        check_parallel(most + 1, "threads")


WAYS: dict[str, Callable[[], object]] = {
    **{
        f"runtime {name}": lambda name=name, suffix=entry.suffixes[0]: load_runtime(  # type: ignore[misc]
            f"absent{suffix}", runtime=name, threads=FAR_TOO_MANY
        )
        for name, entry in RUNTIMES.items()
    },
    "auto": lambda: load_runtime(FAST, threads=FAR_TOO_MANY),
    "segmenter": lambda: Segmenter("fast", threads=FAR_TOO_MANY),
    "harmonizer": lambda: FitModel(threads=FAR_TOO_MANY),
    "bench": lambda: make_cases(["fast"], threads=[FAR_TOO_MANY]),
    "video": lambda: VideoReader(samples.CLIP, threads=FAR_TOO_MANY),
    "openvino's requests": lambda: load_runtime(FAST, runtime=f"openvino:requests={FAR_TOO_MANY}"),
    "photos": lambda: Decoder(Path("absent"), None, Path("absent"), 64).decode(None, [], processes=FAR_TOO_MANY),  # type: ignore[arg-type]
    "training's processes": lambda: process_count("cpu", processes=FAR_TOO_MANY, workers=0, batch=10**6),
    "training's workers": lambda: process_count("cuda", processes=0, workers=FAR_TOO_MANY, batch=8),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_nobody_gets_a_hundred_thousand(way: Callable[[], object]) -> None:
    with pytest.raises(OptionError, match=rf"^[a-z]+ must be at most .* not {FAR_TOO_MANY}$"):
        way()


@pytest.mark.parametrize(
    "command",
    [
        ["image", str(samples.PORTRAIT), "-o", "out.jpg"],
        ["video", str(samples.CLIP), "-o", "out.mp4"],
        ["camera", "--camera", str(samples.CLIP), "--no-window", "--record", "out.mp4"],
        ["stream", str(samples.CLIP), "--to", "out.mp4"],
        ["bench", "fast"],
        ["doctor"],
    ],
    ids=lambda command: command[0],
)
def test_commands_say_so_in_one_line(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main([*command, "--threads", str(FAR_TOO_MANY)])
    told = capsys.readouterr().err.strip().splitlines()
    assert (stop.value.code, len(told), list(tmp_path.iterdir())) == (2, 1, [])
    assert told[0].startswith(f"limner: threads must be at most {most_parallel()} on this machine")
