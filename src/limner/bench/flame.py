"""A flame-like picture of where models' time goes: a band for each, of operator types, of their nodes below. SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from zlib import crc32

from limner.bench.operators import by_kind
from limner.runtimes.base import NodeTime

_WIDTH, _ROW, _GAP, _MARGIN = 1200, 26, 30, 12
_LETTER = 6.6
"""About how wide a letter is."""


def flame(profiles: Mapping[str, Sequence[NodeTime]]) -> str:
    """SVG text. Widths are times on one scale for all bands, so bands can be compared; a title tells each box's time.

    Args:
        profiles: title of a band -> its nodes.
    """
    longest = max((sum(node.microseconds for node in nodes) for nodes in profiles.values()), default=0.0) or 1.0
    scale = (_WIDTH - 2 * _MARGIN) / longest
    parts: list[str] = []
    top = float(_MARGIN)
    for title, nodes in profiles.items():
        total = sum(node.microseconds for node in nodes)
        parts.append(_box(_MARGIN, top, total * scale, f"{title}, {total / 1e3:.2f} ms", total, total, "#d9d9d9"))
        left = float(_MARGIN)
        for kind in by_kind(nodes):
            told = f"{kind.kind} ×{kind.count}"
            parts.append(
                _box(left, top + _ROW, kind.microseconds * scale, told, kind.microseconds, total, _color(kind.kind))
            )
            inner = left
            mine = sorted((node for node in nodes if node.kind == kind.kind), key=lambda node: -node.microseconds)
            for node in mine:
                color = _color(kind.kind, light=True)
                parts.append(
                    _box(
                        inner,
                        top + 2 * _ROW,
                        node.microseconds * scale,
                        f"{node.name} ({node.how})",
                        node.microseconds,
                        total,
                        color,
                    )
                )
                inner += node.microseconds * scale
            left += kind.microseconds * scale
        top += 3 * _ROW + _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{top:.0f}" '
        f'viewBox="0 0 {_WIDTH} {top:.0f}" font-family="sans-serif" font-size="12">\n'
        '<rect width="100%" height="100%" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _box(left: float, top: float, width: float, label: str, spent: float, total: float, color: str) -> str:
    told = escape(f"{label}: {spent / 1e3:.3f} ms, {100 * spent / (total or 1.0):.1f} %")
    letters = int((width - 8) / _LETTER)
    text = ""
    if letters >= 4:
        short = label if len(label) <= letters else f"{label[: letters - 1]}…"
        text = f'<text x="{left + 4:.1f}" y="{top + 17:.1f}">{escape(short)}</text>'
    return (
        f'<g><title>{told}</title><rect x="{left:.2f}" y="{top:.1f}" width="{max(width, 0.1):.2f}" '
        f'height="{_ROW - 2}" fill="{color}" stroke="#ffffff" stroke-width="0.5"/>{text}</g>'
    )


def _color(kind: str, *, light: bool = False) -> str:
    """The same colour for a type of operator in every picture."""
    return f"hsl({crc32(kind.lower().encode()) % 360}, 65%, {84 if light else 72}%)"
