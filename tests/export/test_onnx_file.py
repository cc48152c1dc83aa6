"""An export computes what PyTorch computes, and is not kept when it does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from limner.datasets.manifest import PhotoFolder
from limner.errors import LimnerError
from limner.export import onnx_file
from limner.export.checks.pictures import parity_pictures
from limner.export.onnx_file import Parity, export_onnx
from limner.runtimes.onnx_runtime import OnnxRuntime
from small_nets import small_net


def test_several_classes_and_four_channels_give_the_softmax_of_the_person(tmp_path: Path) -> None:
    net = small_net(in_channels=4, classes=5, person_class=3).for_inference()
    pictures = parity_pictures((16, 24), 4, None)
    path = tmp_path / "net.onnx"
    parity = export_onnx(net, path, size=(16, 24), pictures=pictures, channels=4)
    assert parity.mean < 1e-6
    assert parity.pictures == 16
    assert [p.name for p in tmp_path.iterdir()] == ["net.onnx"]
    alpha = OnnxRuntime(path).run({"image": pictures[:1]})["alpha"]
    with torch.no_grad():
        expected = net(torch.from_numpy(pictures[:1])).softmax(dim=1)[:, 3:4]
    np.testing.assert_allclose(alpha, expected, atol=1e-6)
    assert alpha.std() > 0.01


def test_a_wrong_translation_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "compare", lambda *_, **__: Parity(0.5, 5e-4, 16))
    net, pictures = small_net().for_inference(), parity_pictures((16, 16), 3, None)
    with pytest.raises(LimnerError, match=r"ONNX: the exported net differs from PyTorch by 5\.0e-04"):
        export_onnx(net, tmp_path / "net.onnx", size=(16, 16), pictures=pictures)
    assert list(tmp_path.iterdir()) == []
    export_onnx(net, tmp_path / "net.onnx", size=(16, 16), pictures=pictures, storage="fp16")
    assert [p.name for p in tmp_path.iterdir()] == ["net.onnx"]


def test_weights_too_large_for_half_precision_are_not_kept(tmp_path: Path) -> None:
    net = small_net().for_inference()
    with torch.no_grad():
        net.stem[0].weight[0, 0, 0, 0] = 1e5
    with pytest.raises(LimnerError, match=r"differs from PyTorch by nan .*storage fp32"):
        export_onnx(
            net, tmp_path / "net.onnx", size=(16, 16), pictures=parity_pictures((16, 16), 3, None), storage="fp16"
        )
    assert list(tmp_path.iterdir()) == []


def test_parity_pictures_are_photos_where_there_are_some(data_folder: Path) -> None:
    noise = parity_pictures((32, 48), 3, None)
    photos = parity_pictures((32, 48), 4, PhotoFolder(data_folder))
    assert noise.shape == (16, 3, 32, 48)
    assert photos.shape == (16, 4, 32, 48)
    assert not np.allclose(noise, photos[:, :3])
    assert 0 <= photos.min() <= photos.max() <= 1
