"""Photos of every kind in and out, with real codecs and files made here."""

from __future__ import annotations

import io
import stat
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import ExifTags, ImageCms
from PIL import Image as Pillow

from limner.errors import LimnerError, MediaError, MissingExtraError, OptionError
from limner.media.exif import TRANSPOSES
from limner.media.formats import FORMATS, format_for, tell_format
from limner.media.images import Image, photo_size, read_image, write_image

ALL = ["jpg", "png", "webp", "avif", "tif", "bmp", "heic"]
LOSSLESS = {"png", "tif", "bmp"}


def smooth(height: int = 48, width: int = 64) -> np.ndarray:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([x * 255 / width, y * 255 / height, 255 - x * 255 / width], -1).astype(np.uint8)


def encoded(picture: Pillow.Image, format: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def wide_profile(gamma: float = 1.8) -> bytes:
    """A real matrix profile, made by hand: the primaries of ProPhoto RGB (in D50 already), one gamma for all."""

    def s15(*values: float) -> bytes:
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    def text(value: str) -> bytes:
        return b"desc\0\0\0\0" + struct.pack(">I", len(value) + 1) + value.encode() + b"\0" + bytes(78)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    tags = {
        b"desc": text("hand-made wide RGB"),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": b"XYZ \0\0\0\0" + s15(0.9642, 1.0, 0.8249),
        b"rXYZ": b"XYZ \0\0\0\0" + s15(0.7977, 0.2880, 0.0),
        b"gXYZ": b"XYZ \0\0\0\0" + s15(0.1352, 0.7119, 0.0),
        b"bXYZ": b"XYZ \0\0\0\0" + s15(0.0313, 0.0001, 0.8249),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    header = struct.pack(">I4sI4s4s4s", at + len(body), b"lcms", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28) + s15(0.9642, 1.0, 0.8249) + bytes(48)
    return header + table + body


def grey_profile() -> bytes:
    """The same for grey, gamma 1: half the value is half the light."""
    wide = wide_profile(1.0)
    curve_at = wide.index(b"rTRC")
    curve = wide[curve_at : curve_at + 12].replace(b"rTRC", b"kTRC")
    keep = [wide[132 + 12 * i : 144 + 12 * i] for i in range(3)] + [curve]
    table = struct.pack(">I", 4) + b"".join(keep)
    table += bytes(4 + 12 * 9 - len(table))
    return wide[:16] + b"GRAY" + wide[20:128] + table + wide[128 + 4 + 12 * 9 :]


@pytest.mark.parametrize("extension", ALL)
def test_round_trip_of_colours(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"photo.{extension}"
    write_image(path, smooth(), quality=None if extension in LOSSLESS else 98)
    image = read_image(path)
    assert image.format == format_for(path).name
    assert image.alpha is None
    assert image.notices == ()
    assert image.pixels.flags.c_contiguous
    assert np.abs(image.pixels.astype(int) - smooth()).max() <= (0 if extension in LOSSLESS else 8)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("extension", ["png", "webp", "avif", "tif", "heic"])
def test_round_trip_of_transparency(tmp_path: Path, extension: str) -> None:
    alpha = np.tile(np.linspace(0, 255, 64).round().astype(np.uint8), (48, 1))
    path = tmp_path / f"photo.{extension}"
    write_image(path, np.dstack([smooth(), alpha]))
    image = read_image(path)
    assert image.alpha is not None
    assert np.abs(image.alpha.astype(int) - alpha).max() <= (0 if extension in ("png", "webp", "tif") else 3)
    assert (image.pixels[image.alpha == 0] == 255).all()
    assert np.abs(image.pixels[alpha == 255].astype(int) - smooth()[alpha == 255]).max() <= 12


@pytest.mark.parametrize("extension", ALL)
def test_grey_is_written_as_it_is(tmp_path: Path, extension: str) -> None:
    grey = smooth()[..., 0]
    write_image(tmp_path / f"m.{extension}", grey)
    assert np.abs(read_image(tmp_path / f"m.{extension}").pixels[..., 1].astype(int) - grey).max() <= 5


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "avif", "tif"])
@pytest.mark.parametrize("value", range(1, 9))
def test_every_orientation_is_made_upright_once(tmp_path: Path, extension: str, value: int) -> None:
    upright = Pillow.fromarray(smooth(40, 64))
    inverse = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
    stored = upright if value == 1 else upright.transpose(TRANSPOSES[inverse[value]])
    exif = Pillow.Exif()
    exif[0x0112], exif[0x010F] = value, "Limner"
    path = tmp_path / f"turned.{extension}"
    stored.save(path, exif=exif, **({"quality": 98} if extension not in LOSSLESS else {}))
    image = read_image(path)
    assert image.pixels.shape == (40, 64, 3)
    assert np.abs(image.pixels.astype(int) - smooth(40, 64)).mean() < 4
    again = tmp_path / f"again.{extension}"
    write_image(again, image.pixels, like=image)
    with Pillow.open(again) as opened:
        assert opened.getexif().get(0x0112, 1) == 1
        assert opened.getexif()[0x010F] == "Limner"
        assert opened.size == (64, 40)
    assert read_image(again).pixels.shape == (40, 64, 3)


def test_heic_orientation(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    exif = Pillow.Exif()
    exif[0x0112] = 6
    Pillow.fromarray(smooth(40, 64)).transpose(Pillow.Transpose.ROTATE_90).save(
        tmp_path / "t.heic", exif=exif.tobytes()
    )
    image = read_image(tmp_path / "t.heic")
    assert image.pixels.shape == (40, 64, 3)
    assert np.abs(image.pixels.astype(int) - smooth(40, 64)).mean() < 4


def _thumbnail_exif() -> bytes:
    """EXIF with camera data, a place, a thumbnail and a preview, packed by hand where Pillow cannot."""
    exif = Pillow.Exif()
    exif[0x0110], exif[0x0132], exif[0x0112] = "Camera", "2026:01:02 03:04:05", 6
    exif[0x8769] = {
        0x829A: 0.01,
        0x9003: "2026:01:02 03:04:05",
        0x927C: b"note\xff\xd8\xffpreview",
        0xA002: 40,
        0xA003: 64,
    }
    exif[0x8825] = {1: "N", 2: (52.0, 30.0, 0.0)}
    packed = exif.tobytes()
    tiff = packed[6:]
    endian = "<" if tiff[:2] == b"II" else ">"
    first = struct.unpack(endian + "I", tiff[4:8])[0]
    count = struct.unpack(endian + "H", tiff[first : first + 2])[0]
    link = first + 2 + 12 * count
    thumbnail = encoded(Pillow.fromarray(smooth(12, 16)), "JPEG")
    at = len(tiff)
    directory = struct.pack(endian + "H", 2)
    directory += struct.pack(endian + "HHII", 0x0201, 4, 1, at + 30) + struct.pack(
        endian + "HHII", 0x0202, 4, 1, len(thumbnail)
    )
    directory += bytes(4)
    return packed[:6] + tiff[:link] + struct.pack(endian + "I", at) + tiff[link + 4 :] + directory + thumbnail


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "avif", "tif"])
def test_exif_is_kept_but_no_thumbnail(tmp_path: Path, extension: str) -> None:
    source = encoded(Pillow.fromarray(smooth(64, 40)), "JPEG", exif=_thumbnail_exif())
    with Pillow.open(io.BytesIO(source)) as opened:
        assert opened.getexif().get_ifd(ExifTags.IFD.IFD1)  # the thumbnail is really there
    image = read_image(source)
    write_image(tmp_path / f"o.{extension}", image.pixels, like=image)
    with Pillow.open(tmp_path / f"o.{extension}") as opened:
        exif = opened.getexif()
        assert exif[0x0110] == "Camera"
        assert exif.get(0x0112, 1) == 1
        camera = exif.get_ifd(0x8769)
        assert camera[0x9003] == "2026:01:02 03:04:05"
        assert float(camera[0x829A]) == pytest.approx(0.01)
        assert (camera[0xA002], camera[0xA003]) == (64, 40)
        assert 0x927C not in camera
        assert exif.get_ifd(0x8825)[1] == "N"
        assert not exif.get_ifd(ExifTags.IFD.IFD1)
        assert b"\xff\xd8\xff" not in (image.exif or b"")


