"""A target: parcels go to a process of its own that sends them on, and that is started again whenever it fails."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Literal

from limner.children import leaving_interrupts_to_us
from limner.errors import MediaError
from limner.streams.address import Address
from limner.streams.parcel import Parcel
from limner.streams.wire import write_order, write_parcel

State = Literal["connecting", "running", "lost", "ended"]

BACKLOG = 3.0
"""Seconds that may wait for a target before all that waits is dropped."""
_FILE_BACKLOG = 60
"""Parcels that may wait for a file where nothing is dropped."""
_LOADING = 30.0
"""Seconds that a sender may take for itself before it is ready to open the target."""
_STEADY = 10.0
"""Seconds that a connection must last for the next attempt to come at once."""


class Target:
    """Sends to one address from threads and a process of its own; `put` never waits, unless told to.

    What cannot be sent in time is dropped, up to the next key frame. A target that is lost is opened again, ever more
    slowly, while it has one of its own: others do not notice. A file is not: what failed once would fail again.

    Args:
        address: of `limner.streams.address.parse_target`.
        patience: seconds that opening it, or sending one parcel, may take.
        retry: seconds before the first and, at most, between later attempts.
        waits: `put` waits for room instead of dropping anything.
        on_change: told when the state changes, with what is wrong if it is lost; in one of its threads.

    Attributes:
        state: "connecting", "running", "lost" until it is there again, "ended" when it is over.
        fault: what is wrong, or was at the end.
        sent: pictures that the sender handed on.
        dropped: pictures that were not sent.
        losses: how often it was lost after it had been running.
        opened: it ran at least once.
        finished: a file is whole, or the server was told of the end.
    """

    def __init__(
        self,
        address: Address,
        *,
        patience: float = 10.0,
        retry: tuple[float, float] = (0.5, 8.0),
        waits: bool = False,
        on_change: Callable[[Target, State, str], None] | None = None,
    ) -> None:
        self.address = address
        self._patience, self._retry, self._waits, self._on_change = patience, retry, waits, on_change
        self.state: State = "connecting"
        self.fault = ""
        self.sent = self.dropped = self.losses = 0
        self.opened = self.finished = False
        self.notices: list[str] = []
        self._changed = threading.Condition()
        self._waiting: deque[Parcel] = deque()
        self._needs_key = True
        self._closing = self._abandoned = False
        self._header = b""
        self._process: subprocess.Popen[bytes] | None = None
        self._unanswered = 0
        self._busy_since: float | None = None
        self._thread = threading.Thread(target=self._work, name="limner-target", daemon=True)

    def start(self, header: bytes) -> None:
        """Begins to send.

        Args:
            header: of `limner.streams.encoder.LiveEncoder`.
        """
        self._header = header
        self._thread.start()

    def put(self, parcel: Parcel) -> None:
        """Takes what comes next. Any thread may call this."""
        with self._changed:
            if self._waits:
                self._changed.wait_for(lambda: len(self._waiting) < _FILE_BACKLOG or not self._takes())
            if not self._takes():
                self.dropped += parcel.stream == 0
                return
            if self._needs_key:
                if parcel.stream != 0 or not parcel.key:
                    self.dropped += parcel.stream == 0
                    return
                self._needs_key = False
            self._waiting.append(parcel)
            if not self._waits and parcel.seconds - self._waiting[0].seconds > BACKLOG:
                self._drop()
            self._changed.notify_all()
        self.check()

    def check(self) -> None:
        """Ends a sender that has been busy with one thing for too long. Called by `put`, and to be called between."""
        since, process = self._busy_since, self._process
        if since is not None and process is not None and time.monotonic() - since > self._patience:
            self._busy_since = None
            self.fault = f"{self.address.shown}: took nothing for {self._patience:g} s"
            process.kill()

    def close(self, seconds: float = 5.0) -> None:
        """No more parcels: what waits is sent, a file is finished; a sender that takes longer than that is ended."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if not self._thread.is_alive():
            self.state = "ended"
            return
        self._thread.join(seconds)
        if self._thread.is_alive():
            self._abandoned = True
            if self._process is not None:
                self._process.kill()
            self._thread.join(1.0)

    @property
    def process_id(self) -> int | None:
        """Of the sender; None before there is one."""
        return None if self._process is None else self._process.pid

    @property
    def wants_key(self) -> bool:
        """Nothing is sent until a key frame comes."""
        return self._needs_key and self._takes()

    def _takes(self) -> bool:
        return self.state in ("connecting", "running") and not self._closing

    def _drop(self) -> None:
        """Forgets what waits; nothing is taken until the next key frame."""
        self.dropped += sum(parcel.stream == 0 for parcel in self._waiting)
        self._waiting.clear()
        self._needs_key = True

    # ------------------------------------------------------------------ the thread

    def _work(self) -> None:
        wait = self._retry[0]
        while not self._over():
            began = time.monotonic()
            fault = self._send_all()
            if fault is None:
                break
            lasted = time.monotonic() - began
            wait = self._retry[0] if lasted > _STEADY else wait
            with self._changed:
                self._drop()
                self.losses += self.state == "running"
            if self.address.kind == "file" or self._closing:
                self._tell("ended", fault)
                return
            self._tell("lost", fault)
            with self._changed:
                self._changed.wait_for(self._over, wait)
            wait = min(self._retry[1], 2 * wait)
            if not self._over():
                self.state = "connecting"
        self._tell("ended", self.fault)

    def _over(self) -> bool:
        return self._closing and (self.state != "connecting" or not self._waiting)

    def _send_all(self) -> str | None:
        """One life of the sender: what is wrong at its end, None where all was sent."""
        self.fault = ""
        with leaving_interrupts_to_us():
            self._process = process = subprocess.Popen(
                [sys.executable, "-P", "-m", "limner.streams.sender"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        assert process.stdin is not None
        listener = threading.Thread(target=self._listen, args=(process,), name="limner-target-answers", daemon=True)
        listener.start()
        try:
            self._unanswered, self._busy_since = 0, time.monotonic() + _LOADING
            address = self.address
            order = {"kind": address.kind, "address": address.text, "shown": address.shown, "again": self.opened}
            write_order(process.stdin, order, self._header)
            while (parcel := self._next(process)) is not None:
                with self._changed:
                    self._unanswered += parcel.stream == 0
                    self._busy_since = self._busy_since or time.monotonic()
                write_parcel(process.stdin, parcel)
        except OSError:
            pass  # it has gone; it said why, or was ended
        with contextlib.suppress(OSError):
            process.stdin.close()
        self._busy_since = time.monotonic()
        code = process.wait()
        self._busy_since = None
        listener.join(1.0)
        if code == 0:
            self.finished = True
            return None
        if self._abandoned:
            return f"{self.address.shown}: did not end in time"
        kept = "; what was written is beside it, as NAME.recording" if self.address.kind == "file" else ""
        return self.fault or f"{self.address.shown}: its sender was ended ({code}){kept}"

    def _next(self, process: subprocess.Popen[bytes]) -> Parcel | None:
        """The next parcel, None after the last."""
        with self._changed:
            while not self._waiting:
                if self._closing or process.poll() is not None:
                    return None
                self._changed.wait(0.25)
            parcel = self._waiting.popleft()
            self._changed.notify_all()
        return parcel

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            said: dict[str, Any] = json.loads(line)
            with self._changed:  # each answer is a sign of life
                self.sent += said.get("sent", 0)
                self._unanswered -= said.get("sent", 0)
                waits = self._unanswered > 0 or "ready" in said
                self._busy_since = time.monotonic() if waits else None
            if "open" in said:
                self.opened = True
                self._tell("running")
            self.fault = said.get("fault", self.fault)
            self.notices += said.get("notices", [])

    def _tell(self, state: State, fault: str = "") -> None:
        with self._changed:
            new = state != self.state or fault != self.fault
            self.state, self.fault = state, fault
            self._changed.notify_all()
        if new and self._on_change is not None:
            self._on_change(self, state, fault)


def raise_unless_sent(targets: list[Target]) -> None:
    """
    Raises:
        MediaError: one of the targets never took anything, was lost at the end, or is a file that was not finished.
    """
    for target in targets:
        if not target.finished:
            raise MediaError(target.fault or f"{target.address.shown}: never took the stream")
