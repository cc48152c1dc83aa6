"""An export computes what PyTorch computes, carries a card that runs it, and is not kept when it does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from limner.data.manifest import PhotoFolder
from limner.errors import LimnerError
from limner.export import onnx_file
from limner.export.onnx_file import Parity, export_onnx
from limner.export.pictures import parity_pictures
from limner.nets import make_net


def _net(**options: object) -> torch.nn.Module:
    torch.manual_seed(0)
    return make_net("fast", width=0.25, **options).for_inference()  # type: ignore[operator]


def test_agrees_with_pytorch(tmp_path: Path) -> None:
    channels = 4
    pictures = parity_pictures((64, 64), channels, None)
    path = tmp_path / "net.onnx"
    parity = export_onnx(_net(in_channels=channels), path, size=(64, 64), pictures=pictures, channels=channels)
    assert parity.mean < 1e-5
    assert parity.pictures == 16
    assert [p.name for p in tmp_path.iterdir()] == ["net.onnx"]


def test_a_wrong_translation_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "compare", lambda *_: Parity(0.5, 0.1, 16))
    with pytest.raises(LimnerError, match=r"net\.onnx: the exported net differs from PyTorch by 1\.0e-01"):
        export_onnx(_net(), tmp_path / "net.onnx", size=(64, 64), pictures=parity_pictures((64, 64), 3, None))
    assert list(tmp_path.iterdir()) == []


def test_parity_pictures_are_photos_where_there_are_some(data_folder: Path) -> None:
    noise = parity_pictures((32, 48), 3, None)
    photos = parity_pictures((32, 48), 4, PhotoFolder(data_folder))
    assert noise.shape == (16, 3, 32, 48)
    assert photos.shape == (16, 4, 32, 48)
    assert not np.allclose(noise, photos[:, :3])
    assert 0 <= photos.min() <= photos.max() <= 1
