"""A pytest plugin (``-p plant --plant NAME``) with which the parity suite measures a V1 that has a planted fault."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--plant", choices=("slow-call", "small-batch"), required=True)


def pytest_configure(config: pytest.Config) -> None:
    from parity.harness.boundary import instructions, v1_worker
    from parity.harness.engines.v1 import LEGACY_SRC

    plant = config.getoption("--plant")
    command = [sys.executable, str(HERE / "planted_worker.py"), plant, str(LEGACY_SRC)]
    v1_worker.opened = functools.partial(v1_worker.opened, command=command)
    if plant == "slow-call":
        instructions.instructions_per_call = functools.partial(
            instructions.instructions_per_call, program=HERE / "planted_instructions.py"
        )
