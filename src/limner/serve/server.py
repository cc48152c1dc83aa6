"""Runs the application until a signal ends it: what is in flight is finished, and nothing new is taken in."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn

from limner.serve.app import Serving
from limner.serve.options import Limits
from limner.serve.protocol import limited
from limner.threads import opencv_threads

_LONGEST_HEAD = 32_768
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def listen(address: tuple[str, int]) -> socket.socket:
    """A socket that listens at an address of ``limner.address.resolved``.

    Raises:
        OSError: nothing can listen there.
    """
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(128)
    except BaseException:
        made.close()
        raise
    return made


def run(serving: Serving, listener: socket.socket, limits: Limits, *, begun: Callable[[], None]) -> bool:
    """Answers requests until SIGINT or SIGTERM.

    Args:
        serving: of ``build_app``.
        listener: of ``listen``; it is closed.
        limits: what clients may take.
        begun: is called once the server answers.

    Returns:
        Whether all that was in flight got its answer. A second signal, or the end of ``limits.grace``, ends it before.
    """
    config = uvicorn.Config(
        serving.app,
        http=limited(limits),
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=int(max(1, min(5, limits.head_seconds))),
        h11_max_incomplete_event_size=_LONGEST_HEAD,
        timeout_graceful_shutdown=1,
    )
    for name in ("uvicorn.error", "python_multipart"):  # clients' faults; ours are told by the door
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    with opencv_threads(1):  # each worker is one
        return asyncio.run(_until_signal(_Server(config), serving, listener, limits, begun))


class _Server(uvicorn.Server):
    """uvicorn's, which leaves signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _until_signal(
    server: _Server, serving: Serving, listener: socket.socket, limits: Limits, begun: Callable[[], None]
) -> bool:
    loop, ending, cut = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    def heed() -> None:
        (cut if ending.is_set() else ending).set()

    heeded = [number for number in _SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    for number in heeded:
        loop.add_signal_handler(number, heed)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started and not running.done():
            await asyncio.sleep(0.01)
        if running.done():
            await running
        begun()
        await ending.wait()
        serving.gate.draining = True
        await serving.end_live()
        waits = [asyncio.create_task(serving.gate.idle()), asyncio.create_task(cut.wait())]
        done, left = await asyncio.wait(waits, timeout=limits.grace, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        return waits[0] in done
    finally:
        server.should_exit = True
        await running
        serving.gate.close()
        serving.close()
        for number in heeded:
            loop.remove_signal_handler(number)
