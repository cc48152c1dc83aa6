"""Which streams of a file are meant: by their number in it, or by their language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from limner.errors import OptionError

# ISO 639-2 has two codes for some languages, of which files hold either.
_TWINS = {
    "ger": "deu", "fre": "fra", "dut": "nld", "chi": "zho", "cze": "ces", "gre": "ell", "per": "fas", "rum": "ron",
    "slo": "slk", "alb": "sqi", "arm": "hye", "baq": "eus", "bur": "mya", "geo": "kat", "ice": "isl", "mac": "mkd",
    "mao": "mri", "may": "msa", "tib": "bod", "wel": "cym",
}  # fmt: skip


def choose_streams(streams: Iterable[Any], wanted: Sequence[str], *, option: str, what: str, name: str) -> list[Any]:
    """Those of `streams` that `wanted` names, in the order of the file.

    Args:
        wanted: numbers, as the file counts all of its streams from 0, and codes of languages: "deu" or "ger". Of
            several streams in a language, all.
        option: that names them, "audio_stream" say.
        what: they are, in the plural.
        name: of the file.

    Raises:
        OptionError: none is so.
    """
    there = list(streams)
    chosen: list[Any] = []
    for item in wanted:
        found = [stream for stream in there if _is(stream, item)]
        if not found:
            known = ", ".join(_told(stream) for stream in there)
            has = f"{name} has {known}" if known else f"{name} has no {what}"
            raise OptionError(f"‹{option}› {item}: there is none of this number or language; {has}")
        chosen += found
    return [stream for stream in there if stream in chosen]


def _is(stream: Any, item: str) -> bool:
    if item.isdecimal():
        return bool(stream.index == int(item))
    return bool(item.strip()) and _code(item) == _code(stream.metadata.get("language") or "")


def _code(language: str) -> str:
    low = language.strip().lower()
    return _TWINS.get(low, low)


def _told(stream: Any) -> str:
    codec = "" if stream.codec_context is None else stream.codec_context.name
    language = stream.metadata.get("language")
    said = ", ".join(filter(None, (codec, language)))
    return f"{stream.index} ({said})" if said else str(stream.index)
