"""PyTorch: shipped weights, checkpoints, compiling; devices and files that cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from limner.errors import ModelError, OptionError
from limner.models.catalogue import find_model
from limner.runtimes.loading import load_runtime
from limner.segment.segmenter import Segmenter

torch = pytest.importorskip("torch")
FAST = find_model("fast").path


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(0).random((2, 3, 256, 256), dtype=np.float32)


def test_channels_last_and_batches(image: np.ndarray) -> None:
    expected = load_runtime(FAST, runtime="onnxruntime").run({"image": image[1:]})["alpha"]
    runtime = load_runtime(FAST, runtime="torch:channels_last", threads=1)
    assert (runtime.name, runtime.device, runtime.facts["memory"]) == ("torch", "cpu", "channels last")
    np.testing.assert_allclose(runtime.run({"image": image})["alpha"][1:], expected, atol=1e-4)
    assert torch.get_num_threads() == 1


@pytest.mark.slow  # compiling takes minutes
def test_compiled(image: np.ndarray) -> None:
    tiny, image = find_model("tiny").path, image[:1, :, :176, :176].copy()
    expected = load_runtime(tiny, runtime="onnxruntime").run({"image": image})["alpha"]
    runtime = load_runtime(tiny, runtime="torch:compile", threads=1)
    assert runtime.facts["compiled"] == "yes"
    np.testing.assert_allclose(runtime.run({"image": image})["alpha"], expected, atol=1e-4)


def test_a_checkpoint_runs_at_once(tmp_path: Path) -> None:
    from limner.nets import make_net
    from limner.nets.rebuild import checkpoint_net
    from limner.tasks.recipes.recipe import load_recipe, to_dict
    from limner.weights.checkpoint import Checkpoint

    recipe = load_recipe(Path(__file__).parents[2] / "recipes" / "tiny.yaml")
    path, weights = tmp_path / "run.pt", make_net(recipe.net.name, **recipe.net.options).state_dict()
    Checkpoint(to_dict(recipe), 0, weights, weights, {}).save(path)
    side = recipe.input_size
    segmenter = Segmenter(path, refine=False, softness=1.0)
    assert (segmenter.runtime.name, segmenter.card.input.size) == ("torch", (side, side))
    frame = np.random.default_rng(1).integers(0, 256, (side, side, 3), dtype=np.uint8)
    planes = torch.from_numpy(frame.transpose(2, 0, 1)[None] / np.float32(255))
    with torch.no_grad():
        expected = torch.sigmoid(checkpoint_net(path).net(planes))[0, 0].numpy()
    np.testing.assert_allclose(segmenter.matte(frame).alpha, expected, atol=1e-5)


def test_faults(tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path]) -> None:
    if not torch.cuda.is_available():
        with pytest.raises(OptionError, match=r"device 'cuda': this PyTorch .* finds none such; available: cpu"):
            load_runtime(FAST, runtime="torch", device="cuda")
    with pytest.raises(OptionError, match="compile is a flag and takes no value"):
        load_runtime(FAST, runtime="torch:compile=yes")
    own = make_onnx(tmp_path / "own.onnx")
    make_card(own)
    with pytest.raises(ModelError, match="net is missing, so the net cannot be built again in torch"):
        load_runtime(own, runtime="torch")
    (tmp_path / "no.pt").write_bytes(b"no checkpoint")
    with pytest.raises(ModelError, match="is no checkpoint of `limner train`"):
        load_runtime(tmp_path / "no.pt")
