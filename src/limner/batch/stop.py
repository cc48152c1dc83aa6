"""The wish to stop, which one thread has and another heeds."""

from __future__ import annotations

import threading


class Stop:
    """First ``ask``: begin nothing more. Then ``insist``: leave what is under way, too."""

    def __init__(self) -> None:
        self._asked, self._insisted = threading.Event(), threading.Event()

    def ask(self) -> None:
        """Begin nothing more, and end what is under way."""
        self._asked.set()

    def insist(self) -> None:
        """Leave at once, with nothing half-written."""
        self._asked.set()
        self._insisted.set()

    @property
    def asked(self) -> bool:
        """Whether nothing more is to begin."""
        return self._asked.is_set()

    @property
    def insisted(self) -> bool:
        """Whether what is under way is to be left."""
        return self._insisted.is_set()
