"""Workers as processes: what they answer, and what becomes of a job whose worker dies or hangs."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import termios
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psutil
import pytest

from limner.errors import LimnerError
from limner.serve import crew as front
from limner.serve.crew import Crew
from limner.serve.gate import Errand
from limner.serve.options import Limits, ServeOptions
from limner.serve.refusal import GoneError, RefusedError
from limner.serve.work import Asked
from limner.serve.workplace import Threads
from serve_parts import PHOTO, Answer, serving

OPTIONS = ServeOptions(models=("tiny",), runtime="onnxruntime", limits=Limits(workers=1))


def process() -> psutil.Process:
    """The crew's only one."""
    (found,) = (child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline()))
    return found


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    made = Crew(OPTIONS)
    yield made
    child = process()
    made.close()
    assert not child.is_running()


def info(crew: Any, errand: Errand | None = None, **said: Any) -> Any:
    return crew.do("info", errand or Errand(60), Asked(PHOTO, said))


@dataclass
class Stopped:
    """A process that stands still and has a job, the job's errand, who waits for it, and what is raised there."""

    child: psutil.Process
    errand: Errand
    raised: list[BaseException]
    waiting: threading.Thread

    def error(self) -> BaseException:
        self.waiting.join(60)
        (error,) = self.raised
        return error


def stopped_at_a_job(crew: Crew, seconds: float) -> Stopped:
    info(crew)  # it is there, and has loaded its model
    child, errand, raised = process(), Errand(seconds), []
    child.suspend()

    def wait() -> None:
        try:
            info(crew, errand)
        except BaseException as error:
            raised.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    connection, until = crew._workers[0]._connection, time.monotonic() + 30
    assert connection is not None
    while not int.from_bytes(fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder):
        assert time.monotonic() < until  # the job is on its way
        time.sleep(0.01)
    return Stopped(child, errand, raised, waiting)


def test_it_answers_what_threads_answer(crew: Crew) -> None:
    threads = Threads(OPTIONS)
    assert crew.facts == threads.facts
    one, other = info(crew), info(threads)
    assert (one.person, one.box, one.model) == (other.person, other.box, "tiny")
    asked = Asked(PHOTO, {"effect": "cutout"})
    assert crew.do("picture", Errand(60), asked).data == threads.do("picture", Errand(60), asked).data


def test_what_is_wrong_with_a_job_is_told_as_it_is(crew: Crew) -> None:
    with pytest.raises(RefusedError, match=r"softness must .* not 7") as error:
        info(crew, softness=7.0)
    assert error.value.status == 422
    with pytest.raises(RuntimeError, match=r"in a worker:(.|\n)*TypeError"):
        crew.do("info", Errand(60), Asked(PHOTO, {}), "one too many")
    with pytest.raises(RefusedError, match="no result within") as error:
        info(crew, Errand(0))
    assert error.value.status == 503
    assert info(crew).person > 0.5


def test_a_process_that_dies_costs_its_job_alone(crew: Crew) -> None:
    before = crew.lost
    stopped = stopped_at_a_job(crew, 60)
    stopped.child.kill()
    error = stopped.error()
    assert isinstance(error, RefusedError)
    assert error.status == 500
    assert "ended (killed by signal 9" in str(error)
    assert info(crew).person > 0.5
    assert crew.lost == before + 1
    process().kill()  # while it is idle
    while crew.alive():
        time.sleep(0.01)
    assert info(crew).person > 0.5
    assert crew.lost == before + 2
    assert crew.memory()["0"] > 10**7


def test_a_process_that_hangs_is_replaced(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "_PATIENCE", 0.1)
    stopped = stopped_at_a_job(crew, 2)
    error = stopped.error()
    assert isinstance(error, RefusedError)
    assert error.status == 503
    assert not stopped.child.is_running()
    assert info(crew).person > 0.5


def test_a_job_that_nobody_waits_for_is_given_up(crew: Crew) -> None:
    stopped = stopped_at_a_job(crew, 60)
    stopped.errand.give_up()
    time.sleep(0.5)  # the word is on its way; where it comes too late the job is done instead
    stopped.child.resume()
    stopped.waiting.join(60)
    assert all(isinstance(error, GoneError) for error in stopped.raised)
    assert info(crew).person > 0.5
    assert process() == stopped.child


def test_what_cannot_be_loaded_is_told() -> None:
    with pytest.raises(LimnerError, match="no model 'nothing'"):
        Crew(ServeOptions(models=("nothing",), runtime="onnxruntime", limits=Limits(workers=2)))


def test_a_server_of_processes_ends_as_one_and_answers_what_it_has() -> None:
    with serving("--worker-class", "processes", "--workers", "2", "--model", "tiny") as server:
        everybody = [psutil.Process(server.process.pid), *psutil.Process(server.process.pid).children()]
        answers: list[Answer] = []
        threads = [threading.Thread(target=lambda: answers.append(server.post("/v1/image"))) for _ in range(4)]
        for thread in threads:
            thread.start()
        server.wait_for("limner_in_flight", 4)
        for one in reversed(everybody):  # as systemd does
            os.kill(one.pid, signal.SIGTERM)
        for thread in threads:
            thread.join()
        assert [answer.status for answer in answers] == [200] * 4
        assert server.process.wait(60) == 0
        assert psutil.wait_procs(everybody, timeout=30)[1] == []


def test_no_process_outlives_a_server_that_is_killed_or_knows_its_key() -> None:
    key = "a-key-of-the-tests-0123456789"
    ways = ("--worker-class", "processes", "--workers", "1", "--model", "tiny")
    with serving(*ways, LIMNER_SERVE_KEY=key) as server:
        children = psutil.Process(server.process.pid).children()
        assert children
        assert all(key not in child.environ().values() for child in children)
        text = server.ask("GET", "/metrics", headers={"Authorization": f"Bearer {key}"}).body.decode()
        assert 'limner_worker_resident_bytes{worker="0"}' in text
        assert "limner_workers_lost_total 0.0" in text
        server.process.kill()
        assert psutil.wait_procs(children, timeout=30)[1] == []
