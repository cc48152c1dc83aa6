"""The server keeps what its OpenAPI says, whatever is sent: schemathesis makes requests from the description itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from limner.effects.registry import EFFECTS
from limner.serve.schema import effects, finished
from serve_parts import serving

CHECKS = "all"
LEFT_OUT = "positive_data_acceptance"
"""Most bytes are no photo, and most texts no colour: the description cannot say all that is refused."""


@pytest.mark.slow
def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    pytest.importorskip("schemathesis")
    with serving("--queue", "64") as server:
        url = f"http://127.0.0.1:{server.port}/openapi.json"
        options = f"--checks {CHECKS} --exclude-checks {LEFT_OUT} --phases examples,coverage,fuzzing --max-examples 6"
        more = "--seed 1 --no-shrink --request-timeout 60 --suppress-health-check all"
        command = [sys.executable, "-m", "schemathesis.cli", "run", url, *options.split(), *more.split()]
        done = subprocess.run(
            command, cwd=tmp_path, env={**os.environ, "NO_COLOR": "1"}, capture_output=True, text=True, check=False,
            timeout=900,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert "passed" in done.stdout
        assert server.process.poll() is None
        server.wait_for("limner_in_flight", 0)
        assert server.post("/v1/image").status == 200


def test_defaults_that_no_value_has_are_left_out_and_the_key_is_told() -> None:
    described = {"paths": {"/v1/x": {"get": {"a": [{"default": None, "type": "number"}]}}, "/health": {"get": {}}}}
    found = finished(described, keyed=True)
    assert found["paths"]["/v1/x"]["get"] == {"a": [{"type": "number"}], "security": [{"key": []}]}
    assert found["paths"]["/health"]["get"] == {}
    assert "security" not in finished({"paths": {"/v1/x": {"get": {}}}}, keyed=False)["paths"]["/v1/x"]["get"]


def test_effects_tell_which_settings_take_a_photo() -> None:
    found = effects(EFFECTS, ("lake.jpg",))
    photos = {setting["name"] for effect in found["effects"] for setting in effect["settings"] if setting["photo"]}
    assert photos == {"background", "presentation"}
