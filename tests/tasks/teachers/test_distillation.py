"""Teachers give soft masks from every kind of model, and the loss is smallest where the student agrees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from limner.errors import LimnerError, ModelError, OptionError
from limner.nets import make_net
from limner.tasks.recipes.recipe import from_dict, to_dict
from limner.tasks.recipes.teacher import TeacherRecipe
from limner.tasks.teachers.distillation import Teacher, average, distill_loss
from limner.weights.checkpoint import Checkpoint, save_weights

RAW = {
    "net": {"name": "fast", "options": {"width": 0.25}},
    "input_size": 32,
    "data": {"sets": {"no_people": 1.0}},
    "samples": 4,
    "batch": 4,
    "phases": [{"size": 32, "share": 1.0}],
    "optimizer": {"lr": 0.003},
}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    torch.manual_seed(3)
    weights = make_net("fast", width=0.25).state_dict()
    path = tmp_path / "last.pt"
    Checkpoint(to_dict(from_dict(RAW, source="test")), 1, weights, weights, {}).save(path)
    return path


@pytest.fixture
def red_is_person(tmp_path: Path, make_onnx: Callable[..., Path], make_card: Callable[..., Path]) -> Path:
    """The logit is 20·(red − blue)."""
    path = make_onnx(tmp_path / "red.onnx")
    make_card(path)
    return path


def pictures() -> Tensor:
    """(2, 3, 48, 48): left half red and right half blue, and the reverse."""
    halves = torch.zeros(2, 3, 48, 48)
    halves[0, 0, :, :24] = halves[0, 2, :, 24:] = halves[1, 2, :, :24] = halves[1, 0, :, 24:] = 1
    return halves


def test_a_checkpoint_teaches_what_its_net_says(checkpoint: Path) -> None:
    images = torch.rand(2, 3, 32, 32)
    net = make_net("fast", width=0.25)
    net.load_state_dict(Checkpoint.load(checkpoint).ema)
    with torch.no_grad():
        expected = torch.sigmoid(net.for_inference()(images))
    taught = Teacher(TeacherRecipe((str(checkpoint),)))(images)
    torch.testing.assert_close(taught, expected, atol=1e-4, rtol=0)
    assert not taught.requires_grad


def test_a_teacher_sees_its_own_size_and_answers_at_the_students(checkpoint: Path) -> None:
    teacher = Teacher(TeacherRecipe((str(checkpoint),), size=70))
    seen: list[torch.Size] = []
    teacher.members[0].net.register_forward_pre_hook(lambda _net, args: seen.append(args[0].shape))  # type: ignore[attr-defined]
    assert teacher(torch.rand(1, 3, 48, 48)).shape == (1, 1, 48, 48)
    assert seen == [(1, 3, 64, 64)]  # the nearest size that the net takes


def test_a_model_file_teaches(red_is_person: Path) -> None:
    taught = Teacher(TeacherRecipe((str(red_is_person),)))(pictures())
    assert taught.shape == (2, 1, 48, 48)
    assert taught[0, 0, :, :20].min() > 0.99
    assert taught[0, 0, :, 28:].max() < 0.01
    torch.testing.assert_close(taught[0], taught[1].flip(2), atol=1e-3, rtol=0)


def test_an_ensembles_card_teaches(red_is_person: Path) -> None:
    card = red_is_person.with_name("pair.json")
    card.write_text('{"schema": 1, "name": "pair", "members": [{"model": "red.onnx"}, {"model": "red.onnx"}]}')
    alone, pair = (Teacher(TeacherRecipe((str(path),)))(pictures()) for path in (red_is_person, card))
    torch.testing.assert_close(pair, alone)


def test_flipping_makes_a_teacher_symmetric(checkpoint: Path) -> None:
    teacher = Teacher(TeacherRecipe((str(checkpoint),), flip=True))
    images = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(teacher(images), teacher(images.flip(3)).flip(3), atol=1e-5, rtol=0)


def test_an_ensemble_weighs_its_members(checkpoint: Path, red_is_person: Path) -> None:
    names = (str(checkpoint), str(red_is_person))
    alone = [Teacher(TeacherRecipe((name,)))(pictures()) for name in names]
    both = Teacher(TeacherRecipe(names, weights=(3.0, 1.0), mean="probability"))(pictures())
    torch.testing.assert_close(both, 0.75 * alone[0] + 0.25 * alone[1], atol=1e-3, rtol=0)


def test_the_mean_of_logits_lets_the_surer_one_win() -> None:
    sure, unsure = torch.tensor([0.99]), torch.tensor([0.4])
    assert average([sure, unsure], [0.5, 0.5], mean="probability").item() == pytest.approx(0.695)
    expected = torch.sigmoid((torch.logit(sure) + torch.logit(unsure)) / 2)
    torch.testing.assert_close(average([sure, unsure], [0.5, 0.5], mean="logits"), expected)


def test_shipped_names_teach_with_torch() -> None:
    assert not Teacher(TeacherRecipe(("fast",))).members[0].fixed_size


def test_four_channels_see_an_empty_previous_mask(tmp_path: Path, make_card: Callable[..., Path]) -> None:
    net = make_net("fast", width=0.25, in_channels=4)
    raw = {**RAW, "net": {"name": "fast", "options": {"width": 0.25, "in_channels": 4}}}
    state = net.state_dict()
    Checkpoint(to_dict(from_dict(raw, source="test")), 1, state, state, {}).save(tmp_path / "video.pt")
    images = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        expected = torch.sigmoid(net.for_inference()(torch.cat([images, torch.zeros(1, 1, 32, 32)], 1)))
    taught = Teacher(TeacherRecipe((str(tmp_path / "video.pt"),)))(images)
    torch.testing.assert_close(taught, expected, atol=1e-4, rtol=0)


def test_weights_are_taught_with_where_they_fit(tmp_path: Path) -> None:
    whole = make_net("fast").state_dict()
    save_weights(tmp_path / "w.safetensors", whole)
    assert Teacher(TeacherRecipe((f"fast={tmp_path / 'w.safetensors'}",)))(pictures()).shape == (2, 1, 48, 48)
    save_weights(tmp_path / "half.safetensors", dict(list(whole.items())[:40]))
    with pytest.raises(ModelError, match="of FastNet is not in it"):
        Teacher(TeacherRecipe((f"fast={tmp_path / 'half.safetensors'}",)))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("w.safetensors", "say which net"),
        ("none.pt", "no such checkpoint"),
        ("fastt", "did you mean 'fast'"),
        ("nonet=w.safetensors", "there is no net 'nonet'"),
        ("none.onnx", "no such model file"),
    ],
)
def test_a_wrong_teacher_is_named(name: str, message: str) -> None:
    with pytest.raises((ModelError, OptionError), match=message) as caught:
        Teacher(TeacherRecipe((name,)))
    assert isinstance(caught.value, LimnerError)


@pytest.mark.parametrize(
    "fields",
    [
        {"models": ()},
        {"models": ("fast",), "weights": (1.0, 2.0)},
        {"models": ("fast",), "size": 0},
        {"models": ("fast",), "temperature": 0.0},
        {"models": ("fast",), "confidence": 1.0},
        {"models": ("fast",), "mean": "median"},
        {"models": ("fast",), "heat": 1.0},
    ],
)
def test_the_recipe_is_checked(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TeacherRecipe(**fields)  # type: ignore[arg-type]


def test_the_loss_is_zero_where_the_student_agrees() -> None:
    logits = torch.randn(2, 1, 8, 8)
    weight = torch.ones_like(logits)
    for temperature in (1.0, 3.0):
        loss = distill_loss(logits, torch.sigmoid(logits), weight, temperature=temperature, confidence=0.0)
        assert loss.item() == pytest.approx(0, abs=1e-6)


def test_the_loss_by_hand() -> None:
    logits, teacher, weight = torch.zeros(1, 1, 1, 2), torch.tensor([[[[0.9, 0.6]]]]), torch.ones(1, 1, 1, 2)
    divergence = [0.9 * torch.tensor(1.8).log() + 0.1 * torch.tensor(0.2).log()]
    divergence.append(0.6 * torch.tensor(1.2).log() + 0.4 * torch.tensor(0.8).log())
    loss = distill_loss(logits, teacher, weight, temperature=1.0, confidence=0.0)
    torch.testing.assert_close(loss, sum(divergence) / 2)
    sure = distill_loss(logits, teacher, weight, temperature=1.0, confidence=0.5)
    torch.testing.assert_close(sure, divergence[0] / 2)  # |2·0.6 − 1| is below 0.5
    none = distill_loss(logits, teacher, torch.zeros_like(weight), temperature=1.0, confidence=0.0)
    assert none.item() == 0


def test_the_gradient_pulls_to_the_teacher() -> None:
    logits = torch.zeros(1, 1, 1, 2, requires_grad=True)
    teacher = torch.tensor([[[[1.0, 0.0]]]])
    distill_loss(logits, teacher, torch.ones(1, 1, 1, 2), temperature=2.0, confidence=0.0).backward()
    assert logits.grad is not None
    assert logits.grad[0, 0, 0, 0] < 0 < logits.grad[0, 0, 0, 1]
