"""Times of operators from the profile that ONNX Runtime writes."""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any

from limner.runtimes.base import NodeTime

_RUN, _KERNEL = "model_run", "_kernel_time"


class OnnxProfile:
    """Switches profiling on in session options, and reads what came of it when it ends.

    Args:
        options: onnxruntime.SessionOptions of the session to be.
    """

    def __init__(self, options: Any) -> None:
        # Made now, so that it vanishes with this object even where nobody asks for the times.
        self._folder = tempfile.TemporaryDirectory(prefix="limner-profile-", ignore_cleanup_errors=True)
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(self._folder.name) / "run")
        self._times: list[NodeTime] | None = None

    def end(self, session: Any) -> list[NodeTime]:
        """The times of the session's calls, means over all but the first; again the same when asked again."""
        if self._times is None:
            written = Path(session.end_profiling())
            self._times = read_times(json.loads(written.read_text(encoding="utf-8")))
            with contextlib.suppress(OSError):
                written.unlink()
        return self._times


def read_times(events: list[dict[str, Any]]) -> list[NodeTime]:
    """Mean time of each node over all runs but the first (over the only one, where there is but one)."""
    runs = sorted((event["ts"], event["ts"] + event["dur"]) for event in events if event["name"] == _RUN)
    counted = runs[1:] or runs
    if not counted:
        return []
    nodes: dict[str, tuple[str, str, float]] = {}
    for event in events:
        if event["cat"] != "Node" or not event["name"].endswith(_KERNEL) or event["ts"] < counted[0][0]:
            continue
        name, told = event["name"].removesuffix(_KERNEL), event["args"]
        spent = nodes[name][2] if name in nodes else 0.0
        nodes[name] = (told["op_name"], told["provider"], spent + event["dur"])
    return [NodeTime(name, kind, how, spent / len(counted)) for name, (kind, how, spent) in nodes.items()]
