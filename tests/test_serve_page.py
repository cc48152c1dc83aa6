"""docs/serve.md: its commands run as they stand, its tables are complete, and deploy/ names real flags."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from limner import samples
from limner.serve.parameters import ImageParameters
from serve_parts import SRC, serving

ROOT = SRC.parent
PAGE = (ROOT / "docs/serve.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
OUTPUT = re.compile(r"-o (\S+)")


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_commands_run_as_they_stand(tmp_path: Path) -> None:
    shutil.copy(samples.PORTRAIT, tmp_path / "photo.jpg")
    shutil.copy(samples.BACKGROUND, tmp_path / "lake.jpg")
    commands = [line for block in BLOCK.findall(PAGE) for line in block.splitlines()]
    assert len(commands) >= 6
    with serving() as server:
        for command in commands:
            here = command.replace(":8770/", f":{server.port}/")
            assert here != command
            done = subprocess.run(here, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{command}\n{done.stderr}"
            if found := OUTPUT.search(command):
                with Image.open(tmp_path / found[1]) as image:
                    image.load()
            else:
                assert '"person": 0.' in done.stdout


def test_the_page_and_the_schema_have_the_same_paths_and_statuses() -> None:
    with serving() as server:
        described = server.ask("GET", "/openapi.json").json
    told = set(re.findall(r"`(/(?:v1|health|metrics)[\w/]*)`", PAGE))  # those of live video have names in them
    assert told == set(described["paths"])
    table = PAGE.partition("| status | means |")[2].partition("\n\n")[0]
    statuses = {status for row in re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE) for status in row.split(", ")}
    assert statuses == set(described["paths"]["/v1/image"]["post"]["responses"]) - {"200"}


def test_the_options_that_the_page_names_are_there() -> None:
    known = {field.alias or name for name, field in ImageParameters.model_fields.items()}
    named = PAGE.partition("**Options**")[2].partition("**The format**")[0]
    found = set(re.findall(r"`([a-z-]+)`", named)) - {"true", "false"}
    assert len(found) > 10
    assert found <= known


@pytest.mark.parametrize("name", ["limner-serve.service", "Dockerfile"])
def test_the_files_for_operators_name_real_flags_and_say_what_was_not_tried(name: str) -> None:
    text = (ROOT / "deploy" / name).read_text(encoding="utf-8")
    flags = set(re.findall(r"--(?:host|runtime|key-file|port|model|body|queue|workers)\b", text))
    source = (SRC / "limner/cli/serve.py").read_text(encoding="utf-8")
    assert flags
    assert all(f'"{flag}"' in source for flag in flags)
    assert "ot started" in text or "not built" in text
