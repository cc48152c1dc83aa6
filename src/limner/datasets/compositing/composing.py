"""Composing: one composite from its number, the same in every run: people, background, things, light, camera."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.augment import scenes
from limner.augment.blending import mix
from limner.augment.camera import lens_blur
from limner.datasets.composites import united
from limner.datasets.compositing import things
from limner.datasets.compositing.casting import Casting, Extra
from limner.datasets.compositing.exposure import Exposure, draw_exposure, expose
from limner.datasets.compositing.figure import Figure, Outline, figure, outline_of
from limner.datasets.compositing.options import CompositeOptions
from limner.datasets.compositing.shadows import Shadow, draw_shadow, on_floor, on_wall
from limner.datasets.compositing.staging import Place, beside, layer, leading
from limner.errors import DataError

Rgb = NDArray[np.uint8]
Mask = NDArray[np.uint8]

_TRIES = 24
"""People who are tried as a further figure."""


@dataclass(slots=True)
class Record:
    """All that a composite was made of, for its row of the manifest.

    Attributes:
        people, background: names of their photos.
        things: what stands in front and behind, a drawn one's kind or a file's name.
        places: of the people, in their order.
        values: what else was drawn.
    """

    people: list[str]
    background: str
    things: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def parameters(self) -> dict[str, Any]:
        """Everything but the names, as JSON values."""
        return {"places": [asdict(place) for place in self.places], **self.values}


@dataclass(frozen=True, slots=True)
class Composite:
    """RGB uint8 (H, W, 3), the exact mask uint8 (H, W), what it was made of, and the photos that it was made from."""

    rgb: Rgb
    mask: Mask
    record: Record
    extras: tuple[Extra, ...]


class Composer:
    """Draws composites of one cast.

    Args:
        casting: who is shown before what.
        options: what is asked for.
    """

    def __init__(self, casting: Casting, options: CompositeOptions) -> None:
        self.casting, self.options = casting, options
        self._outlines: dict[str, Outline] = {}

    def compose(self, number: int) -> Composite:
        """Composite ``number``.

        Raises:
            DataError: one of its photos cannot be read, or its person is too small.
        """
        rng = np.random.default_rng([self.options.seed, number])
        lead = self.casting.lead(number)
        flip = bool(rng.random() < 0.5)
        outline = self._outline(lead, flip=flip)
        place, canvas = leading(outline, self.options.longest, self.options.aspects, rng)
        person = figure(outline, *_loaded(lead, flip=flip), rng, exact=lead.exact)
        backdrop = self.casting.background(lead, rng)
        record = Record([lead.name], backdrop.name, [], [place], {"flip": [flip]})
        cast = [(person, place)]
        extras = [lead, backdrop]
        if self.options.most > 1 and rng.random() < self.options.several:
            extras += self._further(lead, cast, canvas, record, rng)
        scene = _Scene(*self._background(backdrop, canvas, record, rng), record, self.options)
        scene.shadow = draw_shadow(rng) if rng.random() < self.options.shadow else None
        if scene.shadow is not None:
            record.values["shadow"] = asdict(scene.shadow)
        order = sorted(range(len(cast)), key=lambda at: -cast[at][1].depth)
        for at in order:
            if at == 0 and scene.is_close(outline, place) and rng.random() < self.options.chair:
                scene.seat(outline, place, rng)
            scene.add(*cast[at], leads=at == 0, rng=rng)
        if scene.is_close(outline, place) and rng.random() < self.options.things:
            extras += scene.obstruct(outline, place, self.casting, rng)
        seen = Exposure()
        if self.options.camera:
            seen = draw_exposure(rng, self.options.camera, min(canvas))
            record.values["camera"] = asdict(seen)
        return Composite(*expose(scene.image, scene.alpha, seen), record, tuple(extras))

    def _outline(self, extra: Extra, *, flip: bool) -> Outline:
        if extra.name not in self._outlines:
            self._outlines[extra.name] = outline_of(extra.load()[1])
        found = self._outlines[extra.name]
        return found.mirrored() if flip else found

    def _further(
        self,
        lead: Extra,
        cast: list[tuple[Figure, Place]],
        canvas: tuple[int, int],
        record: Record,
        rng: np.random.Generator,
    ) -> list[Extra]:
        """Up to ``most`` − 1 more people, of the lead's pool."""
        wanted = int(rng.integers(1, self.options.most))
        found: list[Extra] = []
        covered = layer(*cast[0], canvas)[1]
        for _ in range(_TRIES):
            extra = self.casting.companion(lead, rng)
            if len(found) == wanted or extra is None:
                break
            if extra.name in record.people:
                continue
            flip = bool(rng.random() < 0.5)
            try:
                outline = self._outline(extra, flip=flip)
            except DataError:
                continue
            place = beside(outline, cast[0][0].outline, cast[0][1], canvas, rng)
            if place is None:
                continue
            person = figure(outline, *_loaded(extra, flip=flip), rng, exact=extra.exact)
            alpha = layer(person, place, canvas)[1]
            if not _shows(alpha, covered, place.depth):
                continue
            covered = np.maximum(covered, alpha)
            cast.append((person, place))
            record.people.append(extra.name)
            record.places.append(place)
            record.values["flip"].append(flip)
            found.append(extra)
        return found

    def _background(
        self, extra: Extra, canvas: tuple[int, int], record: Record, rng: np.random.Generator
    ) -> tuple[Rgb, float]:
        """Part of a photo without people, and by how many pixels it is out of focus."""
        rgb = extra.load()[0]
        height, width = rgb.shape[:2]
        scale = max(canvas[0] / width, canvas[1] / height)
        wide, high = canvas[0] / scale, canvas[1] / scale
        part = rng.uniform(0.6, 1) if scale < 1.2 else rng.uniform(0.85, 1)
        wide, high = wide * part, high * part
        left, top = rng.uniform(0, width - wide), rng.uniform(0, height - high)
        x0, y0, x1, y1 = (
            int(left),
            int(top),
            max(int(left) + 8, round(left + wide)),
            max(int(top) + 8, round(top + high)),
        )
        flip = bool(rng.random() < 0.5)
        view = rgb[y0:y1, x0:x1][:, :: -1 if flip else 1]
        how = cv2.INTER_AREA if view.shape[1] > canvas[0] else cv2.INTER_CUBIC
        image = np.asarray(cv2.resize(view, canvas, interpolation=how), np.uint8)
        defocus = 0.0
        if rng.random() < 0.45:
            defocus = float(rng.uniform(0.004, 0.035)) * min(canvas)
            image = lens_blur(image, max(0.7, defocus))
        record.values["background"] = {"box": [x0, y0, x1, y1], "flip": flip, "defocus": defocus}
        return image, defocus


