"""V2 has one boundary: one callable, text in, text out, crossed once."""

from __future__ import annotations

import json

import pytest
from bt import _native

from parity.harness.bars import Bars
from parity.harness.case import Case
from parity.harness.engines import V2Engine
from parity.harness.runner import Pair
from parity.harness.session import Session
from parity.harness.witnesses import BUILDERS


def test_native_module_exports_one_callable_that_takes_and_returns_text(pair: Pair, session: Session) -> None:
    exported = {name: getattr(_native, name) for name in dir(_native) if not name.startswith("__")}
    callables = [name for name, value in exported.items() if callable(value)]
    assert callables == ["run_backtest"]
    assert type(_native.run_backtest(_refused_at_its_data())) is str
    with pytest.raises(TypeError):
        _native.run_backtest(b"{}")  # type: ignore[arg-type]
    prepared = pair.prepare(BUILDERS["exit_gap"]())
    engine = V2Engine()
    answer = engine.run(prepared, {})
    assert answer.failure is None
    session.boundary_facts.append(f"bt._native exports {callables[0]}() and nothing else callable")


def test_a_backtest_crosses_the_boundary_once_whatever_its_length(
    pair: Pair, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    crossings = []
    original = _native.run_backtest

    def counted(config_json: str) -> str:
        crossings.append(len(config_json))
        return original(config_json)

    short = BUILDERS["exit_gap"]()
    long = Case(**{**short.__dict__, "bars": {"M1": _lengthened(short.bars["M1"], 1000)}})
    bars = []
    for case in (short, long):
        prepared = pair.prepare(case)
        with monkeypatch.context() as patched:
            patched.setattr(_native, "run_backtest", counted)
            answer = V2Engine().run(prepared, {})
        assert answer.outcome is not None
        bars.append(answer.bars)
    assert len(crossings) == 2
    assert bars[1] > 100 * bars[0]
    session.boundary_facts.append(f"crossings per backtest: 1 with {bars[0]} bars, 1 with {bars[1]} bars")


def _refused_at_its_data() -> str:
    """A valid configuration of a symbol that no data root has: its answer is an error as text."""
    return json.dumps(
        {
            "schema_version": "2",
            "strategy_name": "scripted_orders",
            "symbol": "NOSUCHSYMBOL",
            "start_date": "2025-01-07",
            "end_date": "2025-01-07",
            "timeframes": {"primary": "M1"},
        }
    )


def _lengthened(bars: Bars, n: int) -> Bars:
    rows = bars.rows()
    last = rows[-1]
    return Bars.of([*rows, *([last[0] + (i + 1) * 60_000_000_000, *last[1:]] for i in range(n - len(rows)))])
