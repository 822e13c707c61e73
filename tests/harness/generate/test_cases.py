"""What the generators draw is valid, and everything they promise turns up."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from parity.harness.engines import V2Engine
from parity.harness.generate.cases import cases, shapes, sweep_case
from parity.harness.generate.markets import DAYS, KINDS, SYMBOLS, Segment, Shape, build
from parity.harness.model.case import Case
from parity.harness.model.files import prepare
from parity.harness.model.limits import ODDITIES
from parity.harness.model.outcome import Outcome
from parity.harness.model.plain import plain, refused

FAST = settings(
    max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def test_every_shape_gives_valid_bars_and_the_same_shape_the_same_bars() -> None:
    seen = Counter()

    @FAST
    @given(shapes(lead=5))
    def run(shape: Shape) -> None:
        market = build(shape)
        again = build.__wrapped__(shape)
        assert np.array_equal(market.bid, again.bid)
        assert np.array_equal(market.ask, again.ask)
        assert len(market.ts) == shape.bars + 5
        assert (np.diff(market.ts) > 0).all()
        for side in (market.bid, market.ask):
            o, h, low, c = side.T
            assert (h >= np.maximum(o, c)).all()
            assert (low <= np.minimum(o, c)).all()
            assert (low > 0).all()
        assert (market.ask > market.bid).all()
        seen.update([shape.symbol, shape.timeframe, shape.day, shape.oddity, *(s.kind for s in shape.segments)])

    run()
    wanted = {*SYMBOLS, "M1", "M5", *KINDS, *DAYS, *ODDITIES}
    assert wanted <= seen.keys(), wanted - seen.keys()


def test_every_feature_of_a_case_turns_up() -> None:
    seen = Counter()

    @settings(FAST, max_examples=500)
    @given(cases())
    def run(case: Case) -> None:
        config = case.config
        parameters = config["strategy"]["parameters"]
        seen.update(case.tags)
        seen.update(key for key in config if key.startswith(("session", "anchored", "cooldown")))
        seen.update(f"type {o['type']}" for o in parameters.get("orders", ()))
        seen.update(f"scenario {n}" for n in plain(config)["strategy"]["parameters"].get("enabled_scenarios", ()))
        seen.update(f"htf {parameters[k]}" for k in ("htf_filter",) if k in parameters)
        if parameters.get("edits"):
            seen["edits"] += 1
        if config.get("timeframes", {}).get("additional"):
            seen["higher timeframe"] += 1
        if case.news:
            seen["news"] += 1
        if case.costs is not None:
            defaults = case.costs["defaults"]
            seen[f"schema {defaults['schema']}"] += 1
            seen[f"random slippage {defaults['slippage']['random_pips'] > 0}"] += 1
        assert config["start_date"] <= config["end_date"] or "spelling dates in the wrong order" in case.tags

    run()
    wanted = {
        "scripted", "mean_reversion", "session_filter", "anchored_session_filter", "cooldown_candles",
        "cooldown_minutes", "cooldown_minutes_trade", "type market", "type limit", "type stop", "scenario 1",
        "scenario 2", "scenario 3",
        "scenario 4", "scenario 5", "scenario 6", "htf above", "htf below", "edits",
        "higher timeframe", "news", "schema per_lot",
        "schema per_million_notional", "schema percent_of_notional", "random slippage True",
    }  # fmt: skip
    assert wanted <= seen.keys(), wanted - seen.keys()


def test_higher_timeframe_filters_let_some_trades_through_and_hold_others_back(tmp_path: Path) -> None:
    engine = V2Engine()
    seen = Counter()
    for number in range(600):
        case, _ = sweep_case(0, number)
        parameters = case.config["strategy"]["parameters"]
        if refused(case):
            continue
        filters = {parameters.get("htf_filter"), parameters.get("extra_htf_filter")} & {"above", "below"}
        if not filters or parameters["enabled_scenarios"] == [1]:
            continue
        answer = engine.run(prepare(case, tmp_path), {})
        assert answer.outcome is not None
        ran = isinstance(answer.outcome, Outcome)
        rows = (*answer.outcome.trades, *answer.outcome.open_positions) if ran else ()
        passed = any(not str(row.scenario).endswith("_1") for row in rows)
        seen["passed" if passed else "held back"] += 1
    engine.close()
    assert seen["passed"] >= 5, seen
    assert seen["held back"] >= 5, seen


def test_the_rows_of_an_odd_market_are_odd_in_the_way_they_say() -> None:
    shape = Shape(segments=(Segment(kind="trend_up", bars=12),), odd_from=4, odd_bars=2, seed=3)
    plain = build(shape).bars()
    odd = {name: build(replace(shape, oddity=name)).bars() for name in ODDITIES}
    assert odd["none"] == plain
    assert np.flatnonzero(np.isnan(odd["missing_ask"].ask[:, 0])).tolist() == [4, 5]
    assert np.flatnonzero(np.isnan(odd["missing_bid"].bid[:, 0])).tolist() == [4, 5]
    assert len(odd["missing_both"]) == 10
    assert plain.ts[4] not in odd["missing_both"].ts
    assert (np.diff(odd["duplicate"].ts) == 0).sum() == 2
    assert (np.diff(odd["unsorted"].ts) < 0).sum() == 1
    assert sorted(odd["unsorted"].ts.tolist()) == plain.ts.tolist()


def test_orders_meet_the_levels_of_their_market_exactly_and_a_tick_off() -> None:
    seen = Counter()
    for number in range(0, 400):
        case, _ = sweep_case(2, number)
        orders = case.config["strategy"]["parameters"].get("orders")
        if orders is None or case.config["symbol"] != "EURUSD":
            continue
        bars = case.bars[case.config["timeframes"]["primary"]]
        ticks = {round(x * 100_000) for side in (bars.bid, bars.ask) for x in side.ravel() if x == x}
        for order in orders:
            level = round(order["sl"] * 100_000)
            seen.update(offset for offset in (0, 1, -1, 5, -5) if level + offset in ticks)
    assert min(seen[offset] for offset in (0, 1, -1, 5, -5)) > 20, seen


def test_a_case_survives_its_file(tmp_path: Path) -> None:
    @settings(FAST, max_examples=20)
    @given(cases())
    def run(case: Case) -> None:
        again = Case.load(case.save(tmp_path))
        assert again.to_json() == case.to_json()

    run()
    with pytest.raises(ValueError, match="not a case of format"):
        Case.from_json('{"format": "other"}')


def test_a_case_without_market_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="neither bars nor a data root"):
        prepare(Case(id="empty", config={"symbol": "EURUSD"}), tmp_path)


DRAWN = """
import hashlib, sys
{loads}
from hypothesis import HealthCheck, given, settings
from parity.harness.generate.cases import cases
digest = hashlib.sha256()

@settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(cases())
def run(case):
    digest.update(case.to_json().encode())

run()
print(digest.hexdigest())
"""


def test_what_is_drawn_does_not_depend_on_the_modules_that_are_loaded() -> None:
    others = "import parity.harness.triage.render, parity.harness.generate.embedded_market, benchmarks.market, fuzz_v2"
    root = Path(__file__).resolve().parents[3]
    path = os.pathsep.join([str(root), str(root / "tests" / "python")])
    found = {
        subprocess.run(
            [sys.executable, "-c", DRAWN.format(loads=loads)],
            env={**os.environ, "PYTHONPATH": path},
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for loads in ("", others)
    }
    assert len(found) == 1
