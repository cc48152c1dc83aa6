"""What an AVIF or HEIC file says of its primary picture: the boxes of ISO/IEC 23008-12, read without a decoder."""

from __future__ import annotations

from limner.media.boxes import boxes


def primary_properties(data: bytes) -> list[tuple[bytes, bytes]]:
    """(kind, content) of the properties of the primary picture, in their order; none where the file does not tell."""
    meta = next((body for name, body in boxes(data) if name == b"meta"), None)
    if meta is None:
        return []
    inner = dict(boxes(meta[4:]))
    primary, properties = inner.get(b"pitm"), dict(boxes(inner.get(b"iprp", b"")))
    if primary is None or len(primary) < 6:
        return []
    item = int.from_bytes(primary[4:6] if primary[0] == 0 else primary[4:8], "big")
    container = list(boxes(properties.get(b"ipco", b"")))
    indices = _associated(properties.get(b"ipma", b""), item)
    return [container[index - 1] for index in indices if 0 < index <= len(container)]


def heif_bits(data: bytes) -> int:
    """Bits a channel of the primary picture, by what its file says of its pixels or of its codec; 8 where neither."""
    properties = dict(primary_properties(data))
    pixels, av1, hevc = (properties.get(name, b"") for name in (b"pixi", b"av1C", b"hvcC"))
    if len(pixels) > 5:
        return max(pixels[5 : 5 + pixels[4]], default=8)
    if len(av1) > 2:
        return 8 + 2 * bool(av1[2] & 0x40) + 2 * bool(av1[2] & 0x20)
    return 8 + max(hevc[17] & 7, hevc[18] & 7) if len(hevc) > 18 else 8


def _associated(body: bytes, item: int) -> list[int]:
    """Numbers, from 1 on, of the properties of `item`."""
    if len(body) < 8:
        return []
    version, wide = body[0], bool(body[3] & 1)
    count, at = int.from_bytes(body[4:8], "big"), 8
    size = 2 if version < 1 else 4
    for _ in range(count):
        owner, at = int.from_bytes(body[at : at + size], "big"), at + size
        if at >= len(body):
            return []
        many, at = body[at], at + 1
        step = 2 if wide else 1
        found = [int.from_bytes(body[at + k * step : at + (k + 1) * step], "big") for k in range(many)]
        if owner == item:
            return [index & (0x7FFF if wide else 0x7F) for index in found]
        at += many * step
    return []
