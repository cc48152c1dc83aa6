"""The report's tables: scores by set, clips, and recovery from wrong priors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from limner.evaluation.evaluate import Score
from limner.evaluation.flicker import IN_TIME, Flicker, Recovery
from limner.evaluation.tables import COLUMNS, Table, best, columns_of, summary

_RECOVERY = ("model", "wrong prior", "frames to outgrow it", f"within {IN_TIME} frames, %", "IoU lost at first")


def score_table(scores: Mapping[str, list[Score]]) -> str:
    """A block of rows for each set or group, a row for each model; the best of each block is bold."""
    tables = {label: summary(rows) for label, rows in scores.items()}
    groups = [name for name, row in next(iter(tables.values())).items() if "false_area" not in row]
    names = columns_of([table[group] for table in tables.values() for group in groups])
    blocks = []
    for group in groups:
        rows = [tables[label][group] for label in tables]
        blocks.append(_block(group, f"{rows[0]['photos']:.0f} photos", list(tables), rows, names))
    columns = [COLUMNS[name] for name in names]
    meanings = "".join(f"<dt>{escape(column.head)}</dt><dd>{escape(column.explained)}</dd>" for column in columns)
    explained = f'<details class="note"><summary>What the columns mean</summary><dl>{meanings}</dl></details>'
    return (_table(names, blocks) + explained if groups else "") + _empty_table(tables)


def _empty_table(tables: Mapping[str, Table]) -> str:
    """False person area: a row for each model, a column for each set without people; nothing where there is none."""
    groups = [name for name, row in next(iter(tables.values())).items() if "false_area" in row]
    if not groups:
        return ""
    column = COLUMNS["false_area"]
    heads = "".join(f"<th>{escape(group.removeprefix('no_people_'))}</th>" for group in groups)
    values = {label: [table[group]["false_area"] for group in groups] for label, table in tables.items()}
    top = [best([row[at] for row in values.values()], column) for at in range(len(groups))]
    lines = "".join(
        _line(index, label, [column.show(value) for value in row], [index in winners for winners in top])
        for index, (label, row) in enumerate(values.items())
    )
    title = f'<tr class="group"><th colspan="{len(groups) + 1}">{escape(column.explained)}</th></tr>'
    return f'<div class="wide"><table class="few"><thead>{title}<tr><th></th>{heads}</tr></thead>{lines}</table></div>'


def clip_table(flicker: Mapping[str, Flicker]) -> str:
    """One block: how restless each model is; nothing where none was measured."""
    if not flicker:
        return ""
    rows = [found.to_dict() for found in flicker.values()]
    names = [name for name in ("flicker", "dtssd", "messddt", "miou") if name in rows[0]]
    count = next(iter(flicker.values())).clips
    block = _block("clips made from photos", f"{count} photos", list(flicker), rows, names)
    return _table(names, [block], kind="few") + (
        '<p class="note">Each photo becomes a clip from a tripod and a hand-held one, with fresh sensor noise and '
        "drifting exposure. Models that look at the matte before get their own back.</p>"
    )


def recovery_table(recovery: Mapping[str, list[Recovery]]) -> str:
    """A row for each wrong prior; nothing where no model looks at the matte before."""
    rows = "".join(
        f"<tr><th>{escape(label)}</th><td>{escape(row.prior)}</td><td>{row.frames:.2f}</td>"
        f"<td>{row.in_time:.0f}</td><td>{row.loss:.1f}</td></tr>"
        for label, table in recovery.items()
        for row in table
    )
    if not rows:
        return ""
    heads = "".join(f"<th>{head}</th>" for head in _RECOVERY)
    head = f"<thead><tr>{heads}</tr></thead>"
    return f'<div class="wide"><table class="few recovery">{head}<tbody>{rows}</tbody></table></div>'


def _table(names: Sequence[str], blocks: Sequence[str], *, kind: str = "many") -> str:
    columns = [COLUMNS[name] for name in names]
    heads = "".join(f'<th title="{escape(column.explained)}">{escape(column.head)}</th>' for column in columns)
    head = f"<thead><tr><th></th>{heads}</tr></thead>"
    return f'<div class="wide"><table class="{kind}">{head}{"".join(blocks)}</table></div>'


def _block(
    title: str, note: str, labels: Sequence[str], rows: Sequence[Mapping[str, float]], names: Sequence[str]
) -> str:
    top = [best([row.get(name) for row in rows], COLUMNS[name]) for name in names]
    head = f'<th colspan="{len(names) + 1}">{escape(title)} <small>{escape(note)}</small></th>'
    lines = [f'<tr class="group">{head}</tr>']
    for index, (label, row) in enumerate(zip(labels, rows, strict=True)):
        texts = [COLUMNS[name].show(row[name]) if name in row else "" for name in names]
        lines.append(_line(index, label, texts, [index in winners for winners in top]))
    return f"<tbody>{''.join(lines)}</tbody>"


def _line(index: int, label: str, texts: Sequence[str], bold: Sequence[bool]) -> str:
    cells = "".join(
        f'<td class="best">{text}</td>' if is_best else f"<td>{text}</td>"
        for text, is_best in zip(texts, bold, strict=True)
    )
    return f'<tr><th><i class="swatch b{index % 8}"></i>{escape(label)}</th>{cells}</tr>'
