"""XMP: what describes the photo stays, what shows it as it was goes."""

from __future__ import annotations

import io
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image as Pillow

from limner.media.images import read_image, write_image
from limner.media.xmp import clean_xmp
from photo_files import XMP_PACKET


def test_what_stays_and_what_goes() -> None:
    text = (clean_xmp(XMP_PACKET) or b"").decode()
    assert 'xmp:Rating="4"' in text
    assert "Am Meer" in text
    assert 'tiff:Orientation="1"' in text
    assert "52,30N" in text
    for gone in ("Thumbnails", "c2VjcmV0", "hdrgm", "PixelXDimension"):
        assert gone not in text
    placeless = (clean_xmp(XMP_PACKET, place=False) or b"").decode()
    assert "GPS" not in placeless
    assert "Am Meer" in placeless


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "avif", "tif"])
@pytest.mark.parametrize(
    ("metadata", "title", "place"), [("all", True, True), ("no-place", True, False), ("none", False, False)]
)
def test_through_a_file(tmp_path: Path, extension: str, metadata: str, title: bool, place: bool) -> None:
    buffer = io.BytesIO()
    Pillow.fromarray(np.full((24, 32, 3), 90, np.uint8)).save(buffer, "JPEG", xmp=XMP_PACKET)
    image = read_image(buffer.getvalue())
    write_image(tmp_path / f"o.{extension}", image.pixels, like=image, metadata=metadata)
    again = read_image(tmp_path / f"o.{extension}").xmp or b""
    assert (b"Am Meer" in again, b"52,30N" in again) == (title, place)


@pytest.mark.parametrize(
    "packet", [b"", b"<x", b"no xml", b"<!DOCTYPE a><a/>", b"<a><b/></a>", XMP_PACKET[:400], b"\xff\xfe\0\0"]
)
def test_what_is_no_xmp_is_left_out(packet: bytes) -> None:
    assert clean_xmp(packet) is None


SPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "core": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "ext": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "img": "http://ns.adobe.com/xap/1.0/g/img/",
    "gain": "http://ns.adobe.com/hdr-gain-map/1.0/",
    "apple": "http://ns.apple.com/HDRGainMap/1.0/",
    "google": "http://ns.google.com/photos/1.0/",
}


def packet(name: str, *, as_child: bool, value: str = "Lagos", beside: str = "<dc:title>sea</dc:title>") -> bytes:
    """One field, as an attribute or as an element, and a title beside it."""
    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in SPACES.items())
    attribute, child = ("", f"<{name}>{value}</{name}>") if as_child else (f'{name}="{value}"', "")
    return f"<rdf:RDF {spaces}><rdf:Description {attribute}>{child}{beside}</rdf:Description></rdf:RDF>".encode()


@pytest.mark.parametrize("as_child", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        *("photoshop:City", "photoshop:State", "photoshop:Country", "core:Location"),
        *("ext:LocationCreated", "ext:LocationShown", "exif:GPSLatitude", "exif:GPSAreaInformation"),
    ],
)
def test_every_field_of_the_place_goes_where_that_is_asked_for(name: str, as_child: bool) -> None:
    assert b"Lagos" in (clean_xmp(packet(name, as_child=as_child)) or b"")
    cleaned = clean_xmp(packet(name, as_child=as_child), place=False) or b""
    assert (b"Lagos" in cleaned, b"sea" in cleaned) == (False, True)


@pytest.mark.parametrize("as_child", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        *("xmp:Thumbnails", "img:image", "gain:Version", "apple:Version", "google:Data"),
        *("tiff:ImageWidth", "tiff:ImageLength", "exif:PixelXDimension", "exif:PixelYDimension"),
    ],
)
def test_every_picture_and_size_of_the_photo_as_it_was_goes(name: str, as_child: bool) -> None:
    cleaned = clean_xmp(packet(name, as_child=as_child, value="secret")) or b""
    assert (b"secret" in cleaned, b"sea" in cleaned) == (False, True)


@pytest.mark.parametrize("as_child", [False, True])
def test_the_result_is_upright(as_child: bool) -> None:
    cleaned = (clean_xmp(packet("tiff:Orientation", as_child=as_child, value="6")) or b"").decode()
    assert ('Orientation="1"' in cleaned, "Orientation>1<" in cleaned) == (not as_child, as_child)


@pytest.mark.parametrize("as_child", [False, True])
def test_a_packet_of_which_nothing_is_left_is_none(as_child: bool) -> None:
    assert clean_xmp(packet("photoshop:City", as_child=as_child, beside=""), place=False) is None
    assert clean_xmp(packet("photoshop:City", as_child=as_child, beside="")) is not None


def test_names_of_strangers_do_not_pile_up() -> None:
    """ElementTree keeps registered prefixes for the whole process; a server reads photos for months."""
    packet = XMP_PACKET.replace(b"<rdf:Description ", b'<rdf:Description xmlns:odd%d="odd:%d/" odd%d:mark="1" ', 1)
    before = len(ElementTree._namespace_map)  # type: ignore[attr-defined]
    for number in range(1000):
        text = clean_xmp(packet.replace(b"%d", str(number).encode())) or b""
        assert b'"odd:%d/"' % number in text
        assert b':mark="1"' in text
    assert len(ElementTree._namespace_map) - before <= 256  # type: ignore[attr-defined]
    assert b"Am Meer" in (clean_xmp(XMP_PACKET) or b"")
