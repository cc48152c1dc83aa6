"""What a JPEG 2000 file says of its colours: the boxes of ISO/IEC 15444-1, Annex I, which Pillow passes over."""

from __future__ import annotations

from limner.media.boxes import boxes

_ICC = (2, 3)
"""Ways of naming colours that are a profile: restricted, and any (of JPX)."""


def jp2_profile(data: bytes) -> bytes | None:
    """The ICC profile of a JPEG 2000 file; None where it has none, or is a bare codestream."""
    header = next((body for name, body in boxes(data) if name == b"jp2h"), b"")
    for name, body in boxes(header):
        if name == b"colr" and len(body) > 3 and body[0] in _ICC:
            return body[3:]
    return None