def test_exif_of_a_tiff_does_not_bring_its_strips_along(tmp_path: Path) -> None:
    exif = Pillow.Exif()
    exif[0x010E] = "described"
    image = read_image(encoded(Pillow.fromarray(smooth()), "TIFF", exif=exif, compression="tiff_lzw"))
    write_image(tmp_path / "o.jpg", image.pixels, like=image)
    with Pillow.open(tmp_path / "o.jpg") as opened:
        tags = set(opened.getexif())
    assert 0x010E in tags
    assert not tags & {0x0100, 0x0101, 0x0102, 0x0103, 0x0106, 0x0111, 0x0115, 0x0116, 0x0117}


def test_resolution_is_kept(tmp_path: Path) -> None:
    image = read_image(encoded(Pillow.fromarray(smooth()), "JPEG", dpi=(300, 300)))
    for extension in ("jpg", "png", "tif"):
        write_image(tmp_path / f"o.{extension}", image.pixels, like=image)
        assert read_image(tmp_path / f"o.{extension}").dpi == pytest.approx((300, 300), abs=0.1)


def _with_alpha(mode: str) -> Pillow.Image:
    rgba = Pillow.fromarray(np.dstack([smooth(), np.repeat([[0, 255]], 48, 0).repeat(32, 1).astype(np.uint8)]))
    return rgba.convert(mode)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK"])
