"""Who has to go when there are too many."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from limner.web.clients import Clients
from limner.web.inbox import Limits

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pairs() -> Iterator[list[Pair]]:
    with ExitStack() as stack:
        made = [socket.socketpair() for _ in range(5)]
        for ours, theirs in made:
            stack.enter_context(ours)
            stack.enter_context(theirs)
            theirs.settimeout(0)
        yield made


def is_open(pair: Pair) -> bool:
    try:
        return pair[1].recv(1) != b""
    except BlockingIOError:
        return True


def test_the_one_that_waits_for_longest_goes_first(pairs: list[Pair]) -> None:
    clients = Clients(Limits(connections=3))
    first, second, third, new = (ours for ours, _ in pairs[:4])
    assert all(clients.admit(connection) for connection in (first, second, third))
    assert clients.note(second, answered=True)
    assert clients.note(first, answered=False)  # has just had an answer
    assert clients.admit(new)
    assert [is_open(pair) for pair in pairs[:4]] == [True, True, False, True]
    assert not clients.note(third, answered=True)
    assert clients.note(first, answered=True)


@pytest.mark.parametrize(("stall", "room"), [(60.0, False), (0.0, True)])
def test_those_that_are_answered_go_only_when_they_take_nothing(pairs: list[Pair], stall: float, room: bool) -> None:
    clients = Clients(Limits(connections=2, stall_seconds=stall))
    for ours, _ in pairs[:2]:
        clients.admit(ours)
        clients.note(ours, answered=True)
    clients.note(pairs[0][0], answered=True)
    assert clients.admit(pairs[2][0]) is room
    assert [is_open(pair) for pair in pairs[:2]] == [True, not room]


def test_a_process_that_may_open_few_files_has_few_clients(pairs: list[Pair], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (38, 38))
    clients = Clients(Limits())
    assert all(clients.admit(ours) for ours, _ in pairs)
    assert [is_open(pair) for pair in pairs] == [False, True, True, True, True]


def test_who_has_left_takes_no_room(pairs: list[Pair]) -> None:
    clients = Clients(Limits(connections=1))
    clients.admit(pairs[0][0])
    clients.forget(pairs[0][0])
    assert clients.admit(pairs[1][0])
    assert is_open(pairs[0])
    clients.hang_up()
    assert [is_open(pair) for pair in pairs[:2]] == [True, False]
