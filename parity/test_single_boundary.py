"""V2 has one boundary: one callable, text in, text out, crossed once. V1's is measured for comparison.

V1 runs in a separate worker and V2 in this process, whatever pair is compared.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow.lib
import pytest
from bt import _native

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.boundary import v1_worker, v2_boundary
from parity.harness.boundary.before_after import BeforeAfter, facts_of_v1, side_of_v1
from parity.harness.engines import V1Engine, V2InProcess
from parity.harness.engines.v2_process.calls import environment
from parity.harness.generate import market_runs
from parity.harness.model.bars import Bars
from parity.harness.model.case import Case
from parity.harness.model.files import prepare
from parity.harness.report.session import Session
from parity.harness.run.scratch import scratch

REPOSITORY = Path(__file__).resolve().parent.parent
#: A valid configuration of a symbol that no data root has: its answer is an error as text.
NO_DATA = json.dumps(
    {
        "schema_version": "2",
        "strategy_name": "scripted_orders",
        "symbol": "NOSUCHSYMBOL",
        "start_date": "2025-01-07",
        "end_date": "2025-01-07",
        "timeframes": {"primary": "M1"},
    }
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where the files of cases lie: in memory, as for the engines under comparison."""
    with scratch() as folder:
        yield folder


@pytest.fixture(scope="module")
def v1() -> Iterator[V1Engine]:
    """A V1 worker for measuring."""
    with v1_worker.opened() as worker:
        yield worker


def test_native_module_exports_one_callable_that_takes_and_returns_text(session: Session) -> None:
    callables = v2_boundary.callables_of(_native)
    assert callables == ["run_backtest"]
    assert type(_native.run_backtest(NO_DATA)) is str
    with pytest.raises(TypeError):
        _native.run_backtest(b"{}")  # type: ignore[arg-type]
    session.boundary_facts.append(f"bt._native exports {callables[0]}() and nothing else callable")


def test_the_built_library_exports_its_entry_point_and_nothing_else(session: Session) -> None:
    library = Path(str(_native.__file__))
    exported = v2_boundary.symbols_of(library)
    assert exported == ["PyInit__native"]
    # A library that exports more than one symbol is noticed.
    assert len(v2_boundary.symbols_of(Path(pyarrow.lib.__file__))) > 100
    session.boundary_facts.append(f"{library.name} exports the symbol {exported[0]} alone")


def test_a_backtest_crosses_the_boundary_once_whatever_its_length(folder: Path, session: Session) -> None:
    short = BUILDERS["exit_gap"]()
    long = Case(**{**short.__dict__, "bars": {"M1": _lengthened(short.bars["M1"], 1000)}})
    bars = []
    for case in (short, long):
        answer, functions = v2_boundary.recorded(_native, V2InProcess(), prepare(case, folder))
        assert [(row.function, row.calls) for row in functions] == [("run_backtest", 1)]
        bars.append(answer.bars or 0)
    assert bars[1] > 100 * bars[0] > 0
    session.boundary_facts.append(f"crossings per backtest: 1 with {bars[0]} bars, 1 with {bars[1]} bars")


@pytest.mark.parametrize("name", [*(run[0] for run in market_runs.RUNS), "scripted"])
def test_v1_crosses_its_boundary_for_every_bar_and_v2_once(
    name: str, v1: V1Engine, session: Session, folder: Path
) -> None:
    case = market_runs.case(name, market_runs.source(REPOSITORY))
    prepared = prepare(case, folder)
    gil = name == "s1-costs"
    crossings = v1_worker.ask(v1, prepared, "crossings", gil=gil)
    v2 = v2_boundary.side_of_v2(_native, V2InProcess(), prepared)
    assert v2.calls == 1
    assert crossings["calls"] > 3 * crossings["bars"]
    assert {row["function"] for row in crossings["functions"]} >= {"PortfolioRust.update", "check_exit"}
    scenarios = case.config["strategy"]["parameters"].get("enabled_scenarios", ["orders"])
    row = BeforeAfter(
        name=name, scenario="+".join(map(str, scenarios)), bars=crossings["bars"], v1=side_of_v1(crossings), v2=v2
    )
    session.before_after.append(row)
    session.steps[1] = f"{row.v1.calls} calls into V1's module for {row.bars} bars ({name}), {row.v2.calls} into V2's"
    if gil:
        copied = [batch for batch in crossings["batches"] if batch["records"] >= 1000]
        assert copied, "no bulk call was recorded"
        assert crossings["records"] >= crossings["calls"] + 999 * len(copied)
        assert sum(row["copies"] for row in crossings["functions"]) >= len(copied)
        session.boundary_facts += facts_of_v1(crossings)


def test_nothing_of_python_runs_while_v2_works(folder: Path, session: Session) -> None:
    engine = V2InProcess()
    prepared = prepare(BUILDERS["exit_gap"](), folder)
    config = json.dumps(engine.config(prepared, {}, events=True))
    with environment(engine.environment(prepared)):
        frames = v2_boundary.frames_during(functools.partial(_native.run_backtest, config))
    assert frames == []
    # A native function that calls back is noticed.
    called_back = v2_boundary.frames_during(functools.partial(sorted, [2, 1], key=lambda x: -x))
    assert called_back == ["<lambda>", "<lambda>"]
    session.steps[4] = "bt._native exports run_backtest(str) -> str alone; no Python frame ran during a call"


def test_only_ffi_depends_on_pyo3_and_nothing_on_arrow_ipc(session: Session) -> None:
    crates = v2_boundary.crates(REPOSITORY / "rust_core" / "Cargo.toml")
    assert len(crates.own) == 5
    assert crates.users_of("pyo3") == ["omega-ffi"]
    assert "parquet" in crates.resolved
    assert not {name for name in crates.resolved if name.startswith("arrow")}
    count = len(crates.resolved)
    session.steps[2] = f"of {count} crates none is of Arrow; omega-market reads Parquet by columns"
    session.steps[3] = f"PyO3 is a dependency of omega-ffi alone, among {len(crates.own)} crates"


def _lengthened(bars: Bars, n: int) -> Bars:
    rows = bars.rows()
    last = rows[-1]
    return Bars.of([*rows, *([last[0] + (i + 1) * 60_000_000_000, *last[1:]] for i in range(n - len(rows)))])
