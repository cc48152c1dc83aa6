"""XMP of a photo, made fit for what an effect made of it: titles, ratings, rights and keywords stay."""

from __future__ import annotations

import io
from typing import Any
from xml.etree import ElementTree

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TIFF, _EXIF = "http://ns.adobe.com/tiff/1.0/", "http://ns.adobe.com/exif/1.0/"
_ORIENTATION = f"{{{_TIFF}}}Orientation"

# Thumbnails, depth and gain maps, moving pictures: each shows, or leads to, the photo as it was.
_PICTURES = (
    "http://ns.adobe.com/xap/1.0/g/img/",
    "http://ns.adobe.com/hdr-gain-map/1.0/",
    "http://ns.apple.com/HDRGainMap/1.0/",
    "http://ns.google.com/photos/1.0/",
)
_PICTURE_TAGS = {f"{{{'http://ns.adobe.com/xap/1.0/'}}}Thumbnails"}
_SIZES = {f"{{{_TIFF}}}{name}" for name in ("ImageWidth", "ImageLength")} | {
    f"{{{_EXIF}}}{name}" for name in ("PixelXDimension", "PixelYDimension")
}
_PLACES = (f"{{{_EXIF}}}GPS", "{http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/}Location")
_PLACE_TAGS = {f"{{{'http://ns.adobe.com/photoshop/1.0/'}}}{name}" for name in ("City", "State", "Country")} | {
    f"{{{'http://iptc.org/std/Iptc4xmpExt/2008-02-29/'}}}{name}" for name in ("LocationCreated", "LocationShown")
}


_MOST_NAMES = 256
_named: set[tuple[str, str]] = set()


def _name(prefix: str, uri: str) -> None:
    """Has a namespace written under the prefix that the photo gives it.

    ElementTree keeps such names for the whole process and for ever, so only the first few hundred get theirs: those of
    later ones become ns0, ns1, …, which mean the same.
    """
    if (prefix, uri) not in _named and len(_named) < _MOST_NAMES:
        _named.add((prefix, uri))
        ElementTree.register_namespace(prefix, uri)


def clean_xmp(packet: bytes, *, place: bool = True) -> bytes | None:
    """`packet` for an upright picture without previews; None where it is damaged or nothing is left.

    Args:
        place: keep where the photo was taken.
    """
    if b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:  # XMP has neither; they are how small files grow huge
        return None
    try:
        for _, (prefix, uri) in ElementTree.iterparse(io.BytesIO(packet), events=["start-ns"]):
            if prefix and not prefix.startswith("ns"):  # those names are the parser's own
                _name(prefix, uri)
        root = ElementTree.fromstring(packet.strip(b"\0 \r\n\t"))
    except (ElementTree.ParseError, ValueError):
        return None
    held = 0
    for description in root.iter(f"{{{_RDF}}}Description"):
        _clean(description, place)
        held += len(description) + len([name for name in description.attrib if not name.startswith(f"{{{_RDF}}}")])
    if not held:
        return None
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{text}<?xpacket end="w"?>'.encode()


def _clean(description: Any, place: bool) -> None:
    for name in list(description.attrib):
        if _goes(name, place):
            del description.attrib[name]
        elif name == _ORIENTATION:
            description.attrib[name] = "1"
    for child in list(description):
        if _goes(child.tag, place):
            description.remove(child)
        elif child.tag == _ORIENTATION:
            child.text = "1"


def _goes(name: str, place: bool) -> bool:
    if name in _SIZES or name in _PICTURE_TAGS or name.startswith(tuple(f"{{{space}" for space in _PICTURES)):
        return True
    return not place and (name in _PLACE_TAGS or name.startswith(_PLACES))
