"""Edges keyed before a plain backdrop: hair that the net does not see, held things, and what must not change."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmarks.steady_clips import rendered
from limner.errors import OptionError
from limner.evaluation.metrics.mattes import gradient_error, sad
from limner.segment.keying import key
from limner.segment.segmenter import Segmenter

Picture = NDArray[np.uint8]
Alpha = NDArray[np.float32]
GREEN, BLUE, WALL = (60, 180, 75), (40, 80, 190), (150, 148, 145)
HEIGHT, WIDTH = 240, 320


def backdrop(colour: tuple[int, int, int], size: tuple[int, int] = (HEIGHT, WIDTH)) -> NDArray[np.float32]:
    """In a light that falls off to the right."""
    light = np.linspace(1.05, 0.75, size[1], dtype=np.float32)[None, :, None]
    return np.broadcast_to(np.array(colour, np.float32) * light, (*size, 3)).copy()


def seen(picture: NDArray[np.float32], seed: int = 0) -> Picture:
    """By a camera."""
    noise = np.random.default_rng(seed).normal(0, 2, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def body() -> Alpha:
    """What a net finds: head and shoulders, as an ellipse with a soft edge."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    inside = 1 - np.hypot((x - 160) / 55, (y - 170) / 95)
    return np.clip(inside * 20 + 0.5, 0, 1).astype(np.float32)


def person(colour: tuple[int, int, int], alpha: Alpha) -> NDArray[np.float32]:
    picture = backdrop(colour)
    return picture + (np.array((200, 150, 120), np.float32) - picture) * alpha[..., None]


@pytest.mark.parametrize("colour", [GREEN, BLUE, (190, 60, 160)])
def test_hair_that_the_net_does_not_see_is_kept(colour: tuple[int, int, int]) -> None:
    picture, alpha = person(colour, body()), body()
    hair = np.zeros_like(alpha)
    for left in range(120, 200, 8):
        cv2.line(hair, (left, 90), (left + 3, 66), 0.8, 1)
    picture += (np.array((40, 30, 25), np.float32) - picture) * hair[..., None]
    found = key(seen(picture), alpha)
    assert found is not None
    assert found.dtype == np.float32
    strands = (hair > 0.5) & (alpha < 0.05)
    assert found[strands].mean() > 0.55
    away = (cv2.dilate(hair, np.ones((9, 9), np.uint8)) == 0) & (alpha == 0)
    assert found[away].max() < 0.15


def test_a_tie_of_the_backdrops_colour_and_what_lies_far_away_stay_as_the_net_says() -> None:
    alpha = body()
    picture = person(GREEN, alpha)
    picture[150:220, 152:168] = GREEN
    picture[:, :22] = (40, 40, 45)  # the screen ends here
    picture[20:50, 280:310] = (250, 240, 200)  # a lamp
    found = key(seen(picture), alpha)
    assert found is not None
    assert found[150:200, 152:168].min() == 1
    assert found[:, :22].max() == 0
    assert found[20:50, 280:310].max() == 0


def test_a_held_thing_comes_back_and_a_thing_apart_does_not() -> None:
    alpha = body()
    picture = person(GREEN, alpha)
    picture[120:150, 205:245] = (180, 40, 40)  # touches the arm
    picture[120:150, 55:85] = (180, 40, 40)
    found = key(seen(picture), alpha)
    assert found is not None
    assert found[124:146, 212:240].min() == 1
    assert found[120:150, 55:85].max() == 0


def test_a_shadow_on_the_backdrop_is_no_person() -> None:
    alpha = body()
    shade = cv2.GaussianBlur(np.roll(alpha, 18, axis=1), (0, 0), 6)[..., None]
    picture = backdrop(GREEN) * (1 - 0.2 * shade)
    picture += (np.array((200, 150, 120), np.float32) - picture) * alpha[..., None]
    found = key(seen(picture), alpha)
    assert found is not None
    assert found[(cv2.dilate(alpha, np.ones((7, 7), np.uint8)) == 0)].max() < 0.15


@pytest.mark.parametrize("kind", ["grey", "busy", "nobody", "everywhere", "tiny"])
def test_where_there_is_no_such_backdrop_nothing_is_keyed(kind: str) -> None:
    alpha = body()
    picture = seen(person(WALL if kind == "grey" else GREEN, alpha))
    if kind == "busy":
        picture[::6, :, 0] = 240
        picture[:, ::5, 2] = 220
    if kind in ("nobody", "everywhere"):
        alpha = np.full_like(alpha, kind == "everywhere")
    if kind == "tiny":
        picture, alpha = np.ascontiguousarray(picture[:1, :1]), alpha[:1, :1].copy()
    assert key(picture, alpha) is None


def test_the_edge_of_a_rendered_person_is_nearer_the_truth() -> None:
    cutout = rendered()[0]
    tall = 340
    size = (round(cutout.alpha.shape[1] * tall / cutout.alpha.shape[0]), tall)
    alpha = np.zeros((400, 640), np.float32)
    picture = backdrop(GREEN, (400, 640))
    part = slice(400 - tall, None), slice(200, 200 + size[0])
    alpha[part] = cv2.resize(cutout.alpha, size, interpolation=cv2.INTER_AREA)
    rgb = cv2.resize(cutout.rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    picture[part] += (rgb - picture[part]) * alpha[part][..., None]
    frame = seen(picture)
    segmenter = Segmenter("default")
    keyed = segmenter.sharing_net(edges="key").matte(frame).alpha
    guided = segmenter.matte(frame).alpha
    assert gradient_error(keyed, alpha) < 0.7 * gradient_error(guided, alpha)
    assert sad(keyed, alpha) < sad(guided, alpha)


def test_parts_and_unknown_edges_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="guided, fine, key, not 'green'"):
        Segmenter("default", edges="green")
    done = limner_image(tmp_path, "--edges", "key", "--keep", "hair")
    assert done.returncode == 2
    assert "--edges key" in done.stderr
    assert "--keep" in done.stderr


def test_from_the_command_line(tmp_path: Path) -> None:
    done = limner_image(tmp_path, "--edges", "key", "-e", "mask")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "b.png").exists()


def limner_image(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    Image.fromarray(seen(person(GREEN, body()))).save(folder / "a.png")
    command = [sys.executable, "-m", "limner", "image", "a.png", "-o", "b.png", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
