"""One net of people: a model file in a runtime, fed from a frame and read as its card says."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from limner.errors import ModelError
from limner.kinds import ONNX
from limner.matte import Matte
from limner.models.card import ModelCard
from limner.models.catalogue import ModelFile
from limner.models.ensemble_card import EnsembleCard
from limner.runtimes.base import Array, Runtime
from limner.runtimes.batches import Batching, load_for_batches
from limner.runtimes.loading import AUTO, load_runtime
from limner.segment.example import example_inputs
from limner.segment.fit import check_fit
from limner.segment.memory import MoreInputs
from limner.segment.plausible import check_values
from limner.segment.postprocess import confidence, is_sound, person_probability, read_shape
from limner.segment.preprocess import Preprocessor, unplace
from limner.segment.proportions import best_size
from limner.segment.pyramid import LONGEST_SIDE, Pyramid

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a net says of a frame.

    Attributes:
        probability: of person, (h, w) float32 in [0, 1], of the whole frame at the net's own output size.
        sound: whether all that the net gave was finite.
        memory: what the net is to be told of it in the next frame, see ``limner.segment.memory``.
        confidence: of whole people, where the probability is of parts of them; None where it is of all.
    """

    probability: Float32
    sound: bool
    memory: Any = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What a net is given for a frame.

    Attributes:
        feeds: its inputs by name.
        size: (height, width) of the picture that they were made from.
        input: (height, width) of the input that they are for.
    """

    feeds: Mapping[str, Array]
    size: tuple[int, int]
    input: tuple[int, int]


class RuntimeFacts(Protocol):
    """What really runs a net, or several; see ``limner.runtimes.base.Runtime``."""

    @property
    def name(self) -> str: ...

    @property
    def device(self) -> str: ...

    @property
    def threads(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Together:
    """What really runs several nets."""

    name: str
    device: str
    threads: int


def together(runtimes: Sequence[RuntimeFacts]) -> RuntimeFacts:
    """Of several nets: names and devices with " + " between them where they differ."""

    def joined(values: list[str]) -> str:
        return " + ".join(dict.fromkeys(values))

    return Together(
        name=joined([runtime.name for runtime in runtimes]),
        device=joined([runtime.device for runtime in runtimes]),
        threads=max(runtime.threads for runtime in runtimes),
    )


def not_finite(model: str, runtime: RuntimeFacts) -> ModelError:
    """The error of a net whose output has NaN or infinity in it."""
    return ModelError(
        f"model {model!r}: its output is not finite (NaN or infinity) on {runtime.name}, "
        f"{runtime.device}; try another ‹runtime› or ‹device›, and check the file with `limner inspect`"
    )


class PersonNet(Protocol):
    """Anything that finds people in a frame: one net, or an ensemble of several."""

    @property
    def card(self) -> ModelCard | EnsembleCard: ...

    @property
    def runtime(self) -> RuntimeFacts: ...

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) that it sees; of an ensemble the largest."""

    @property
    def takes_previous(self) -> bool:
        """Whether it looks at the matte before."""

    def see(self, pyramid: Pyramid, previous: Matte | None) -> Seen:
        """Runs on a frame; ModelError where the output is not what the card says."""


