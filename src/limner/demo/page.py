"""The page of before and after: one file of HTML beside the pictures that it shows, for a browser without a network."""

from __future__ import annotations

import time
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from pathlib import Path

from limner.demo.facts import Facts, Made, Subject
from limner.demo.next_steps import Step, activation, next_steps
from limner.version import __version__
from limner.whole_file import whole_file

PAGE = "index.html"
_CALLED = {"blur": "Blur", "replace": "Replace", "cutout": "Cut out", "mask": "Mask"}
_SAID = {
    "decode": "read the frame",
    "segment": "find the person",
    "effect": "change the rest",
    "encode": "write the frame",
}


def write_page(facts: Facts, out: Path) -> Path:
    """Write ``index.html`` into the folder that has what ``facts`` names, whole or not at all; its path.

    Raises:
        MediaError: it cannot be written.
    """
    target = out / PAGE
    html = page(facts, next_steps(out), first=activation(), date=time.strftime("%d %B %Y").lstrip("0"))
    with whole_file(target) as file:
        file.write(html.encode())
    return target


def page(facts: Facts, steps: Iterable[Step], *, first: str | None, date: str) -> str:
    """The page as text.

    Args:
        facts: what was made and measured.
        steps: what to try next.
        first: a command that has to come before them, where there is one.
        date: of the run, as text.
    """
    style, script = (files("limner.demo").joinpath(name).read_text(encoding="utf-8") for name in _PARTS)
    where = " · ".join(("Net " + facts.net, facts.where, f"loaded in {facts.loaded_ms:.0f} ms", date))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>Limner: before and after</title><style>{style}</style></head><body>"
        f'<header><div><h1>Limner</h1><p class="lead">{_LEAD}</p><p class="soft">{escape(where)}</p></div>'
        f"{_THEME}</header><main>{_photo(facts.photo)}{_clip(facts.clip)}{_next(steps, first)}</main>"
        f"<footer>Made by limner {__version__}. The people are renders.</footer>"
        f"<script>{script}</script></body></html>"
    )


_PARTS = ("page.css", "page.js")
_LEAD = (
    "It finds the person in every pixel, and changes the rest. All of this was made on this computer a moment ago; "
    "no picture left it."
)
_THEME = (
    '<fieldset class="theme"><legend>Colours</legend>'
    + "".join(
        f'<label><input type="radio" name="theme" id="{name}"{" checked" if name == "auto" else ""}>{name}</label>'
        for name in ("auto", "light", "dark")
    )
    + "</fieldset>"
)


def _photo(photo: Subject) -> str:
    width, height = photo.size
    picture = '<img src="{}" alt="{}" draggable="false">'
    choices = _choices("photo", photo.made, {made.file: _milliseconds(made.ms) for made in photo.made})
    return (
        '<section id="photo" class="beside">'
        + _compare(
            photo.size,
            picture.format(escape(photo.before), "The sample portrait as it was"),
            picture.format(escape(photo.made[0].file), f"The same portrait: {_called(photo.made[0])}"),
        )
        + f"<div><h2>A photo</h2><p>Drag the line, or move it with the arrow keys.</p>{choices}"
        f'<p class="big"><b>{photo.found_ms:.0f} ms</b> to find the person</p>'
        f'<p class="soft">{width}×{height} pixels. Beside each effect stands its own time, which comes on top.</p>'
        "</div></section>"
    )


def _clip(clip: Subject) -> str:
    video = '<video src="{}" muted playsinline preload="auto" aria-label="{}"></video>'
    width, height = clip.size
    choices = _choices("clip", clip.made, {made.file: f"{made.fps:.0f} frames a second" for made in clip.made})
    times = "".join(_times(made, hidden=index > 0) for index, made in enumerate(clip.made))
    return (
        '<section id="clip"><h2>A clip</h2>'
        f'<div class="row">{choices}<button type="button" id="play" aria-pressed="false">Play</button></div>'
        + _compare(
            clip.size,
            video.format(escape(clip.before), "The sample clip as it was"),
            video.format(escape(clip.made[0].file), f"The same clip: {_called(clip.made[0])}"),
            at=31,  # through the person
        )
        + f'{times}<p class="soft">{width}×{height} pixels, {clip.frames} frames, silent here; the files keep the '
        "sound. Each stage works on a frame of its own at the same time, so a clip is about as fast as its slowest "
        "stage.</p>"
        "</section>"
    )


def _times(made: Made, *, hidden: bool) -> str:
    stages = made.stages or {}
    longest = max(stages.values(), default=1.0)
    rows = "".join(
        f'<tr><th scope="row">{escape(_SAID.get(stage, stage))}</th><td class="bar">'
        f'<i style="width:{100 * ms / longest:.1f}%"></i></td><td>{ms:.1f} ms</td></tr>'
        for stage, ms in stages.items()
    )
    return (
        f'<div class="times" data-file="{escape(made.file)}"{" hidden" if hidden else ""}>'
        f'<p class="big"><b>{made.ms:.1f} ms</b> a frame, {made.fps:.0f} frames a second</p>'
        f"<table><caption>At work on each frame</caption>{rows}</table></div>"
    )


def _choices(group: str, made: Iterable[Made], beside: dict[str, str]) -> str:
    radios = "".join(
        f'<label><input type="radio" name="{group}" value="{escape(each.file)}" data-said="{_called(each)}"'
        f"{' checked' if index == 0 else ''}><span>{_called(each)} <small>{beside[each.file]}</small></span></label>"
        for index, each in enumerate(made)
    )
    return f'<fieldset class="choices"><legend>Effect of the {group}</legend>{radios}</fieldset>'


def _compare(size: tuple[int, int], before: str, after: str, *, at: int = 50) -> str:
    """Both over each other, with a line at ``at`` per cent of the width."""
    return (
        f'<div class="compare" style="aspect-ratio:{size[0]}/{size[1]}">{before}<div class="after">{after}</div>'
        f'<input type="range" min="0" max="100" value="{at}" aria-label="Where before ends and after begins">'
        '<span class="handle"></span><span class="tag left">before</span><span class="tag right">after</span></div>'
    )


def _next(steps: Iterable[Step], first: str | None) -> str:
    before = "" if first is None else _command("First, once in each terminal", first)
    commands = "".join(_command(step.what, step.command) for step in steps)
    return (
        '<section id="next"><h2>What to try next</h2><p>Copy a command into the terminal that made this page, in the '
        "same folder. Then put a photo or a clip of your own in place of the sample.</p>"
        f'<ol>{before}{commands}</ol><p id="said" class="soft" role="status"></p></section>'
    )


def _command(what: str, command: str) -> str:
    return (
        f"<li><h3>{escape(what)}</h3><pre><code>{escape(command)}</code></pre>"
        f'<button type="button" class="copy" aria-label="Copy: {escape(what)}">Copy</button></li>'
    )


def _called(made: Made) -> str:
    return escape(_CALLED.get(made.name, made.name))


def _milliseconds(number: float) -> str:
    return f"{number:.0f} ms" if number >= 1 else "under 1 ms"
