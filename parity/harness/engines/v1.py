"""V1, in a worker process."""

from __future__ import annotations

import sys
from pathlib import Path

from parity.harness.engines.process import ProcessEngine

REPOSITORY = Path(__file__).resolve().parents[3]
WORKER = Path(__file__).with_name("v1_worker.py")
LEGACY_SRC = REPOSITORY / "legacy_v1" / "src"


class V1Engine(ProcessEngine):
    """The frozen engine. It has no switches: it is what it is.

    ``command`` replaces the worker, for engines in tests that lie or crash.
    """

    def __init__(self, *, timeout: float = 60.0, command: list[str] | None = None) -> None:
        super().__init__("V1", command or [sys.executable, str(WORKER), str(LEGACY_SRC)], timeout=timeout)