def test_opaque_modes(mode: str) -> None:
    picture = Pillow.fromarray(smooth()).convert(mode)
    image = read_image(encoded(picture, "TIFF"))
    assert image.alpha is None
    np.testing.assert_array_equal(image.pixels, np.array(picture.convert("RGB")))


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_modes_with_alpha(mode: str) -> None:
    image = read_image(encoded(_with_alpha(mode)))
    assert image.alpha is not None
    assert (image.alpha[:, :32] == 0).all()
    assert (image.alpha[:, 32:] == 255).all()
    np.testing.assert_array_equal(image.pixels[:, 32:], np.array(_with_alpha(mode).convert("RGB"))[:, 32:])


def test_an_opaque_alpha_channel_is_none() -> None:
    assert read_image(encoded(Pillow.fromarray(smooth()).convert("RGBA"))).alpha is None


def test_palette_with_transparency() -> None:
    palette = Pillow.fromarray(smooth()).quantize(16)
    indices = np.array(palette)
    image = read_image(encoded(palette, "PNG", transparency=int(indices[0, 0])))
    assert image.alpha is not None
    np.testing.assert_array_equal(image.alpha == 0, indices == indices[0, 0])
    gif = read_image(encoded(palette, "GIF", transparency=int(indices[0, 0])))
    assert gif.alpha is not None


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("extension", [".png", ".tiff"])
def test_sixteen_bits_are_scaled_not_clipped(extension: str, channels: int) -> None:
    ramp = np.linspace(0, 65535, 64).round().astype(np.uint16)
    wide = np.tile(ramp, (8, 1))
    if channels > 1:
        wide = np.dstack([wide, wide[:, ::-1], wide // 2, np.full_like(wide, 65535)][:channels])
    bgr = wide if channels == 1 else wide[..., [2, 1, 0, 3][:channels]]
    ok, data = cv2.imencode(extension, bgr)
    assert ok
    pixels = read_image(data.tobytes()).pixels
    expected = np.dstack([wide] * 3) if channels == 1 else wide[..., :3]
    assert np.abs(pixels - expected / 257).max() <= 1.0


def test_adobe_cmyk_jpeg_is_not_a_negative() -> None:
    cmyk = np.zeros((16, 32, 4), np.uint8)
    cmyk[:, 16:] = (0, 255, 255, 0)  # white, then red
    data = encoded(Pillow.fromarray(cmyk, "CMYK"), "JPEG", quality=98)
    assert b"Adobe" in data
    image = read_image(data)
    assert image.pixels[8, 4].min() > 245
    assert image.pixels[8, 28, 0] > 240
    assert image.pixels[8, 28, 1:].max() < 20


def test_float_samples_are_refused() -> None:
    data = encoded(Pillow.fromarray(np.zeros((4, 4), np.float32)), "TIFF")
    with pytest.raises(MediaError, match=r"hdr\.tif: has samples of kind F.*8 or 16 bits"):
        read_image(data, name="hdr.tif")


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "avif", "tif", "heic"])
def test_a_profile_is_applied_kept_and_undone(tmp_path: Path, extension: str) -> None:
    icc, source = wide_profile(), smooth()
    image = read_image(encoded(Pillow.fromarray(source), "PNG", icc_profile=icc))
    expected = ImageCms.profileToProfile(
        Pillow.fromarray(source),
        ImageCms.ImageCmsProfile(io.BytesIO(icc)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    assert np.abs(np.array(expected).astype(int) - source).max() > 40  # the profile does change something
    np.testing.assert_array_equal(image.pixels, np.array(expected))
    assert image.icc == icc
    path = tmp_path / f"o.{extension}"
    write_image(path, image.pixels, like=image, quality=None if extension in LOSSLESS else 98)
    with Pillow.open(path) as opened:
        assert opened.info["icc_profile"] == icc
        written = np.array(opened.convert("RGB")).astype(int)
    # Most of these colours lie outside sRGB, and come back all the same, because nothing has touched them.
    assert np.abs(written - source).max() <= (0 if extension in LOSSLESS else 12)


def test_changed_pixels_go_back_into_the_profile() -> None:
    icc = wide_profile()
    image = read_image(encoded(Pillow.fromarray(smooth()), "PNG", icc_profile=icc))
    pixels = image.pixels.copy()
    pixels[:, :32] = (200, 60, 120)
    buffer = io.BytesIO()
    write_image(buffer, pixels, like=image, format="png")
    again = read_image(buffer.getvalue())
    assert np.abs(again.pixels[:, :32].astype(int) - (200, 60, 120)).max() <= 3
    np.testing.assert_array_equal(again.pixels[:, 32:], image.pixels[:, 32:])


def test_srgb_profile_changes_nothing_and_is_kept(tmp_path: Path) -> None:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = read_image(encoded(Pillow.fromarray(smooth()), "PNG", icc_profile=icc))
    np.testing.assert_array_equal(image.pixels, smooth())
    write_image(tmp_path / "o.png", image.pixels, like=image)
    with Pillow.open(tmp_path / "o.png") as opened:
        assert opened.info["icc_profile"] == icc


@pytest.mark.parametrize("icc", [b"rubbish", wide_profile()[:150], grey_profile(), bytes(500)])
def test_a_profile_that_cannot_be_right_is_ignored(tmp_path: Path, icc: bytes) -> None:
    image = read_image(encoded(Pillow.fromarray(smooth()), "PNG", icc_profile=icc))
    np.testing.assert_array_equal(image.pixels, smooth())
    assert image.icc is None
    write_image(tmp_path / "o.png", image.pixels, like=image)
    with Pillow.open(tmp_path / "o.png") as opened:
        assert "icc_profile" not in opened.info


def test_a_grey_profile_is_applied_and_the_result_is_srgb() -> None:
    grey = np.full((8, 8), 55, np.uint8)
    image = read_image(encoded(Pillow.fromarray(grey), "PNG", icc_profile=grey_profile()))
    assert image.icc is None
    linear = 55 / 255
    assert image.pixels[4, 4] == pytest.approx([255 * (1.055 * linear ** (1 / 2.4) - 0.055)] * 3, abs=2)


def test_a_mask_gets_no_profile(tmp_path: Path) -> None:
    image = read_image(encoded(Pillow.fromarray(smooth()), "PNG", icc_profile=wide_profile()))
    mask = smooth()[..., 0]
    write_image(tmp_path / "m.png", mask, like=image)
    with Pillow.open(tmp_path / "m.png") as opened:
        assert "icc_profile" not in opened.info
        np.testing.assert_array_equal(np.array(opened), mask)


def test_only_the_first_of_several_pictures_is_used() -> None:
    frames = [Pillow.fromarray(smooth() // shade) for shade in (1, 2)]
    for kind, options in (("GIF", {}), ("WEBP", {"lossless": True})):
        image = read_image(encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options), name="a.b")
        assert image.notices == ("a.b: has 2 pictures; only the first is used; limner video takes them all",)
        assert np.abs(image.pixels.astype(int) - smooth()).mean() < 12


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(Pillow.fromarray(smooth()), "PNG"))
    image = read_image(path)
    assert image.format == "PNG"
    assert image.notices == (f"{path}: is PNG by its content, not JPEG; read as that",)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "HEIF", "GIF"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
@pytest.mark.filterwarnings("ignore")
def test_truncated_files_are_one_clear_line(format: str, share: float) -> None:
    if format == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    picture = Pillow.fromarray(np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8))
    data = encoded(picture, format)
    with pytest.raises(MediaError) as caught:
        read_image(data[: max(20, int(len(data) * share))], name="half.x")
    assert str(caught.value).startswith("half.x: is truncated")
    assert "\n" not in str(caught.value)
    assert "0x" not in str(caught.value)


def test_a_wrong_checksum_in_a_png_is_an_error() -> None:
    data = bytearray(encoded(Pillow.fromarray(smooth())))
    data[data.index(b"IDAT") + 30] ^= 0xFF
    with pytest.raises(MediaError, match="truncated or damaged"):
        read_image(bytes(data))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "there is no such file"),
        (lambda path: path.mkdir(), "is a folder, not a photo"),
        (lambda path: path.write_bytes(b""), "is empty"),
        pytest.param(
            lambda path: path.symlink_to("/dev/zero"),
            "is a device, not a photo",
            marks=pytest.mark.skipif(sys.platform == "win32", reason="no devices among its files"),
        ),
        (lambda path: path.write_text("Dear diary, no photo today." * 9), "is no photo that can be read"),
        (lambda path: path.write_bytes(b"%PDF-1.4 ..." * 9), "is no photo that can be read"),
    ],
)
def test_what_is_no_photo(tmp_path: Path, make: Any, says: str) -> None:
    path = tmp_path / "photo.jpg"
    make(path)
    with pytest.raises(MediaError) as caught:
        read_image(path)
    assert str(caught.value).startswith(f"{path}: {says}")


