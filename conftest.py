"""Makes `pytest parity/` work as typed: outside the project's environment it hands over to the one `make` built."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ENVIRONMENT = Path(__file__).resolve().parent / ".venv"


def pytest_configure(config: pytest.Config) -> None:
    python = ENVIRONMENT / "bin" / "python"
    if os.environ.get("VIRTUAL_ENV") or Path(sys.prefix) == ENVIRONMENT or not python.exists():
        return
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.stop_global_capturing()
    sys.stdout.flush()
    os.execv(python, [str(python), "-m", "pytest", *sys.argv[1:]])
