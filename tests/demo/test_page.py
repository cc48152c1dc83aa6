"""The page of before and after: it is whole without a network, works in Chromium, and its commands work."""

from __future__ import annotations

import html
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_lines import parse
from limner import demo
from limner.demo.facts import Facts, Made, Subject
from limner.demo.next_steps import Step
from limner.demo.page import page
from page_parts import Scenarios, built_page, camera_clip

PHOTOS = ["portrait-blur.jpg", "portrait-replace.jpg", "portrait-cutout.png", "portrait-mask.png"]
CLIPS = ["clip-blur.mp4", "clip-replace.mp4"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder from which the demo was run, into `my results`; what it said is in `said`."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "said").write_text("\n".join(demo.run(Path("my results"))), encoding="utf-8")
    return folder


def commands(text: str) -> list[str]:
    return [html.unescape(code) for code in re.findall(r"<code>(.*?)</code>", text)]


def test_it_is_whole_without_a_network(made: Path) -> None:
    folder = made / "my results"
    text = (folder / "index.html").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:src|href|value|data-file)=\"([^\"]+\.\w+)\"", text))
    assert named == {"portrait.jpg", "clip.mp4", *PHOTOS, *CLIPS}
    assert [name for name in named if not (folder / name).is_file()] == []
    assert re.findall(r"https?:|@import|url\(", text) == []
    link = (made / "said").read_text(encoding="utf-8").split()[-1]
    assert link == (folder / "index.html").resolve().as_uri()


def test_its_commands_are_the_command_lines(made: Path) -> None:
    found = commands((made / "my results/index.html").read_text(encoding="utf-8"))
    ours = [code for code in found if code.startswith("limner ")]
    assert len(ours) >= 6
    assert {parse(code) for code in ours} >= {"image", "video", "models", "doctor"}
    assert [code for code in found if code not in ours and not code.startswith("source ")] == []
    assert "'my results/portrait.jpg'" in ours[0]  # from where the demo was started


@pytest.mark.slow
def test_its_commands_work_where_it_was_started(made: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for code in commands((made / "my results/index.html").read_text(encoding="utf-8")):
        done = subprocess.run(
            ["bash", "-c", code],
            cwd=made,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{code}\n{done.stderr}"
        words = shlex.split(code)
        assert all((made / words[index + 1]).stat().st_size for index, word in enumerate(words) if word == "-o")


@pytest.fixture
def scenarios(tmp_path: Path) -> Iterator[Scenarios]:
    built_page()
    running = Scenarios(camera_clip(tmp_path))
    yield running
    running.close()


def test_in_chromium_it_compares_and_copies(made: Path, scenarios: Scenarios) -> None:
    address = (made / "my results/index.html").resolve().as_uri()
    scenarios.run("demo", address, photos=PHOTOS, clips=CLIPS)


def test_what_it_is_told_is_text_and_no_markup() -> None:
    odd = '<b>"&'
    photo = Subject(before=odd, size=(3, 4), made=[Made(name=odd, file=odd, ms=0.2)], found_ms=1.0)
    clip = Subject(before=odd, size=(3, 4), made=[Made(name=odd, file=odd, ms=2.0, fps=500.0)], frames=1)
    facts = Facts(net=odd, where=odd, loaded_ms=1.0, photo=photo, clip=clip)
    text = page(facts, [Step(odd, odd)], first=odd, date="1 May 2030")
    assert "<b>&quot;" not in text
    assert odd not in text
    assert commands(text) == [odd, odd]
    assert "under 1 ms" in text
