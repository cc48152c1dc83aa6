"""MediaPipe's net as the peer: its card is valid."""

from __future__ import annotations

from pathlib import Path

from benchmarks import peer
from limner.models.card import ModelCard


def test_the_peer_has_a_valid_card(tmp_path: Path) -> None:
    card = ModelCard.from_dict(peer._card(tmp_path / "mediapipe_selfie.tflite"), source="the benchmark")
    assert card.input.size == (256, 256)
