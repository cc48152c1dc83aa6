"""A result replaces nothing that is read for it: backgrounds, presentations, the empty scene."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from limner import samples
from limner.assembly.effect import EffectOptions, build_effect
from limner.effects.fail_closed import FailClosed
from limner.errors import OptionError
from limner.matte import Matte
from limner.processing.replacing import refuse_to_replace
from limner.processing.video import process_video


def _limner(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "limner", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_what_an_effect_reads_is_found(tmp_path: Path) -> None:
    photo, other = tmp_path / "a.jpg", tmp_path / "b.jpg"
    for path in (photo, other):
        shutil.copy(samples.PORTRAIT, path)
    asked = EffectOptions(
        effect=f"replace:{photo},frame_in_frame", settings={"presentation": str(other), "inset_shape": "circle"}
    )
    effect = FailClosed(build_effect(asked))
    assert sorted(effect.files()) == [photo, other]
    assert list(build_effect(EffectOptions(effect="replace:red")).files()) == []
    refuse_to_replace([tmp_path / "new.jpg"], effect.files())
    with pytest.raises(OptionError, match=r"b.jpg: is read as well, for the background; name another place"):
        refuse_to_replace([other], effect.files())
    (tmp_path / "scene.png").touch()
    with pytest.raises(OptionError, match=r"scene.png: is read as well"):
        refuse_to_replace([tmp_path / "scene.png"], [tmp_path / "scene.png"])


def test_the_library_keeps_a_background_too(tmp_path: Path) -> None:
    kept = tmp_path / "back.mp4"
    shutil.copy(samples.CLIP, kept)
    before = kept.read_bytes()
    effect = build_effect(EffectOptions(effect="replace", settings={"background": str(kept)}))
    with pytest.raises(OptionError, match=r"back.mp4: is read as well"):
        process_video(
            samples.CLIP, kept, segment=lambda frame: Matte(np.zeros(frame.shape[:2], np.float32)), effect=effect
        )
    assert kept.read_bytes() == before


@pytest.mark.parametrize(
    ("source", "command"),
    [
        (samples.PORTRAIT, ["image", samples.PORTRAIT, "-o", "back.jpg", "-e", "replace", "-b", "back.jpg"]),
        (samples.PORTRAIT, ["image", samples.PORTRAIT, "-o", "back.jpg", "-e", "replace:./back.jpg"]),
        (samples.CLIP, ["video", samples.CLIP, "-o", "back.mp4", "-e", "replace", "-b", "back.mp4"]),
        (samples.CLIP, ["video", samples.CLIP, "-o", "back.mp4", "-e", "frame_in_frame", "--presentation", "back.mp4"]),
        (samples.CLIP, ["camera", "--camera", "back.mp4", "--once", "--no-window", "--record", "back.mp4"]),
    ],
)
def test_a_background_survives_being_named_as_the_result(tmp_path: Path, source: Path, command: list[object]) -> None:
    kept = tmp_path / f"back{source.suffix}"
    shutil.copy(source, kept)
    before = hashlib.sha256(kept.read_bytes()).digest()
    done = _limner(*command, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"--output {kept.name}: is read as well" in done.stderr
    assert hashlib.sha256(kept.read_bytes()).digest() == before
    assert list(tmp_path.iterdir()) == [kept]
