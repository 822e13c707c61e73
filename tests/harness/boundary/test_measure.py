"""What V1's process computes from its measurements; its files are imported as it imports them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SOURCE = Path(__file__).resolve().parents[3] / "parity" / "harness" / "engines" / "v1_process" / "measure.py"


@pytest.fixture
def measure() -> ModuleType:
    spec = importlib.util.spec_from_file_location("measure", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("interrupted", "ns"), [(1000, 0), (2, 50_000_000), (4, 50_000_000), (4, 10_000)])
def test_the_fitted_cost_is_that_of_the_calls_that_were_not_interrupted(
    measure: ModuleType, monkeypatch: pytest.MonkeyPatch, interrupted: int, ns: int
) -> None:
    clock, computed, calls = [0], [0], [0]

    def call(rows: int) -> None:
        calls[0] += 1
        own = 20_000 + 10 * rows
        kernel = 5 * rows + 100
        clock[0] += own + kernel
        # An interruption is wall time, and so the module reports to have computed for longer than the thread ran.
        computed[0] = kernel + (ns if calls[0] % interrupted == 0 else 0)

    monkeypatch.setattr(measure.time, "thread_time_ns", lambda: clock[0])
    fit = measure._fit(call, lambda: computed[0])
    assert fit["a_us"] == pytest.approx(20.0, rel=1e-6)
    assert fit["b_us"] == pytest.approx(0.010, rel=1e-6)
    assert fit["b_bounds"] == pytest.approx([0.010, 0.010], rel=0.05)
