"""What each container can hold beside the picture, and what is made of the rest."""

from __future__ import annotations

from collections.abc import Mapping

from limner.media.sound import AAC, FLAC, OPUS

# What players of each container understand; None: whatever the muxer takes.
_WIDTHS = ("s16", "s24", "s32", "f32", "f64")
_PCM = {"pcm_u8", "pcm_s8", "pcm_alaw", "pcm_mulaw", *(f"pcm_{kind}{end}" for kind in _WIDTHS for end in ("le", "be"))}
AUDIO: Mapping[str, set[str] | None] = {
    "mp4": {"aac", "mp3", "mp2", "ac3", "eac3", "alac", "flac", "opus", "mp3float"},
    "mov": {"aac", "mp3", "mp3float", "mp2", "ac3", "eac3", "alac", "amrnb", "amr_nb", "amr_wb", *_PCM},
    "matroska": None,
    "webm": {"opus", "vorbis"},
    "mpegts": {"aac", "mp3", "mp3float", "mp2", "ac3", "eac3", "opus"},
}
AUDIO_ENCODER = {"mp4": AAC, "mov": AAC, "matroska": FLAC, "webm": OPUS, "mpegts": AAC}
SUBTITLES: Mapping[str, set[str]] = {
    "mp4": {"mov_text"},
    "mov": {"mov_text"},
    "matroska": {"subrip", "srt", "ass", "ssa", "webvtt", "pgssub", "dvdsub", "dvbsub", "hdmv_pgs_subtitle"},
    "webm": {"webvtt"},
    "mpegts": {"dvbsub", "dvb_subtitle"},
}
SUBTITLE_ENCODER = {"mp4": "mov_text", "mov": "mov_text", "matroska": "subrip", "webm": "webvtt"}
BITMAP = {"pgssub", "dvdsub", "dvbsub", "xsub", "hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle"}
# QuickTime numbers its languages by names that are not all of ISO 639-2/T.
QUICKTIME = {"deu": "ger", "nld": "dut", "swe": "sve", "ell": "gre", "isl": "ice", "fas": "per", "zho": "chi"}
COVERS = {"mjpeg": ("jpg", "image/jpeg"), "png": ("png", "image/png")}
