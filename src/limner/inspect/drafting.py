"""Drafts a card for a model nobody wrote one for: what the file says, and guesses marked as such."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from limner.errors import ModelError
from limner.inspect.families import Family, recognize
from limner.inspect.report import Inspection, TensorHints, TensorReport
from limner.inspect.roles import Roles, classes_of, find_roles
from limner.inspect.roles import show_shape as show_shape
from limner.models.card import PACKED, PACKED_BITS, InputSpec, ModelCard, OutputSpec
from limner.models.files import model_sha256

_FACTORY = {
    "Sigmoid": ("sigmoid", "its last operator is a sigmoid"),
    "LOGISTIC": ("sigmoid", "its last operator is a sigmoid"),
    "HardSigmoid": ("sigmoid", "its last operator is a hard sigmoid"),
    "Clip": ("sigmoid", "its last operator cuts it off, most likely at 0 and 1"),
    "RELU_0_TO_1": ("sigmoid", "its last operator cuts it off at 0 and 1"),
    "Softmax": ("softmax", "its last operator is a softmax"),
    "SOFTMAX": ("softmax", "its last operator is a softmax"),
    "ArgMax": ("argmax", "its last operator is an argmax"),
    "ARG_MAX": ("argmax", "its last operator is an argmax"),
}
_VOC_CLASSES, _VOC_PERSON = 21, 15
_BACKGROUND = ("background", "_background_", "bg")
_PERSON = ("person", "people", "human", "selfie", "foreground")
_FAR = 1e-3
_NUMBERS = {"downsample_ratio": "input.size is small already; 0.25 for 1080x1920"}
_NUMBER = "the same for every frame"

Guesses = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Draft:
    """A card that may run already, and what a human must confirm: (field, value and why) in the order of the card.

    ``told`` is likewise what the file itself says, so that nobody need guess.
    """

    card: ModelCard
    guesses: tuple[tuple[str, str], ...]
    told: tuple[tuple[str, str], ...] = ()


def draft_card(report: Inspection) -> Draft:
    """Guess a card from what the file says.

    Raises:
        ModelError: the model has no input an image could go into, or inputs that Limner cannot feed, or is of a kind
            that Limner does not run.
    """
    if report.format not in ("ONNX", "TFLite"):
        raise ModelError(
            f"{report.file}: no card can be drafted: Limner does not run {report.format}; make a .onnx file of it "
            f"first: limner export --from {report.file} -o {Path(report.file).stem or 'model'}.onnx"
        )
    path, roles = Path(report.file), find_roles(report)
    family = recognize(report, roles)
    guesses: Guesses = []
    told: Guesses = []
    if family is not None:
        guesses.append(("everything", f"it looks like {family.name}, and is prepared as its authors do"))
    spec = _draft_input(roles, family, guesses, told)
    output = _draft_output(report, roles, spec.size, family, guesses, told)
    constants = dict.fromkeys(roles.constants, (1.0,))
    if roles.constants:
        said = "; ".join(f"{name} 1: {_NUMBERS.get(name, _NUMBER)}" for name in roles.constants)
        guesses.append(("constants", said))
    if roles.states:
        pairs = ", ".join(f"{state.output} -> {state.input}" for state in roles.states)
        guesses.append(("states", f"{pairs}: by their names"))
    if roles.state is not None:
        guesses.append(("state", f"{roles.state.output} -> {roles.state.input}: one channel of the picture's size"))
    licence, origin = report.metadata.get("license", ""), report.metadata.get("author", "")
    unknown = [name for name, value in (("licence", licence), ("origin", origin)) if not value]
    if unknown:
        guesses.append((", ".join(unknown), "unknown: the file does not say; find out before you ship it"))
    card = ModelCard(
        name=path.stem,
        file=path.name,
        sha256=model_sha256(path),
        summary=report.metadata.get("description", ""),
        licence=licence or "unknown",
        origin=origin or "unknown",
        input=spec,
        output=output,
        state=roles.state,
        states=roles.states,
        constants=constants,
        notes=("Drafted by `limner inspect`. Confirm: " + "; ".join(f"{field} ({why})" for field, why in guesses),),
    )
    return Draft(card, tuple(guesses), tuple(told))


def _draft_input(roles: Roles, family: Family | None, guesses: Guesses, told: Guesses) -> InputSpec:
    tensor = roles.image
    axes = dict(zip(roles.layout, tensor.shape, strict=True))
    usual = family.size if family is not None and family.size is not None else (256, 256)
    size = (axes["H"] or usual[0], axes["W"] or usual[1])
    is_open = None in (axes["H"], axes["W"])
    if is_open:
        guesses.append(("input.size", f"{list(size)}: the file leaves it open; use the size it was trained at"))
    order = "RGB" if family is None else family.color_order
    if tensor.hints is not None and tensor.hints.color == "RGB":
        order = "RGB"
        told.append(("input.color_order", "RGB"))
    elif family is None:
        guesses.append(("input.color_order", "RGB: most nets; nets from Caffe and OpenCV take BGR"))
    scale, mean, std = _norm(tensor, family, guesses, told)
    guesses.append(("input.resize", "stretch: most nets; letterbox if it was trained on padded photos"))
    if axes["C"] == 4:
        guesses.append(("input.channels", "4: the fourth is fed with the previous mask"))
    return InputSpec(
        name=tensor.name,
        size=size,
        layout=roles.layout,
        channels=axes["C"] or 3,
        color_order=order,
        scale=scale,
        mean=mean,
        std=std,
        resize="stretch",
        other_sizes=family.other_sizes if family is not None and is_open else (),
    )


Norm = tuple[float, tuple[float, float, float], tuple[float, float, float]]


def _norm(tensor: TensorReport, family: Family | None, guesses: Guesses, told: Guesses) -> Norm:
    """Scale, mean and std: as the file says, as its family does, or as most nets do."""
    field, hints = "input.scale, mean, std", tensor.hints or TensorHints()
    if hints.mean and hints.std and all(value > 0 for value in hints.std):
        mean, std = ([float(value) for value in (values * 3)[:3]] for values in (hints.mean, hints.std))
        told.append((field, f"(pixel - {_short(mean)}) / {_short(std)}"))
        return 1 / 255, _rounded([value / 255 for value in mean]), _rounded([value / 255 for value in std])
    if hints.low is not None and hints.high is not None:
        low, high = hints.low, hints.high
        told.append((field, f"pixels to [{low:.3g}, {high:.3g}], which is what its {tensor.dtype} stands for"))
        if abs(low) < _FAR and abs(high - 255) < 1:
            return 1.0, (0.0,) * 3, (1.0,) * 3
        width = (high - low) or 1.0
        return 1 / 255, _rounded([-low / width] * 3), _rounded([1 / width] * 3)
    if "int" in tensor.dtype:
        guesses.append((field, f"raw pixels: the input is {tensor.dtype}"))
        return 1.0, (0.0,) * 3, (1.0,) * 3
    if family is not None:
        guesses.append((field, f"pixels to [0, 1], mean {_short(family.norm[0])}, std {_short(family.norm[1])}"))
        return 1 / 255, *family.norm
    guesses.append((field, "pixels to [0, 1]: most nets; others take [-1, 1] or ImageNet's mean and std"))
    return 1 / 255, (0.0,) * 3, (1.0,) * 3


def _draft_output(
    report: Inspection, roles: Roles, size: tuple[int, int], family: Family | None, guesses: Guesses, told: Guesses
) -> OutputSpec:
    tensor = roles.result
    if len(roles.others) > 1:
        names = ", ".join(other.name for other in roles.others)
        guesses.append(("output.name", f"{tensor.name}: of {names}"))
    bits = _packed_bits(tensor, size)
    if bits is not None:
        guesses.append(("output.kind", f"packed: it has every row of the input and 1 number for {bits} of its columns"))
        return OutputSpec(name=tensor.name, kind=PACKED, person_class=1, width=size[1], bits=bits)
    classes = classes_of(tensor)
    hints = tensor.hints or TensorHints()
    maker = report.output_operators.get(tensor.name, "")
    if hints.activation in ("sigmoid", "softmax"):
        kind = "logits"
        told.append(("output.kind", f"logits: the file asks for a {hints.activation}"))
    elif family is not None and family.kind is not None:
        kind = family.kind
    else:
        if maker in _FACTORY:
            kind, why = _FACTORY[maker]
        elif "int" in tensor.dtype and classes == 1 and hints.low is None:
            kind, why = "argmax", f"it is one channel of {tensor.dtype}"
        else:
            kind, why = (
                "logits",
                f"no sigmoid, softmax or argmax ends the net (its last operator is {maker or 'unknown'})",
            )
        guesses.append(("output.kind", f"{kind}: {why}"))
    labels = hints.labels if len(hints.labels) in (classes, 0) or kind == "argmax" else ()
    if labels:
        told.append(("output.labels", ", ".join(labels)))
    elif family is not None and len(family.labels) == classes:
        labels = family.labels
        guesses.append(("output.labels", ", ".join(labels)))
    person, background = _which(classes, kind, labels, guesses)
    return OutputSpec(name=tensor.name, kind=kind, person_class=person, background_class=background, labels=labels)


def _which(classes: int, kind: str, labels: tuple[str, ...], guesses: Guesses) -> tuple[int | None, int | None]:
    """The person's class, or the one that is not."""
    classes = max(classes, len(labels) if kind == "argmax" else 0)
    names = [label.casefold() for label in labels]
    people = [number for number, name in enumerate(names) if name in _PERSON]
    rest = [number for number, name in enumerate(names) if name in _BACKGROUND]
    if len(people) == 1:
        guesses.append(("output.person_class", f"{people[0]}: it is called {labels[people[0]]}"))
        return people[0], None
    if len(rest) == 1 and classes > 2:
        guesses.append(("output.background_class", f"{rest[0]}: all classes but {labels[rest[0]]}"))
        return None, rest[0]
    if 2 < classes < _VOC_CLASSES:
        why = f"0: {classes} classes, so everything but the background; person_class instead where one is the person"
        guesses.append(("output.background_class", why))
        return None, 0
    person = _VOC_PERSON if classes == _VOC_CLASSES else 1
    if classes > 1 or kind == "argmax":
        guesses.append(("output.person_class", f"{person}: {classes} classes" if classes > 1 else f"{person}: unknown"))
    return person, None


def _packed_bits(tensor: TensorReport, size: tuple[int, int]) -> int | None:
    """Pixels in each number, where the output's shape is that of a packed mask of the input's size."""
    sizes = [axis for axis in tensor.shape if axis != 1]
    return next((bits for bits in PACKED_BITS if sizes == [size[0], -(-size[1] // bits)]), None)


def _rounded(values: list[float]) -> tuple[float, float, float]:
    first, second, third = (round(value, 6) for value in values)
    return first, second, third


def _short(values: tuple[float, ...] | list[float]) -> str:
    """One number where all are alike."""
    return f"{values[0]:.6g}" if len(set(values)) == 1 else f"[{', '.join(f'{value:.6g}' for value in values)}]"
