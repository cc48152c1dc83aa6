"""`limner doctor`: what runs here, for people and for programs."""

from __future__ import annotations

import json

import pytest

from limner.cli.app import main
from limner.runtimes import loading


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    told = capsys.readouterr()
    return int(stop.value.code or 0), told.out, told.err


@pytest.mark.slow  # runs every installed runtime, torch among them
def test_doctor(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "doctor", "--json", "--threads", "1")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["runs"][0]["device"] == "cpu"
    assert {"limner", "machine", "packages", "telemetry", "runs", "remembered", "advice"} == told.keys()


def test_doctor_for_people(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading.Entry, "installed", property(lambda entry: entry.package == "onnxruntime"))
    code, out, err = run(capsys, "doctor", "tiny")
    assert (code, err) == (0, "")
    for words in ("Packages", "What really runs", "nodes CPUExecutionProvider", "For more speed", "limner[openvino]"):
        assert words in out
    assert run(capsys, "doctor", "nonsuch")[0] == 2


def test_the_command_says_what_libraries_would_send(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading.Entry, "installed", property(lambda entry: entry.package == "onnxruntime"))
    with pytest.raises(SystemExit):
        main(["doctor", "tiny", "--json"])
    told = json.loads(capsys.readouterr().out)["telemetry"]
    assert {"ONNX Runtime", "openvino-telemetry", "NNCF"} <= {item["name"] for item in told}
    assert next(item for item in told if item["name"] == "ONNX Runtime")["off"] is True
