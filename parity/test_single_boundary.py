"""V2 has one boundary: one callable, text in, text out, crossed once."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from bt import _native

from parity.harness import market_runs
from parity.harness.bars import Bars
from parity.harness.case import Case
from parity.harness.engines import V1Engine, V2Engine
from parity.harness.engines.v2 import environment as environment_of
from parity.harness.runner import Pair
from parity.harness.session import BeforeAfter, Session
from parity.harness.witnesses import BUILDERS

REPOSITORY = Path(__file__).resolve().parent.parent


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


@pytest.mark.parametrize("name", ["s1-costs", "s5-regimes", "scripted"])
def test_v1_crosses_its_boundary_for_every_bar_and_v2_once(
    name: str, pair: Pair, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = next(c for c in market_runs.cases(market_runs.source(REPOSITORY)) if c.id == f"market::{name}")
    prepared = pair.prepare(case)
    v1 = V1Engine()
    try:
        seen = v1.ask({**v1.request(prepared, {}, events=False), "op": "crossings"})
    finally:
        v1.close()
    sizes = []
    original = _native.run_backtest

    def counted(config_json: str) -> str:
        answer = original(config_json)
        sizes.append(len(config_json) + len(answer))
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(_native, "run_backtest", counted)
        answer = V2Engine().run(prepared, {})
    assert answer.outcome is not None
    assert len(sizes) == 1
    assert seen["calls"] > 3 * seen["bars"]
    assert {f["function"] for f in seen["functions"]} >= {"PortfolioRust.update", "check_exit"}
    row = BeforeAfter(
        name=name, bars=seen["bars"], v1_calls=seen["calls"], v1_bytes=seen["bytes"],
        v1_share=seen["wall_ns"] / 1e9 / seen["plain_s"], v2_calls=len(sizes), v2_bytes=sizes[0],
    )  # fmt: skip
    session.before_after.append(row)
    session.steps[1] = f"{row.v1_calls} calls into V1's module for {row.bars} bars ({name}), {row.v2_calls} into V2's"


def test_nothing_of_python_runs_while_v2_works(pair: Pair, session: Session) -> None:
    prepared = pair.prepare(BUILDERS["exit_gap"]())
    engine = V2Engine()
    config = json.dumps(engine.config(prepared, {}, events=True))
    frames: list[str] = []

    def tripped(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            frames.append(frame.f_code.co_name)

    def watched(call: Callable[[], object]) -> list[str]:
        frames.clear()
        sys.setprofile(tripped)
        try:
            call()
        finally:
            sys.setprofile(None)
        return frames[:]

    with environment_of(engine.environment(prepared)):
        seen = watched(functools.partial(_native.run_backtest, config))
    assert seen == []
    # The tripwire does see a native function that calls back.
    assert watched(lambda: sorted([2, 1], key=lambda x: -x)).count("<lambda>") >= 2
    session.steps[4] = "bt._native exports run_backtest(str) -> str alone; no Python frame ran during a call"


def test_only_ffi_depends_on_pyo3_and_nothing_on_arrow_ipc(session: Session) -> None:
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--offline"]
    manifest = str(REPOSITORY / "rust_core" / "Cargo.toml")
    done = subprocess.run([*command, "--manifest-path", manifest], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    raw = json.loads(done.stdout)
    own = {p["name"]: {d["name"] for d in p["dependencies"]} for p in raw["packages"] if p["name"].startswith("omega-")}
    assert len(own) == 5
    with_pyo3 = sorted(name for name, needs in own.items() if "pyo3" in needs)
    assert with_pyo3 == ["omega-ffi"]
    resolved = {node["id"].split("#")[-1].split("@")[0] for node in raw["resolve"]["nodes"]}
    assert "parquet" in resolved
    assert not {name for name in resolved if name.startswith("arrow")}
    session.steps[2] = f"of {len(resolved)} crates none is of Arrow; omega-market reads Parquet by columns"
    session.steps[3] = f"PyO3 is a dependency of {with_pyo3[0]} alone, among {len(own)} crates"


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
