"""A relay looks like its source from outside, whether mattes come at once or later, and treats every one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from limner.errors import OptionError
from limner.frame import Frame
from limner.matte import Matte
from limner.segment.edge import Edge
from limner.segment.relay import Relay, ask

FRAMES = [np.full((4, 6, 3), index, np.uint8) for index in range(5)]


def matte(level: float) -> Matte:
    return Matte(np.full((4, 6), level, np.float32))


class AtOnce:
    """Gives a matte that says which frame it is of, and keeps what it was asked with."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def matte(self, frame: Frame, **given: Any) -> Matte:
        self.asked.append(given)
        return matte(float(frame[0, 0, 0]) / 10)


class Later(AtOnce):
    """Gives each frame one later, with its tag."""

    delay = 1

    def __init__(self) -> None:
        super().__init__()
        self.held: list[tuple[Any, Frame]] = []
        self.seen: list[Frame] = []
        self.resets = 0

    def ahead(self, frame: Frame) -> None:
        self.seen.append(frame)

    def push(self, frame: Frame, tag: Any = None) -> list[tuple[Any, Frame, Matte]]:
        self.held.append((tag, frame))
        return self._give(1)

    def flush(self) -> list[tuple[Any, Frame, Matte]]:
        return self._give(0)

    def reset(self) -> None:
        self.resets += 1

    def _give(self, keep: int) -> list[tuple[Any, Frame, Matte]]:
        ready, self.held = self.held[: len(self.held) - keep], self.held[len(self.held) - keep :]
        return [(tag, frame, self.matte(frame)) for tag, frame in ready]


class Halved(Relay):
    def treat(self, frame: Frame, matte: Matte) -> Matte:
        return Matte(matte.alpha / 2)


def levels(results: list[tuple[Any, Frame, Matte]]) -> list[tuple[Any, int, float]]:
    return [(tag, int(frame[0, 0, 0]), round(float(made.alpha[0, 0]), 3)) for tag, frame, made in results]


def test_a_source_that_gives_at_once() -> None:
    relay = Halved(source := AtOnce())
    assert relay.delay == 0
    assert relay.matte(FRAMES[4]).alpha[0, 0] == np.float32(0.2)
    previous = matte(0.5)
    relay.matte(FRAMES[1], previous=previous)
    assert [given.get("previous") for given in source.asked] == [None, previous]
    assert source.asked[0] == {}  # who takes no matte before is not asked with one
    assert levels(relay.push(FRAMES[2], "tag")) == [("tag", 2, 0.1)]
    assert relay.flush() == []
    relay.reset()
    relay.ahead(FRAMES[0])


def test_a_source_that_looks_ahead() -> None:
    relay = Halved(source := Later())
    assert relay.delay == 1
    assert relay.push(FRAMES[1], "a") == []
    assert levels(relay.push(FRAMES[2], "b")) == [("a", 1, 0.05)]
    assert levels(relay.flush()) == [("b", 2, 0.1)]
    relay.ahead(FRAMES[3])
    assert source.seen == [FRAMES[3]]
    relay.reset()
    assert source.resets == 1


def test_a_plain_relay_changes_nothing() -> None:
    given = AtOnce().matte(FRAMES[3])
    assert Relay(AtOnce()).treat(FRAMES[3], given) is given
    assert levels(Relay(AtOnce()).push(FRAMES[3])) == [(None, 3, 0.3)]


@pytest.mark.parametrize("edge", [None, Edge(threshold=0.4)])
@pytest.mark.parametrize("previous", [None, matte(0.1)])
def test_only_what_somebody_gave_is_passed_on(edge: Edge | None, previous: Matte | None) -> None:
    class WithAnEdge(AtOnce):
        edge = Edge()

    source = WithAnEdge()
    ask(source, FRAMES[0], previous, edge)
    assert source.asked == [
        {name: value for name, value in (("previous", previous), ("edge", edge)) if value is not None}
    ]


def test_a_source_that_draws_its_own_edges_takes_none() -> None:
    with pytest.raises(OptionError, match="AtOnce draws its edges its own way; leave it out"):
        ask(AtOnce(), FRAMES[0], None, Edge())
