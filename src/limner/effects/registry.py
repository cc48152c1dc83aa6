"""Effects by name, loaded when they are used: adding one is adding a file and a line here.

What they let people set is read from their files, as it is written there, so that help costs no import of a library.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
from collections.abc import Iterator, Mapping, MutableMapping
from importlib.abc import InspectLoader
from typing import TYPE_CHECKING, Any

from limner.effects.setting import Setting

if TYPE_CHECKING:
    from limner.effects.base import Effect

_KINDS: Mapping[str, type] = {"float": float, "str": str}
_PLAIN = {"Effect", "LayerEffect", "EdgeEffect", "BackgroundEffect", "PersonEffect"}
"""Bases that have no settings."""


class Effects(MutableMapping[str, "type[Effect]"]):
    """A mapping from name to class.

    Args:
        classes: name -> name of the class in the module ``limner.effects.<name>``.
    """

    def __init__(self, classes: Mapping[str, str]) -> None:
        self._known: dict[str, str | type[Effect]] = dict(classes)
        self._written: dict[str, tuple[Setting, ...] | None] = {}

    def __getitem__(self, name: str) -> type[Effect]:
        found = self._known[name]
        if isinstance(found, str):
            kind: type[Effect] = getattr(importlib.import_module(_module(name)), found)
            self._known[name] = found = kind
        return found

    def __setitem__(self, name: str, kind: type[Effect]) -> None:
        self._known[name] = kind

    def __delitem__(self, name: str) -> None:
        del self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def settings(self, name: str) -> tuple[Setting, ...]:
        """The ``settings`` of an effect; it is loaded only where its file does not say them plainly."""
        found = self._known[name]
        if not isinstance(found, str):
            return found.settings
        if name not in self._written:
            self._written[name] = _written(_module(name), found)
        written = self._written[name]
        return self[name].settings if written is None else written


def _module(name: str) -> str:
    return f"{__package__}.{name}"


def _written(module: str, kind: str) -> tuple[Setting, ...] | None:
    """The settings as they stand in the file of a module that is not loaded; None where that cannot be told."""
    spec = importlib.util.find_spec(module)
    if spec is None or not isinstance(spec.loader, InspectLoader):
        return None
    _, begins, rest = (spec.loader.get_source(module) or "").partition(f"\nclass {kind}(")
    head = re.split(r"\n    (?:def |@)|\n\S", rest, maxsplit=1)[0]  # what stands before the first method
    if not begins:
        return None
    if "settings" not in head:
        bases = {name.strip() for name in head.partition(")")[0].split(",")}
        return () if bases <= _PLAIN else None
    try:
        (node,) = ast.parse(f"class {kind}({head}").body
    except SyntaxError:
        return None
    assert isinstance(node, ast.ClassDef)
    for line in node.body:
        if isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") == "settings":
            return _read(line.value)
    return None


def _read(value: ast.expr) -> tuple[Setting, ...] | None:
    """A tuple of ``Setting("…", …)`` with nothing in them but texts and types; None for all else."""
    if not isinstance(value, ast.Tuple):
        return None
    found = []
    for call in value.elts:
        try:
            if not isinstance(call, ast.Call) or getattr(call.func, "id", "") != Setting.__name__:
                return None
            given: list[Any] = [_argument(argument) for argument in call.args]
            named: dict[str, Any] = {str(item.arg): _argument(item.value) for item in call.keywords}
            found.append(Setting(*given, **named))
        except (ValueError, TypeError):
            return None
    return tuple(found)


def _argument(node: ast.expr) -> object:
    if isinstance(node, ast.Name):
        if node.id not in _KINDS:
            raise ValueError(node.id)
        return _KINDS[node.id]
    return ast.literal_eval(node)


EFFECTS = Effects(
    {
        "blur": "Blur",
        "bokeh": "Bokeh",
        "replace": "Replace",
        "color": "SolidColor",
        "cutout": "Cutout",
        "mask": "Mask",
        "overlay": "Overlay",
        "smoothstep": "Smoothstep",
        "light_wrap": "LightWrap",
        "color_transfer": "ColorTransfer",
        "harmonize": "Harmonize",
        "seamless_clone": "SeamlessClone",
        "stylize": "Stylize",
        "frame_in_frame": "FrameInFrame",
        "auto_frame": "AutoFrame",
    }
)