@dataclass(slots=True)
class _Scene:
    """A picture under composition: RGB uint8 (H, W, 3), and who is in it so far, uint8 (H, W)."""

    image: Rgb
    defocus: float
    record: Record
    options: CompositeOptions
    alpha: Mask = field(init=False)
    backdrop: Rgb = field(init=False)
    shadow: Shadow | None = None

    def __post_init__(self) -> None:
        self.alpha = np.zeros(self.image.shape[:2], np.uint8)
        self.backdrop = self.image

    def add(self, person: Figure, place: Place, *, leads: bool, rng: np.random.Generator) -> None:
        """Put a person before all that is there."""
        height, width = self.alpha.shape
        rgb, alpha = layer(person, place, (width, height))
        noted: dict[str, Any] = {}
        if rng.random() < self.options.light:
            noted |= {"match": float(rng.uniform(0.35, 0.85)), "follow": float(rng.uniform(0.2, 0.8))}
            rgb = scenes.match_light(rgb, alpha, self.backdrop, strength=noted["match"])
            rgb = scenes.follow_light(rgb, alpha, self.backdrop, strength=noted["follow"])
        away = self.defocus * abs(1 - 1 / place.depth)
        if away > 0.6:
            rgb, alpha = _blurred(rgb, alpha, away)
        if self.shadow is not None:
            where = person.outline
            if where.stands:
                feet = place.at(0, where.box[3])[1]
                self.image = on_floor(self.image, alpha, self.shadow, feet=feet, tall=where.tall * place.scale)
            elif self.defocus < 0.012 * min(height, width) and leads:
                self.image = on_wall(self.image, alpha, self.shadow)
        behind = self.image
        self.image = mix(rgb, behind, alpha)
        if rng.random() < 0.35 * self.options.light:
            noted["wrap"] = float(rng.uniform(0.1, 0.5))
            self.image = scenes.light_wrap(self.image, alpha, behind, strength=noted["wrap"])
        self.alpha = united(self.alpha, alpha)
        self.record.values.setdefault("light", []).append(noted)

    def is_close(self, person: Outline, place: Place) -> bool:
        """Whether a person is seen as somebody who sits at a table, or stands at one, is."""
        if person.head is None:
            return False
        feet = place.at(0, person.box[3])[1] < 0.97 * self.alpha.shape[0]
        return not feet and (person.head[3] - person.head[1]) * place.scale > 0.16 * self.alpha.shape[0]

    def seat(self, person: Outline, place: Place, rng: np.random.Generator) -> None:
        """The back of a chair behind a person: from below the chin to the canvas's lower border."""
        assert person.head is not None
        x0, y0, x1, y1 = person.head
        head = (y1 - y0) * place.scale
        x, y = place.at((x0 + x1) / 2, y0)
        top = y + head * float(rng.uniform(0.75, 1.25))
        high = round(self.alpha.shape[0] - top) + 8
        if high < 0.6 * head:
            return
        scale = float(rng.uniform(2.3, 3.2)) * head
        thing = things.chair(max(24, min(high, round(1.3 * scale))), rng)
        if thing.alpha.shape[0] < high:  # longer ones are cut at the border
            grow = high / thing.alpha.shape[0]
            size = round(thing.alpha.shape[1] * min(grow, 1.15)), high
            thing = things.Thing(*(np.asarray(cv2.resize(plane, size), np.uint8) for plane in thing))
        self._put(thing, x + float(rng.normal(0, 0.15)) * head - thing.alpha.shape[1] / 2, top, hides=False)
        self.record.things.append("chair")

    def obstruct(self, person: Outline, place: Place, casting: Casting, rng: np.random.Generator) -> list[Extra]:
        """A thing before the person: one of the user's files, or a drawn one."""
        assert person.head is not None
        x0, y0, x1, y1 = person.head
        head = (y1 - y0) * place.scale
        x, y = place.at((x0 + x1) / 2, y0)
        height = self.alpha.shape[0]
        own = casting.thing(rng)
        if own is not None:
            rgb, alpha = own.load()
            tall = float(rng.uniform(0.5, 1.8)) * head
            scale = tall / alpha.shape[0]
            size = max(4, round(alpha.shape[1] * scale)), max(4, round(tall))
            how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            thing = things.Thing(*(np.asarray(cv2.resize(p, size, interpolation=how), np.uint8) for p in (rgb, alpha)))
            left = x + float(rng.normal(0, 1.1)) * head - size[0] / 2
            top = height - tall * 0.97 if rng.random() < 0.5 else y + head * float(rng.uniform(0.6, 2.5))
            self._put(thing, left, top, hides=True, light=float(rng.uniform(0.2, 0.7)))
            self.record.things.append(own.name)
            return [own]
        names = list(things.FRONT)
        shares = np.array([things.FRONT[name][1] for name in names])
        name = names[int(rng.choice(len(names), p=shares / shares.sum()))]
        draw, _, heights = things.FRONT[name]
        tall = max(8, round(min(float(rng.uniform(*heights)) * head, 0.6 * height)))
        thing = draw(tall, rng)
        left = x + float(rng.normal(0, 0.9)) * head - thing.alpha.shape[1] / 2
        top = max(height - tall * float(rng.uniform(0.55, 0.95)), y + 1.2 * head)  # below the chin
        if top > height - 0.2 * tall:
            return []
        if name == "microphone":
            left = x + float(rng.choice([-1, 1]) * rng.uniform(0.1, 0.6)) * head - 2 * tall
            top = y + head * float(rng.uniform(0.75, 1.2))
        self._put(thing, left, top, hides=True, light=float(rng.uniform(0.2, 0.7)))
        self.record.things.append(name)
        return []

    def _put(self, thing: things.Thing, left: float, top: float, *, hides: bool, light: float = 0.5) -> None:
        height, width = self.alpha.shape
        matrix = np.array([[1, 0, left], [0, 1, top]], np.float64)
        rgb = np.asarray(cv2.warpAffine(thing.rgb, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)
        alpha = np.asarray(cv2.warpAffine(thing.alpha, matrix, (width, height)), np.uint8)
        rgb = scenes.match_light(rgb, alpha, self.backdrop, strength=light)
        if hides:
            self.image, self.alpha = scenes.put_in_front(self.image, self.alpha, rgb, alpha)
        else:
            self.image = mix(rgb, self.image, alpha)


def _loaded(extra: Extra, *, flip: bool) -> tuple[Rgb, Mask]:
    rgb, mask = extra.load()
    return (np.ascontiguousarray(rgb[:, ::-1]), np.ascontiguousarray(mask[:, ::-1])) if flip else (rgb, mask)


def _blurred(rgb: Rgb, alpha: Mask, radius: float) -> tuple[Rgb, Mask]:
    """Somebody out of focus: colours weighed by alpha, so that no halo of what lies outside surrounds them."""
    weight = np.maximum(alpha, 1)
    spread = lens_blur(np.asarray(cv2.merge([weight] * 3), np.uint8), max(0.7, radius)).astype(np.float32)
    sums = lens_blur(np.asarray(cv2.multiply(rgb, cv2.merge([weight] * 3), scale=1 / 255), np.uint8), max(0.7, radius))
    own = cv2.divide(sums.astype(np.float32) * 255, np.maximum(spread, 1), dtype=cv2.CV_8U)
    soft = lens_blur(np.asarray(cv2.merge([alpha] * 3), np.uint8), max(0.7, radius))[..., 0]
    return np.where((spread < 8), rgb, np.asarray(own, np.uint8)), np.ascontiguousarray(soft)


def _shows(alpha: Mask, covered: Mask, depth: float) -> bool:
    """Whether enough is seen of a further person who is behind, or of the others if that one is in front."""
    whole = int((alpha > 127).sum())
    if whole < 0.008 * alpha.size:
        return False
    both = int(((alpha > 127) & (covered > 127)).sum())
    return both < 0.6 * whole if depth > 1 else both < 0.3 * int((covered > 127).sum())