def _claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be huge."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_decompression_bombs_are_refused_before_decoding() -> None:
    before = Pillow.MAX_IMAGE_PIXELS
    with pytest.raises(MediaError, match=r"bomb\.png: has 60000×60000 pixels.*max_pixels"):
        read_image(_claiming(60000, 60000), name="bomb.png")
    assert before == Pillow.MAX_IMAGE_PIXELS
    data = encoded(Pillow.fromarray(smooth(10, 10)))
    assert read_image(data, max_pixels=100).pixels.shape == (10, 10, 3)
    with pytest.raises(MediaError, match="limit of 99"):
        read_image(data, max_pixels=99)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions work otherwise there")
def test_unreadable_files(tmp_path: Path) -> None:
    path = tmp_path / "secret.jpg"
    path.write_bytes(encoded(Pillow.fromarray(smooth()), "JPEG"))
    path.chmod(0)
    try:
        path.read_bytes()
    except PermissionError:
        with pytest.raises(MediaError, match=r"secret\.jpg: may not be read"):
            read_image(path)
    else:
        pytest.skip("this user may read everything")


@pytest.mark.parametrize(
    ("name", "alpha", "options", "says"),
    [
        ("o.gif", False, {}, ".gif is no format that can be written; known are .jpg, .png, .webp"),
        ("o", False, {}, "no extension"),
        ("o.xyz", False, {}, ".xyz is no format"),
        ("o.jpg", True, {}, "JPEG cannot be transparent; formats that can are .png, .webp, .avif, .tif"),
        ("o.bmp", True, {}, "BMP cannot be transparent"),
        ("o.png", False, {"quality": 80}, "PNG is lossless: quality 80"),
        ("o.jpg", False, {"quality": 0}, "quality 0 is out of range: say 1 to 100"),
        ("o.jpg", False, {"quality": 101}, "quality 101"),
        ("o.jpg", False, {"format": "doc"}, "format .doc"),
        ("none/o.jpg", False, {}, "there is no folder"),
        (".", False, {"format": "png"}, "is a folder"),
    ],
)
def test_what_cannot_be_written(tmp_path: Path, name: str, alpha: bool, options: dict, says: str) -> None:
    pixels = smooth() if not alpha else np.dstack([smooth(), smooth()[..., 0]])
    with pytest.raises(LimnerError) as caught:
        write_image(tmp_path / name, pixels, **options)
    assert says in str(caught.value)
    assert not list(tmp_path.rglob("*"))


