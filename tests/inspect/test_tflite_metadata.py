"""Metadata of .tflite files: written by the export's worker, read back, put into the drafted card, and damaged."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limner.errors import ModelError
from limner.export.toolchains.environments import WORKERS
from limner.inspect.drafting import draft_card
from limner.inspect.inspection import inspect_model
from limner.inspect.tflite_metadata import read_labels
from limner.segment.segmenter import Segmenter
from nets_of_others import six_class_tflite

LABELS = ["room", "locks", "skin", "face", "clothing", "other"]


def about(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Parts of people",
        "description": "Six classes.",
        "licence": "Apache-2.0",
        "author": "Somebody",
        "input": {"name": "photo", "mean": [127.5], "std": [127.5]},
        "output": {"name": "masks", "labels": LABELS, "activation": "softmax"},
    } | changes


def described(path: Path, spec: dict[str, Any]) -> Path:
    """The file with metadata, by the worker, in a process of its own as in the toolchain."""
    spec_file = path.with_suffix(".about")
    spec_file.write_text(json.dumps(spec))
    subprocess.run([sys.executable, WORKERS / "tflite_metadata.py", path, spec_file], check=True, timeout=120)
    return path


def test_the_card_says_what_the_file_says(tmp_path: Path) -> None:
    path = described(six_class_tflite(tmp_path / "own.tflite"), about())
    report = inspect_model(path)
    assert report.metadata["name"] == "Parts of people"
    assert report.metadata["license"] == "Apache-2.0"
    source, result = report.inputs[0].hints, report.outputs[0].hints
    assert source is not None
    assert result is not None
    assert (source.name, source.mean, source.std, source.color) == ("photo", (127.5,), (127.5,), "RGB")
    assert (result.labels, result.activation) == (tuple(LABELS), "softmax")
    draft = draft_card(report)
    card = draft.card
    assert (card.input.scale, card.input.mean, card.input.std) == (1 / 255, (0.5,) * 3, (0.5,) * 3)
    assert (card.output.kind, card.output.labels) == ("logits", tuple(LABELS))
    assert (card.licence, card.origin, card.summary) == ("Apache-2.0", "Somebody", "Six classes.")
    told, guessed = dict(draft.told), dict(draft.guesses)
    assert {"input.scale, mean, std", "input.color_order", "output.kind", "output.labels"} <= set(told)
    assert not set(told) & set(guessed)
    assert not [field for field in guessed if "licence" in field]
    card.save(path.with_suffix(".json"))
    pixels = np.full((40, 40, 3), (120, 70, 110), np.uint8)
    said = Segmenter(path, keep=("locks",)).probability(pixels)
    red, green, blue = (np.array([120, 70, 110]) / 255 - 0.5) / 0.5
    logits = np.array([20 * (blue - red - green), 20 * (red - blue), -9, 20 * (green - blue), -9, -9])
    np.testing.assert_allclose(said, np.exp(logits[1]) / np.exp(logits).sum(), atol=1e-3)


@pytest.mark.parametrize(
    ("source", "mean", "std"),
    [
        ({"mean": [0], "std": [255]}, (0.0,) * 3, (1.0,) * 3),
        ({"mean": [0], "std": [1]}, (0.0,) * 3, (0.003922,) * 3),
        (
            {"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
            (0.485, 0.456, 0.406), (0.229, 0.224, 0.225),
        ),
    ],
)  # fmt: skip
def test_mean_and_std(tmp_path: Path, source: dict[str, Any], mean: Any, std: Any) -> None:
    path = described(six_class_tflite(tmp_path / "own.tflite", size=32), about(input={"name": "x", **source}))
    spec = draft_card(inspect_model(path)).card.input
    assert (spec.scale, spec.mean, spec.std) == (1 / 255, mean, std)


@pytest.mark.parametrize(
    ("labels", "person", "background"),
    [
        (["background", "cat", "Person", "dog", "x", "y"], 2, None),
        (["hair", "skin", "background", "a", "b", "c"], None, 2),
        (LABELS, None, 0),
    ],
)
def test_the_person_is_told_by_the_labels(
    tmp_path: Path, labels: list[str], person: int | None, background: int | None
) -> None:
    output = {"name": "y", "labels": labels, "activation": "none"}
    path = described(six_class_tflite(tmp_path / "own.tflite", size=32), about(output=output))
    card = draft_card(inspect_model(path)).card
    assert (card.output.person_class, card.output.background_class) == (person, background)
    assert card.output.labels == tuple(labels)


def test_labels_of_another_number_are_not_taken(tmp_path: Path) -> None:
    output = {"name": "y", "labels": ["a", "b"], "activation": "none"}
    path = described(six_class_tflite(tmp_path / "own.tflite", size=32), about(output=output))
    assert draft_card(inspect_model(path)).card.output.labels == ()


def test_the_command_shows_what_the_file_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from limner.cli.app import main

    path = described(six_class_tflite(tmp_path / "own.tflite", size=32), about())
    with pytest.raises(SystemExit) as stop:
        main(["inspect", str(path)])
    said = capsys.readouterr().out
    assert not stop.value.code
    assert "The file says:" in said
    assert "output.labels           room, locks, skin, face, clothing, other" in said
    assert "license: Apache-2.0" in said


def test_a_list_that_is_not_there_is_no_label(tmp_path: Path) -> None:
    path = described(six_class_tflite(tmp_path / "own.tflite", size=32), about())
    data = path.read_bytes()
    assert read_labels(data, "labels.txt") == tuple(LABELS)
    assert read_labels(data, "other.txt") == ()
    assert read_labels(data[: data.rindex(b"PK\x01\x02")], "labels.txt") == ()
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.txt", b"\n" * (8 << 20))
    assert read_labels(bomb.read_bytes(), "labels.txt") == ()


def test_damaged_metadata_is_one_clear_error_or_none(tmp_path: Path) -> None:
    """Bytes of the metadata changed at random: what can still be read is read, and all else is a ModelError."""
    path = described(six_class_tflite(tmp_path / "own.tflite", size=32), about())
    data = path.read_bytes()
    place = data.index(b"M001") - 4
    random.seed(0)
    refused = []
    for _ in range(60):
        changed = bytearray(data)
        for _ in range(4):
            changed[place + random.randrange(500)] = random.randrange(256)
        path.write_bytes(changed)
        try:
            draft_card(inspect_model(path))
        except ModelError as error:
            refused.append(str(error))
    assert refused
    assert not [text for text in refused if "\n" in text]
