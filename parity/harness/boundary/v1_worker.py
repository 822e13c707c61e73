"""Starts a V1 worker for measuring, and asks it for what only V1's own process can measure.

The worker is separate from the engines under comparison: V1's boundary is measured whatever pair is compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from parity.harness.engines import V1Engine
from parity.harness.model.files import Prepared

#: The worker imports the recorder from here as a file, because it imports nothing of this project.
TOOLS = Path(__file__).parent
#: Seconds after which a measurement counts as hung; the longest takes about ten.
TIMEOUT = 120.0


class RefusedError(Exception):
    """V1 refused the case that was to be measured, or the worker does not know what it was asked for."""


@contextmanager
def opened(*, command: Sequence[str] | None = None, timeout: float = TIMEOUT) -> Iterator[V1Engine]:
    """A separate V1 worker until the end of the block; ``command`` starts another program in its place.

    ``timeout`` is in seconds and holds for each question.
    """
    engine = V1Engine(timeout=timeout, command=None if command is None else list(command))
    try:
        yield engine
    finally:
        engine.close()


def ask(engine: V1Engine, prepared: Prepared, op: str, **more: Any) -> dict[str, Any]:
    """The worker's answer on a prepared case.

    ``crossings``: the calls of one run (`Recorder.report`) and its seconds; with ``gil=True`` also which calls release
    the GIL. ``boundary``: the figures that `rules.judge_rules` takes. ``sites``: the most frequent call site of each
    function.

    Raises:
        WorkerDiedError: the worker ended, hung or answered nonsense.
        RefusedError: V1 refused the case, or the worker does not know ``op``.
    """
    request = {**engine.request(prepared, {}, events=False), "op": op, "tools": str(TOOLS), **more}
    reply = engine.ask(request)
    refused = reply["outcome"]["error"]["message"] if "outcome" in reply else reply.get("error")
    if refused is not None:
        raise RefusedError(f"V1's worker cannot measure {op!r} on {prepared.case.id}: {refused}")
    return reply