def test_too_large_for_the_format_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"16384×1 pixels cannot be written as WEBP.*another format"):
        write_image(tmp_path / "o.webp", np.zeros((1, 16384, 3), np.uint8))
    assert not list(tmp_path.iterdir())


def test_a_stream_needs_a_format() -> None:
    with pytest.raises(OptionError, match="format is missing"):
        write_image(io.BytesIO(), smooth())


def test_quality_counts(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for extension in ("jpg", "webp", "avif", "heic"):
        sizes = []
        for quality in (10, 95):
            write_image(tmp_path / f"o.{extension}", noise, quality=quality)
            sizes.append((tmp_path / f"o.{extension}").stat().st_size)
        assert sizes[0] * 1.5 < sizes[1]


def test_links_are_followed_and_permissions_kept(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "o.png"
    real.write_bytes(b"old")
    real.chmod(0o640)
    (tmp_path / "link.png").symlink_to(real)
    write_image(tmp_path / "link.png", smooth())
    assert (tmp_path / "link.png").is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    np.testing.assert_array_equal(read_image(real).pixels, smooth())


def test_sources_of_every_kind(tmp_path: Path) -> None:
    data = encoded(Pillow.fromarray(smooth()))
    (tmp_path / "p.png").write_bytes(data)
    for source in (tmp_path / "p.png", str(tmp_path / "p.png"), data, io.BytesIO(data)):
        image = read_image(source)
        assert isinstance(image, Image)
        np.testing.assert_array_equal(image.pixels, smooth())


def test_heic_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_image(tmp_path / "p.heic", smooth())
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'limner\[heic\]'"):
        read_image(tmp_path / "p.heic")
    with pytest.raises(MissingExtraError, match="pillow-heif"):
        write_image(tmp_path / "o.heic", smooth())


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "RAW"])
def test_formats_are_told_by_content(name: str) -> None:
    if name == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    kind = tell_format(encoded(Pillow.fromarray(smooth()), name)[:256])
    assert kind is FORMATS[name]
    assert tell_format(b"") is None
    assert tell_format(b"\0\0\0\x20ftypisom" + bytes(30)) is None


def test_a_gain_map_is_told() -> None:
    plain = encoded(Pillow.fromarray(smooth()), "JPEG")
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"/>'
    assert read_image(plain).notices == ()
    assert "gain map" in read_image(encoded(Pillow.fromarray(smooth()), "JPEG", xmp=xmp)).notices[0]


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "a.bmp", "a.avif"])
def test_the_head_of_a_file_tells_its_size(tmp_path: Path, name: str) -> None:
    write_image(tmp_path / name, np.zeros((40, 70, 3), np.uint8))
    assert photo_size(tmp_path / name) == (70, 40)


def test_what_is_no_photo_has_no_size(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"nothing")
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing")
    assert [photo_size(tmp_path / name) for name in ("a.jpg", "b.jpg", "none.jpg")] == [None] * 3
