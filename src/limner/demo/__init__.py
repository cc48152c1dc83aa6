"""What `make run` and `limner demo` show: the samples with other backgrounds, and a page of before and after."""

from __future__ import annotations

from limner.demo.running import main, run

__all__ = ["main", "run"]
