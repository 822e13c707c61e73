"""V2 has one boundary: one callable, text in, text out, crossed once."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pyarrow.lib
import pytest
from bt import _native

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.boundary import v1_worker
from parity.harness.boundary.before_after import BeforeAfter, Side
from parity.harness.engines import V1Engine, V2InProcess
from parity.harness.engines.v2_process.calls import environment as environment_of
from parity.harness.generate import market_runs
from parity.harness.model.bars import Bars
from parity.harness.model.case import Case
from parity.harness.model.files import Prepared
from parity.harness.report.session import Session
from parity.harness.run.differential import Pair

REPOSITORY = Path(__file__).resolve().parent.parent


def test_native_module_exports_one_callable_that_takes_and_returns_text(pair: Pair, session: Session) -> None:
    exported = {name: getattr(_native, name) for name in dir(_native) if not name.startswith("__")}
    callables = [name for name, value in exported.items() if callable(value)]
    assert callables == ["run_backtest"]
    assert type(_native.run_backtest(_refused_at_its_data())) is str
    with pytest.raises(TypeError):
        _native.run_backtest(b"{}")  # type: ignore[arg-type]
    prepared = pair.prepare(BUILDERS["exit_gap"]())
    engine = V2InProcess()
    answer = engine.run(prepared, {})
    assert answer.failure is None
    session.boundary_facts.append(f"bt._native exports {callables[0]}() and nothing else callable")


def test_the_built_library_exports_its_entry_point_and_nothing_else(session: Session) -> None:
    tool = shutil.which("nm")
    assert tool is not None, "nm is missing: it comes with the linker that builds Rust (binutils or Xcode)"
    wanted = ["-gU"] if sys.platform == "darwin" else ["-D", "--defined-only"]

    def exports(library: str) -> list[str]:
        done = subprocess.run([tool, *wanted, library], capture_output=True, text=True, check=True)
        return sorted(line.split()[-1].removeprefix("_") for line in done.stdout.splitlines() if line.strip())

    exported = exports(str(_native.__file__))
    assert exported == ["PyInit__native"]
    # The same look does see the attributes of a library that has more than one.
    assert len(exports(str(pyarrow.lib.__file__))) > 100
    session.boundary_facts.append(f"{Path(str(_native.__file__)).name} exports the symbol {exported[0]} alone")


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
            answer = V2InProcess().run(prepared, {})
        assert answer.outcome is not None
        bars.append(answer.bars)
    assert len(crossings) == 2
    assert bars[1] > 100 * bars[0]
    session.boundary_facts.append(f"crossings per backtest: 1 with {bars[0]} bars, 1 with {bars[1]} bars")


@pytest.fixture(scope="module")
def v1() -> Iterator[V1Engine]:
    """A worker of its own: recording is no business of the engine under comparison."""
    engine = V1Engine(timeout=120.0)
    yield engine
    engine.close()


@pytest.mark.parametrize("name", [*(run[0] for run in market_runs.RUNS), "scripted"])
def test_v1_crosses_its_boundary_for_every_bar_and_v2_once(
    name: str, pair: Pair, v1: V1Engine, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = next(c for c in market_runs.cases(market_runs.source(REPOSITORY)) if c.id == f"market::{name}")
    prepared = pair.prepare(case)
    gil = name == "s1-costs"
    seen = v1_worker.ask(v1, prepared, "crossings", gil=gil)
    v2 = _v2_side(prepared, monkeypatch)
    assert v2.calls == 1
    assert seen["calls"] > 3 * seen["bars"]
    assert {f["function"] for f in seen["functions"]} >= {"PortfolioRust.update", "check_exit"}
    # As CPU time: the recorded run and the plain one may meet a differently busy machine.
    at_boundary = max(0, seen["cpu_ns"] - seen["kernel_ns"]) / 1e9
    before = Side(calls=seen["calls"], bytes=seen["bytes"], seconds=seen["plain_s"],
                  share=at_boundary / seen["plain_cpu_s"])  # fmt: skip
    scenarios = case.config["strategy"]["parameters"].get("enabled_scenarios", ["orders"])
    row = BeforeAfter(
        name=name, scenario="+".join(map(str, scenarios)), bars=seen["bars"], v1=before, v2=v2,
    )  # fmt: skip
    session.before_after.append(row)
    session.steps[1] = f"{row.v1.calls} calls into V1's module for {row.bars} bars ({name}), {row.v2.calls} into V2's"
    if gil:
        session.boundary_facts += _of_v1(seen)


def _of_v1(seen: dict[str, Any]) -> list[str]:
    """What else was recorded of V1's boundary in one run."""
    busiest = max(seen["functions"], key=lambda row: row["wall_ns"])
    copied = [row for row in seen["functions"] if row["copies"]]
    assert copied, "V1's bulk calls answer with bytes"
    assert seen["records"] > sum(row["calls"] for row in seen["functions"] if row["wall_ns"]) + 1000 * len(copied)
    released = {name: calls for name, calls in seen["gil"].items() if calls[0] > calls[1] / 2}
    return [
        f"V1, one run: {seen['calls']} calls with {seen['records']} records, {seen['wall_ns'] / 1e6:.1f} ms in calls, "
        f"{seen['kernel_ns'] / 1e6:.1f} ms of them computing, "
        f"{sum(row['cpu_ns'] for row in seen['functions']) / 1e6:.1f} ms of CPU; most in {busiest['function']} "
        f"({busiest['calls']} calls from {max(busiest['sites'], key=busiest['sites'].__getitem__)})",
        f"V1, one run: {sum(row['copies'] for row in copied)} answers copied out of its module, "
        f"{sum(row['bytes_copied'] for row in copied):,} bytes",
        "V1, one run: "
        + (
            f"calls that let go of the GIL: {', '.join(released)}"
            if released
            else "every call holds the GIL throughout"
        ),
    ]


def _v2_side(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> Side:
    """V2's figures of a run: calls are counted, and the boundary is everything but the engine's own stages."""
    crossings: list[tuple[str, str, float]] = []
    original = _native.run_backtest

    def counted(config_json: str) -> str:
        began = time.perf_counter()
        answer = original(config_json)
        crossings.append((config_json, answer, time.perf_counter() - began))
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(_native, "run_backtest", counted)
        for _ in range(2):  # the first one is a warm-up, as V1 has one
            crossings.clear()
            assert V2InProcess().run(prepared, {}).failure is None
    config, answer, inside = crossings[-1]
    began = time.perf_counter()
    result = json.loads(answer)
    json.dumps(json.loads(config))
    seconds = inside + time.perf_counter() - began
    stages = result["meta"]["timings_ns"]
    own = sum(stages[name] for name in ("load", "indicators", "loop", "metrics")) / 1e9
    size = sum(len(config) + len(answer) for config, answer, _ in crossings)
    return Side(calls=len(crossings), bytes=size, seconds=seconds, share=max(0.0, 1 - own / seconds))


def test_nothing_of_python_runs_while_v2_works(pair: Pair, session: Session) -> None:
    prepared = pair.prepare(BUILDERS["exit_gap"]())
    engine = V2InProcess()
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
