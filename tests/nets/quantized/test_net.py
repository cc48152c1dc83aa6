"""Rounding is put in without changing the net, learns what rounding costs, and is kept whole in checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

pytest.importorskip("torchao")

from limner.errors import ModelError, OptionError
from limner.nets import NETS
from limner.nets.base import SegmentationNet
from limner.nets.quantized.net import QuantizedNet
from limner.nets.quantized.options import QuantizeRecipe
from limner.nets.quantized.pairs import overflows
from limner.nets.rebuild import checkpoint_net
from limner.tasks.recipes.recipe import from_dict
from limner.training.job import Job
from limner.training.loop import train
from limner.weights.checkpoint import Checkpoint, save_weights

RECIPE = QuantizeRecipe()


class Toy(SegmentationNet):
    """One of everything: plain, depthwise and transposed convolutions with batch norms, activations, sums and joins."""

    size_divisor = 4

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8, eps=1e-3), nn.ReLU6(True))
        self.wise = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False), nn.BatchNorm2d(8), nn.PReLU(8))
        self.up = nn.Sequential(nn.ConvTranspose2d(8, 6, 2, stride=2, bias=False), nn.BatchNorm2d(6), nn.Hardswish())
        self.alone = nn.BatchNorm2d(9)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Conv2d(9, 1, 1)

    def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
        y = self.stem(x)
        y = self.up(y + self.wise(y))
        return self.head(self.drop(self.alone(torch.cat([y, x], dim=1)))), {}


def _toy() -> Toy:
    """A Toy whose batch norms have seen pictures, one channel of which is all but dead."""
    torch.manual_seed(0)
    net = Toy()
    with torch.no_grad():
        for _ in range(20):
            net.train()(torch.rand(8, 3, 16, 16))
        norm = net.stem[1]
        assert isinstance(norm, nn.BatchNorm2d)
        norm.weight[0] = 0
    return net.eval()


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NETS, "toy", Toy)


@torch.no_grad()
def test_without_rounding_the_net_is_what_it_was_in_both_modes() -> None:
    net, x = _toy(), torch.rand(4, 3, 16, 16)
    quantized = QuantizedNet(net, 16, RECIPE)
    assert {name for name, _ in net.named_parameters()} <= set(quantized.state_dict())
    quantized._round(False)
    torch.testing.assert_close(quantized(x), net(x), rtol=1e-4, atol=1e-5)
    net.drop = nn.Identity()  # type: ignore[assignment]
    torch.testing.assert_close(quantized.train()(x), net.train()(x), rtol=1e-4, atol=1e-5)
    mean = quantized.state_dict()["wise.1.running_mean"]
    torch.testing.assert_close(mean, net.state_dict()["wise.1.running_mean"])


@torch.no_grad()
def test_everything_between_kernels_is_rounded_once() -> None:
    quantized = QuantizedNet(_toy(), 16, RECIPE)
    kinds = [rounding.qscheme for rounding in quantized._roundings()]
    assert kinds.count(torch.per_channel_symmetric) == 4
    # picture; stem; depthwise and its PReLU; their sum; transposed and its hard swish; joined; head
    assert kinds.count(torch.per_tensor_affine) == 8
    single = QuantizedNet(_toy(), 16, QuantizeRecipe(weights="tensor"))
    assert [rounding.qscheme for rounding in single._roundings()].count(torch.per_tensor_symmetric) == 4


@torch.no_grad()
def test_the_converted_net_computes_what_was_trained() -> None:
    x = torch.rand(4, 3, 16, 16)
    quantized = QuantizedNet(_toy(), 16, RECIPE)
    quantized.calibrate([x])
    expected = quantized(x)
    assert expected.isfinite().all()
    for fold in (True, False):
        converted = quantized.converted(fold=fold)
        assert converted(x).sub(expected).abs().mean() < 0.01 * expected.std()
        names = [str(node.target) for node in converted.graph.graph.nodes]  # type: ignore[union-attr]
        assert sum("dequantize_per_channel" in name for name in names) == 4
        assert sum("quantized_decomposed.quantize_per_channel" in name for name in names) == (0 if fold else 4)
    assert torch.equal(quantized(x), expected)  # converting changes nothing


@torch.no_grad()
@pytest.mark.parametrize("weights", ["channel", "tensor"])
def test_no_kernel_overflows_with_the_trained_weights(weights: Any) -> None:
    net = _toy()
    net.stem[0].weight.abs_()  # type: ignore[union-attr]
    net.head.weight.fill_(0.3)
    quantized = QuantizedNet(net, 16, QuantizeRecipe(weights=weights))
    quantized.calibrate([torch.rand(4, 3, 16, 16)])
    stored = [value for value in quantized.converted().state_dict().values() if value.dtype == torch.int8]
    assert len(stored) == 4
    assert [value.shape[1] for value in stored if overflows(value, 1 if value.shape[2] == 2 else 0)] == []


def test_statistics_and_ranges_freeze_when_they_should() -> None:
    net = QuantizedNet(_toy(), 16, QuantizeRecipe(freeze_norms=0.4, freeze_ranges=0.8)).train()
    net.calibrate([torch.rand(4, 3, 16, 16)])

    def changed(progress: float) -> tuple[bool, bool]:
        net.at(progress)
        before = {name: value.clone() for name, value in net.state_dict().items()}
        with torch.no_grad():
            net(3 * torch.rand(4, 3, 16, 16))
        moved = {name for name, value in net.state_dict().items() if not torch.equal(before[name], value)}
        return any("running_mean" in name for name in moved), any("max_val" in name for name in moved)

    assert [changed(progress) for progress in (0.0, 0.5, 0.9)] == [(True, True), (False, True), (False, False)]
    net.eval()
    assert changed(0.0) == (False, False)


def test_training_brings_back_what_one_scale_for_all_weights_costs() -> None:
    """Channels whose sizes lie far apart lose most to rounding with one scale; the net learns to do without."""
    torch.manual_seed(2)
    net = nn.Sequential(nn.Conv2d(3, 16, 1), nn.ReLU(), nn.Conv2d(16, 1, 1))
    with torch.no_grad():
        stretch = torch.logspace(-0.7, 0.7, 16)
        net[0].weight *= stretch[:, None, None, None]
        net[0].bias *= stretch
        net[2].weight /= stretch[None, :, None, None]

    class Stretched(SegmentationNet):
        size_divisor = 1

        def __init__(self) -> None:
            super().__init__()
            self.layers = net

        def run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, dict[str, Tensor]]:
            return self.layers(x), {}

    pictures = torch.rand(64, 3, 8, 8)
    truth = net(pictures).detach()
    quantized = QuantizedNet(Stretched(), 8, QuantizeRecipe(weights="tensor"))
    quantized.calibrate([pictures])

    def loss() -> float:
        with torch.no_grad():
            return float((quantized.eval().converted()(pictures) - truth).square().mean() / truth.var())

    before = loss()
    optimizer = torch.optim.Adam(quantized.parameters(), lr=3e-4)
    quantized.train()
    for step in range(100):
        quantized.at(step / 100)
        optimizer.zero_grad()
        (quantized(pictures) - truth).square().mean().backward()
        optimizer.step()
    assert before > 0.05
    assert loss() < before / 3


RAW: dict[str, Any] = {
    "net": {"name": "toy"},
    "input_size": 16,
    "data": {"sets": {"fashion_full_body": 0.5, "no_people": 0.5}},
    "samples": 12,
    "batch": 4,
    "phases": [{"size": 16, "share": 1.0}],
    "optimizer": {"lr": 0.003},
    "quantize": {"calibrate": 2},
    "processes": 1,
}


@pytest.fixture
def make_job(data_folder: Path, tmp_path: Path) -> Callable[..., Job]:
    weights = _toy().state_dict()
    source = tmp_path / "float.pt"
    Checkpoint({**RAW, "quantize": None}, 2, weights, weights, {}).save(source)

    def make(name: str, **fields: Any) -> Job:
        recipe = from_dict({**RAW, **fields}, source="test")
        return Job(recipe, tmp_path / name, data_folder, tmp_path / "cache", init=str(source), device="cpu")

    return make


def test_a_stopped_run_goes_on_to_the_same_end(make_job: Callable[..., Job]) -> None:
    straight, again = make_job("straight"), make_job("again")
    train(straight)
    assert not train(replace(again, minutes=1e-9)).finished
    assert train(again).finished
    first, second = (Checkpoint.load(job.out / "last.pt") for job in (straight, again))
    assert first.step == 3
    begun = _toy().state_dict()
    # Rounding makes much of the last bit, which differs with where in memory a tensor lies; and a bias before a batch
    # norm drifts, because nothing pulls at it.
    names = [name for name, _ in Toy().named_parameters() if name != "stem.0.bias"]
    moves = [torch.cat([(state.ema[name] - begun[name]).flatten() for name in names]) for state in (first, second)]
    assert (moves[0] - moves[1]).norm() < 0.05 * moves[0].norm()
    assert all(value.isfinite().all() for value in first.ema.values())
    with pytest.raises(OptionError, match="another net, batch, seed or quantize"):
        train(make_job("again", quantize={"calibrate": 2, "weights": "tensor"}))


def test_the_checkpoint_is_a_net_again_and_starts_a_float_one(make_job: Callable[..., Job]) -> None:
    job = make_job("run")
    train(job)
    net = checkpoint_net(job.out / "last.pt").net
    assert isinstance(net, QuantizedNet)
    assert not net.training
    with pytest.raises(OptionError, match="takes 16 × 16 pictures, not 32 × 32"):
        net.check_size(32, 32)
    back = replace(make_job("back", quantize=None), init=str(job.out / "last.pt"))
    begun: list[Any] = []
    train(replace(back, minutes=1e-9), started=begun.append)
    assert begun[0].untouched == ()


def test_weights_of_another_net_do_not_start_it(make_job: Callable[..., Job], tmp_path: Path) -> None:
    job, source = make_job("other"), tmp_path / "lacking.safetensors"
    weights = Toy().state_dict()
    save_weights(source, {name: value for name, value in weights.items() if name != "head.bias"})
    with pytest.raises(ModelError, match=r"lacks weights of the net toy, such as head\.bias"):
        train(replace(job, init=str(source)))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"phases": [{"size": 32, "share": 1.0}]}, "all phases must have the size of input_size, 16"),
        ({"precision": "bf16"}, "needs precision: fp32"),
        ({"sync_batch_norm": True}, "neither sync_batch_norm nor freeze"),
        ({"quantize": {"weights": "row"}}, "quantize.weights"),
        ({"quantize": {"freeze_norms": 2}}, "quantize.freeze_norms"),
    ],
)
def test_wrong_recipes_are_one_line(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        from_dict({**RAW, **fields}, source="r.yaml")