class Net:
    """A model file. Arguments and errors as for ``limner.Segmenter``.

    A .onnx file whose card gives it other input sizes is loaded at each of them when a frame of its proportions comes.

    Args:
        batch: load it so that several frames go through it at once, see `limner.runtimes.batches`.
    """

    def __init__(
        self, found: ModelFile, *, runtime: str, device: str, threads: int | None, batch: bool = False
    ) -> None:
        self._card, self._path, self._runtime, self._whole = found.card, found.path, runtime, found.whole
        self._device, self._threads, self._batch = device, threads, batch
        self._loading = threading.Lock()
        self._sized = {self.size: self._load(found.card)}
        self._fixed = found.path.suffix.lower() != ONNX
        if runtime == AUTO:  # what was found to be the fastest is not measured again for other sizes
            self._runtime = self.runtime.name

    @property
    def card(self) -> ModelCard:
        """Of the model."""
        return self._card

    @property
    def batching(self) -> Batching:
        """The model as it was loaded first, at the card's size."""
        return self._sized[self.size].batching

    @property
    def runtime(self) -> RuntimeFacts:
        """What runs it."""
        return self.batching.runtime

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the input that the card names first."""
        return self._card.input.size

    @property
    def takes_previous(self) -> bool:
        """Whether the image has a fourth channel for the matte before, or the net an input or states for it."""
        return self._card.input.channels == 4 or self._card.state is not None or bool(self._card.states)

    def see(self, pyramid: Pyramid, previous: Matte | None) -> Seen:
        """Runs the net on a frame."""
        prepared = self.prepare(pyramid, previous)
        return self.read(self.run([prepared])[0], prepared)

    def prepare(self, pyramid: Pyramid, previous: Matte | None) -> Prepared:
        """What the net is given for a frame."""
        small = pyramid.small.shape
        sized = self._at(self.size if self._fixed else best_size(self._card.input, (small[0], small[1])))
        # A frame shrunk by halves may be half of what the net sees, and a part of one even less: large inputs are made
        # from the frame itself.
        large = max(sized.card.input.size) > LONGEST_SIDE // 2 or max(small[:2]) < max(sized.card.input.size)
        image = pyramid.full if large else pyramid.small
        feeds = sized.preprocess.feeds(image, None if previous is None else previous.alpha)
        feeds |= sized.more.feeds(None if previous is None else previous.memory)
        return Prepared(feeds, (image.shape[0], image.shape[1]), sized.card.input.size)

    def run(self, prepared: Sequence[Prepared]) -> list[dict[str, Array]]:
        """The net's outputs by name for each of several frames; those of one input size at once where it can."""
        outputs: list[dict[str, Array]] = [{}] * len(prepared)
        for size in dict.fromkeys(one.input for one in prepared):
            places = [place for place, one in enumerate(prepared) if one.input == size]
            try:
                found = self._at(size).batching.run([prepared[place].feeds for place in places])
            except ModelError as error:
                raise self._explained(error) from None
            for place, output in zip(places, found, strict=True):
                outputs[place] = output
        return outputs

    def read(self, outputs: Mapping[str, Array], prepared: Prepared) -> Seen:
        """What the net's outputs say of a frame."""
        sized = self._at(prepared.input)
        card = sized.card
        output = outputs.get(card.output.name)
        if output is None:
            raise ModelError(f"card of {card.name!r}: the model gives no output {card.output.name!r}")
        maps = read_shape(output.shape, card)
        check_values(output, card, classes=maps.class_axis is not None)
        probability = person_probability(output, card)
        probability = unplace(probability, prepared.size, card.input)
        sure = None if sized.whole is None else confidence(person_probability(output, sized.whole))
        return Seen(probability, is_sound(output), sized.more.keep(outputs), sure)

    def _at(self, size: tuple[int, int]) -> _Sized:
        """The model at one of its input sizes."""
        found = self._sized.get(size)
        if found is None:
            with self._loading:
                spec = replace(self._card.input, size=size, other_sizes=())
                card = replace(self._card, input=spec)
                first = self._sized[self.size].batching
                if self._takes_any_size(first.runtime):  # the file leaves its size open
                    found = self._sized.get(size) or self._fed(card, first)
                else:
                    found = self._sized.get(size) or self._load(card)
                self._sized[size] = found
        return found

    def _explained(self, error: ModelError) -> ModelError:
        """With what to do where a runtime may not take the smallest states for those of a first frame."""
        if all(state.shape is not None for state in self._card.states):
            return error
        return ModelError(
            f"{error}; where the file leaves the sizes of its states open, {self.runtime.name} may need them: give "
            f"states of the card of {self._card.name!r} their shape (docs/model-cards.md), or use onnxruntime"
        )

    def _takes_any_size(self, runtime: Runtime) -> bool:
        shape = next(info.shape for info in runtime.inputs if info.name == self._card.input.name)
        return [size for axis, size in zip(self._card.input.layout, shape, strict=True) if axis in "HW"] == [None, None]

    def _load(self, card: ModelCard) -> _Sized:
        example = example_inputs(card)
        runtime, device, threads = self._runtime, self._device, self._threads
        more = {} if card.input.size == self.size else {"resized": (self.size, card.input.size)}
        if self._batch and not (card.states or card.constants):  # which belong to one frame of one stream
            batching = load_for_batches(
                self._path, runtime=runtime, device=device, threads=threads, example=example, **more
            )
        else:
            loaded = load_runtime(self._path, runtime=runtime, device=device, threads=threads, example=example, **more)
            batching = Batching(loaded, "one by one")
        return self._fed(card, batching)

    def _fed(self, card: ModelCard, batching: Batching) -> _Sized:
        tensor = check_fit(card, batching.runtime)
        whole = None if self._whole is None else replace(card, output=self._whole.output)
        return _Sized(card, batching, Preprocessor(card, tensor), MoreInputs(card, batching.runtime.inputs), whole)


@dataclass(frozen=True, slots=True, eq=False)
class _Sized:
    """A model at one input size, which is that of its card here."""

    card: ModelCard
    batching: Batching
    preprocess: Preprocessor
    more: MoreInputs
    whole: ModelCard | None
