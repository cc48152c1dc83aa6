"""The cap on the work in flight."""

from __future__ import annotations

import asyncio
import threading

import pytest

from limner.serve.gate import Errand, Gate
from limner.serve.options import Limits
from limner.serve.refusal import GoneError, RefusedError


def test_first_come_first_served_and_no_more_than_the_cap() -> None:
    async def go() -> None:
        gate = Gate(Limits(workers=1, queue=3))
        order: list[int] = []
        release = threading.Event()

        def job(number: int) -> int:
            release.wait(20)
            order.append(number)
            return number

        tickets = [gate.enter() for _ in range(4)]
        with pytest.raises(RefusedError, match="as many as may") as error:
            gate.enter()
        assert (error.value.status, int(error.value.headers["Retry-After"]) >= 1) == (429, True)
        tasks = [
            asyncio.create_task(gate.run(ticket, Errand(30), lambda number=number: job(number)))  # type: ignore[misc]
            for number, ticket in enumerate(tickets)
        ]
        await asyncio.sleep(0.05)
        assert gate.working == 1
        release.set()
        assert await asyncio.gather(*tasks) == order == [0, 1, 2, 3]
        for ticket in tickets:
            ticket.give_back()
            ticket.give_back()  # twice is once
        assert gate.in_flight == gate.working == 0
        await asyncio.wait_for(gate.idle(), 1)
        gate.close()

    asyncio.run(go())


def test_a_job_out_of_time_keeps_its_place_until_its_worker_is_done() -> None:
    async def go() -> None:
        gate = Gate(Limits(workers=1, queue=0))
        release = threading.Event()
        ticket, errand = gate.enter(), Errand(0.05)

        def job() -> None:
            release.wait(20)
            errand.check()

        with pytest.raises(RefusedError, match=r"no result within 0\.05 s") as error:
            await gate.run(ticket, errand, job)
        assert error.value.status == 503
        ticket.give_back()
        assert (gate.in_flight, gate.working) == (1, 1)
        with pytest.raises(GoneError):
            errand.check()
        release.set()
        await asyncio.wait_for(gate.idle(), 20)
        assert gate.working == 0
        gate.close()

    asyncio.run(go())


def test_a_job_that_waits_can_be_given_up() -> None:
    async def go() -> None:
        gate = Gate(Limits(workers=1, queue=1))
        release = threading.Event()
        first = asyncio.create_task(gate.run(gate.enter(), Errand(30), lambda: release.wait(20)))
        ticket, begun = gate.enter(), []
        second = asyncio.create_task(gate.run(ticket, Errand(30), lambda: begun.append(1)))
        await asyncio.sleep(0.05)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        ticket.give_back()
        assert gate.in_flight == 1
        release.set()
        await first
        assert begun == []
        gate.close()

    asyncio.run(go())


def test_a_gate_that_drains_takes_nobody() -> None:
    gate = Gate(Limits())
    gate.check_open()
    gate.draining = True
    with pytest.raises(RefusedError, match="about to end") as error:
        gate.enter()
    assert error.value.status == 503
    assert gate.in_flight == 0
    gate.close()
