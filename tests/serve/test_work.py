"""What a worker does, without a server; and that a server's memory stays flat over many photos."""

from __future__ import annotations

import io
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from limner.errors import OptionError
from limner.samples import PORTRAIT
from limner.serve.backgrounds import Backgrounds
from limner.serve.gate import Errand
from limner.serve.models import Models
from limner.serve.refusal import GoneError, RefusedError
from limner.serve.work import Asked, Work
from serve_parts import PHOTO, Server, serving

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def work() -> Work:
    return Work(Models(("tiny",), runtime="onnxruntime"), Backgrounds(None, 10**7), 10**7)


def test_options_reach_the_model(work: Work) -> None:
    soft = work.picture(Asked(PHOTO, {"effect": "mask", "format": "png"}), Errand(60))
    hard = work.picture(Asked(PHOTO, {"effect": "mask", "format": "png", "softness": 0.0}), Errand(60))
    with Image.open(io.BytesIO(soft.data)) as one, Image.open(io.BytesIO(hard.data)) as two:
        levels = [len(np.unique(np.asarray(image))) for image in (one, two)]
        assert (levels[0] > 200, levels[1]) == (True, 2)
    assert soft.data == work.picture(Asked(PHOTO, {"effect": "mask", "format": "png"}), Errand(60)).data


def test_quality_where_the_chosen_format_has_none_is_refused(work: Work) -> None:
    with pytest.raises(OptionError, match="quality"):
        work.picture(Asked(PHOTO, {"effect": "cutout", "quality": 50}), Errand(60))


def test_nobody_waits(work: Work) -> None:
    errand = Errand(60)
    errand.give_up()
    for job in (work.picture, work.info):
        with pytest.raises(GoneError):
            job(Asked(PHOTO, {}), errand)
        with pytest.raises(RefusedError, match="no result within"):
            job(Asked(PHOTO, {}), Errand(-1))


def test_info_of_one_of_the_people(work: Work) -> None:
    found = work.info(Asked(PHOTO, {"subject": "2"}), Errand(60))
    assert found.person == 0
    assert found.box is None
    assert len(found.notices) == 1
    assert work.info(Asked(PHOTO, {"subject": "main"}), Errand(60)).person > 0.5


def resident(server: Server) -> float:
    """MiB of the server's memory."""
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024


def photos() -> list[bytes]:
    """Of many sizes, and one that is damaged."""
    found = [PHOTO[:20_000]]
    with Image.open(PORTRAIT) as portrait:
        for width in (90, 333, 720, 1080, 1500, 2000):
            target = io.BytesIO()
            portrait.resize((width, width * 5 // 4)).save(target, "JPEG")
            found.append(target.getvalue())
    return found


@pytest.mark.slow
def test_memory_stays_flat() -> None:
    chance, seeds = random.Random(0), photos()
    effects = ["blur", "mask", "color", "cutout", "bokeh", "replace:teal"]
    with serving("--workers", "2", "--queue", "16") as server, ThreadPoolExecutor(4) as pool:

        def some(count: int) -> None:
            asked = [(chance.choice(effects), chance.choice(seeds)) for _ in range(count)]
            for answer in pool.map(lambda ask: server.post(f"/v1/image?format=webp&effect={ask[0]}", ask[1]), asked):
                assert answer.status in (200, 422)

        some(120)
        before = resident(server)
        seen = []
        for _ in range(4):
            some(100)
            seen.append(resident(server))
        assert min(seen) - before < 32, (before, seen)
