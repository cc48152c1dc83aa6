"""Nets that people bring, told by their graphs: how their authors prepare the picture, and what the classes are.

Sources: the published inference code of Robust Video Matting (Lin et al. 2022), MODNet (Ke et al. 2022), U²-Net (Qin et
al. 2020), IS-Net (Qin et al. 2022), BiRefNet (Zheng et al. 2024), SCHP (Li et al. 2020), SegFormer (Xie et al. 2021)
and BiSeNet (Yu et al. 2018) trained for faces; and the metadata of MediaPipe's multiclass selfie segmenter.
"""

from __future__ import annotations

from dataclasses import dataclass

from limner.inspect.report import Inspection
from limner.inspect.roles import Roles, classes_of

Triple = tuple[float, float, float]

_IMAGENET: tuple[Triple, Triple] = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_IMAGENET_BGR: tuple[Triple, Triple] = ((0.406, 0.456, 0.485), (0.225, 0.224, 0.229))
_ZERO_ONE: tuple[Triple, Triple] = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
_MINUS_ONE: tuple[Triple, Triple] = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))

LIP = (
    *("background", "hat", "hair", "glove", "sunglasses", "upper-clothes", "dress", "coat", "socks", "pants"),
    *("jumpsuits", "scarf", "skirt", "face", "left-arm", "right-arm", "left-leg", "right-leg", "left-shoe"),
    "right-shoe",
)
ATR = (
    *("background", "hat", "hair", "sunglasses", "upper-clothes", "skirt", "pants", "dress", "belt", "left-shoe"),
    *("right-shoe", "face", "left-leg", "right-leg", "left-arm", "right-arm", "bag", "scarf"),
)
PASCAL_PARTS = ("background", "head", "torso", "upper-arms", "lower-arms", "upper-legs", "lower-legs")
CELEBA = (
    *("background", "skin", "left-brow", "right-brow", "left-eye", "right-eye", "glasses", "left-ear", "right-ear"),
    *("earring", "nose", "mouth", "upper-lip", "lower-lip", "neck", "necklace", "clothes", "hair", "hat"),
)
SELFIE = ("background", "hair", "body-skin", "face-skin", "clothes", "others")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A net that others made.

    Attributes:
        name: what it is called.
        norm: mean and std of pixels in [0, 1], in ``color_order``.
        size: (height, width) for files that leave it open.
        other_sizes: likewise, for frames of other proportions.
        kind: of the output; None where the graph tells.
        labels: of its classes.
    """

    name: str
    norm: tuple[Triple, Triple]
    color_order: str = "RGB"
    size: tuple[int, int] | None = None
    other_sizes: tuple[tuple[int, int], ...] = ()
    kind: str | None = None
    labels: tuple[str, ...] = ()


_RVM = Family(
    name="Robust Video Matting",
    norm=_ZERO_ONE,
    size=(288, 512),
    other_sizes=((512, 288), (384, 384)),
    kind="sigmoid",
)
_MODNET = Family(name="MODNet", norm=_MINUS_ONE, size=(512, 512))
_U2NET = Family(name="U²-Net", norm=_IMAGENET, size=(320, 320))
_ISNET = Family(name="IS-Net", norm=((0.5, 0.5, 0.5), (1.0, 1.0, 1.0)), size=(1024, 1024))
_BIREFNET = Family(name="BiRefNet", norm=_IMAGENET, size=(1024, 1024))
_SELFIE = Family(name="MediaPipe's six-class selfie net", norm=_MINUS_ONE, labels=SELFIE)
_FACES = Family(name="BiSeNet for faces", norm=_IMAGENET, labels=CELEBA, size=(512, 512))
_PARSING = {20: ("LIP", LIP), 18: ("ATR", ATR), 7: ("Pascal", PASCAL_PARTS)}
"""Classes -> the data set of human parsing that has so many, and their labels."""
_U2NET_OUTPUTS = 7
_TRANSFORMERS = "pixel_values"
"""What Hugging Face's exporter calls the picture."""


def recognize(report: Inspection, roles: Roles) -> Family | None:
    """The family that a graph looks like; None where it looks like none."""
    axes = dict(zip(roles.layout, roles.image.shape, strict=True))
    side = axes["H"] if axes["H"] == axes["W"] else None
    classes, maker = classes_of(roles.result), report.output_operators.get(roles.result.name, "")
    if roles.states and "downsample_ratio" in roles.constants and roles.result.name == "pha":
        return _RVM
    if len(report.inputs) != 1:
        return None
    if classes > 2:
        return _parsing(roles, classes, side)
    if classes != 1 or report.format != "ONNX":
        return None
    if maker == "Sigmoid" and len(roles.others) == _U2NET_OUTPUTS and side not in (1024,):
        return _U2NET
    if side == 1024:
        return _ISNET if maker == "Sigmoid" else _BIREFNET if roles.result.name == "output_image" else None
    if maker == "Sigmoid" and "InstanceNormalization" in report.operators:
        return _MODNET
    return None


def _parsing(roles: Roles, classes: int, side: int | None) -> Family | None:
    if classes == len(SELFIE) and roles.layout == "NHWC" and side == 256:
        return _SELFIE
    if classes == len(CELEBA) and side == 512:
        return _FACES
    if classes not in _PARSING:
        return None
    name, labels = _PARSING[classes]
    if roles.image.name == _TRANSFORMERS:
        return Family(name=f"SegFormer for clothes ({name})", norm=_IMAGENET, labels=labels, size=(512, 512))
    if side not in (473, 512):
        return None
    return Family(name=f"SCHP ({name})", norm=_IMAGENET_BGR, color_order="BGR", labels=labels)
