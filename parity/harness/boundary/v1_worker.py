"""Asks V1's worker for what only its own process can measure: crossings of its boundary, rules, call sites."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from parity.harness.engines import V1Engine
from parity.harness.model.files import Prepared

#: The worker imports the recorder from here as a file: it knows nothing of this project.
TOOLS = Path(__file__).parent


def ask(engine: V1Engine, prepared: Prepared, op: str, **more: Any) -> dict[str, Any]:
    """The worker's answer to ``op`` (``crossings``, ``boundary`` or ``sites``) on a prepared case.

    Raises:
        WorkerDiedError: the worker ended, hung or answered nonsense.
    """
    return engine.ask({**engine.request(prepared, {}, events=False), "op": op, "tools": str(TOOLS), **more})
