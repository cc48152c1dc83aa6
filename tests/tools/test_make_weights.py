"""The one command that makes the weights again trains, exports, and goes on where it was stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.models.card import ModelCard
from tools import make_weights

SMALL = ("--small", "--set", "data.sets={faces_close_up: 1, no_people: 1}", "--set", "input_size=32")
SMALLER = ("--set", "phases=[{size: 32, share: 1}]", "--set", "samples=8", "--set", "batch=4", "--set", "processes=1")


@pytest.mark.slow
def test_fast_and_video_are_made_from_public_starts(
    data_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    command = ["--data", str(data_folder), "--out", str(tmp_path / "out"), "--cache", str(tmp_path / "cache")]
    command += ["--only", "fast,video", *SMALL, *SMALLER]
    assert make_weights.main(command) == 0
    said = "".join(capfd.readouterr())
    assert "110 of the net's 196 tensors start from it" in said  # selfie, in fast
    assert "presence" in said
    assert "196 of the net's 216 tensors start from it" in said  # the fast just made, in video
    cards = {name: ModelCard.load(tmp_path / "out" / f"{name}.json") for name in ("fast", "video")}
    assert [card.input.channels for card in cards.values()] == [3, 4]
    assert cards["fast"].net is not None
    assert cards["fast"].net.name == "gated_selfie"
    assert "Started from the weights fast.onnx." in str(cards["video"].training)
    assert any("MediaPipe" in note for note in cards["fast"].notes)
    for name, card in cards.items():
        card.verify(tmp_path / "out" / f"{name}.onnx")
    (tmp_path / "out" / "video.json").unlink()  # as if it had been stopped before the card was there
    assert make_weights.main(command) == 0
    again = "".join(capfd.readouterr())
    assert "fast.onnx: made already" in again
    assert "complete" in again
    assert (tmp_path / "out" / "video.json").is_file()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--only", "fast,slow"], "there is no net 'slow'; the nets are fast, tiny, video, edges, quality"),
        (["--small", "--publish"], "weights of --small are of no use"),
    ],
)
def test_wrong_options_are_named(
    more: list[str], message: str, data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        make_weights.main(["--data", str(data_folder), *more])
    assert message in capsys.readouterr().err


def test_a_folder_without_a_manifest_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        make_weights.main(["--data", str(tmp_path)])
    assert "holds no manifest.csv" in capsys.readouterr().err
