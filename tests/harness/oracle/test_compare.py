"""Comparison: what differs is named once, what is equal costs nothing, tolerances are what the file says."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

import pytest

from parity.harness.oracle.attribution import attribute_to_switches
from parity.harness.oracle.compare import Tolerances, compare
from parity.harness.oracle.trace_diff import first_divergence
from parity.harness.triage.render import render


def trade(order: int, **changes: Any) -> dict[str, Any]:
    row = {
        "order_id": order, "direction": "long", "symbol": "EURUSD", "order_type": "market", "entry_time_ns": order,
        "trigger_time_ns": order, "exit_time_ns": order + 1, "entry_price": 1.1, "exit_price": 1.2, "initial_sl": 1.0,
        "sl": 1.0, "tp": 1.2, "size": 0.5, "result": 100.0, "r_multiple": 1.0, "entry_fee": 0.0, "exit_fee": 0.0,
        "reason": "take_profit", "scenario": None,
    }  # fmt: skip
    return {**row, **changes}


def outcome(n: int = 3) -> dict[str, Any]:
    return {
        "trades": [trade(i) for i in range(n)], "open_positions": [], "equity": [[i, 10000.0] for i in range(n)],
        "balance": 10000.0, "fees_total": 1.0, "metrics": {"total_trades": n},
    }  # fmt: skip


@pytest.fixture
def tolerances() -> Tolerances:
    return Tolerances.load()


def test_equal_outcomes_have_no_differences(tolerances: Tolerances) -> None:
    assert compare(outcome(), copy.deepcopy(outcome()), tolerances) == []


def test_one_missing_trade_is_one_difference_among_the_trades(tolerances: Tolerances) -> None:
    b = outcome(5000)
    del b["trades"][17]
    found = compare(outcome(5000), b, tolerances)
    assert [d.path for d in found] == ["trades[order 17]"]
    assert found[0].note == "only in A"


@pytest.mark.parametrize("field", ["entry_price", "sl", "size", "result", "r_multiple", "entry_fee"])
def test_the_last_bit_of_a_price_or_amount_is_a_difference(field: str, tolerances: Tolerances) -> None:
    b = outcome()
    b["trades"][1][field] = b["trades"][1][field] * (1 + 2.3e-16) + 5e-324
    assert [d.path for d in compare(outcome(), b, tolerances)] == [f"trades[order 1].{field}"]


def test_fees_may_differ_by_summation_and_the_use_is_recorded(tolerances: Tolerances) -> None:
    b = outcome()
    b["fees_total"] = 1.0 + 4e-16
    assert compare(outcome(), b, tolerances) == []
    assert tolerances.report()[0][2] > 0
    b["fees_total"] = 1.0 + 1e-9
    assert [d.path for d in compare(outcome(), b, tolerances)] == ["fees_total"]


def test_other_order_of_the_same_trades_is_a_difference(tolerances: Tolerances) -> None:
    b = outcome()
    b["trades"].reverse()
    assert [d.path for d in compare(outcome(), b, tolerances)] == ["trades.order"]


def test_only_the_first_equity_point_that_differs_is_named(tolerances: Tolerances) -> None:
    b = outcome(100)
    for point in b["equity"][40:]:
        point[1] += 1
    assert [d.path for d in compare(outcome(100), b, tolerances)] == ["equity[40].equity"]


def test_a_tolerance_without_a_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tolerances.toml"
    path.write_text("[trades]\nresult = { relative = 1e-9 }\n")
    with pytest.raises(ValueError, match="has no reason"):
        Tolerances.load(path)


def test_five_thousand_equal_trades_are_compared_by_equality_alone(tolerances: Tolerances) -> None:
    a, b = outcome(5000), outcome(5000)
    began = time.perf_counter()
    assert compare(a, b, tolerances) == []
    print(f"5000 equal trades: {(time.perf_counter() - began) * 1000:.2f} ms")
    assert tolerances.used == {}


def test_explain_finds_the_minimal_set_even_when_switches_interact() -> None:
    switches = [f"s{i}" for i in range(26)]
    needed = {"s3", "s17", "s18"}
    asked = []

    def agrees(at_v1: frozenset[str]) -> bool:
        asked.append(at_v1)
        return needed <= at_v1

    assert attribute_to_switches(switches, agrees) == needed
    assert len(asked) < 120
    assert attribute_to_switches(switches, lambda _: False) is None
    assert attribute_to_switches(switches, lambda _: True) == frozenset()


def test_locate_names_the_first_event_that_differs() -> None:
    def event(bar: int, kind: str, **numbers: Any) -> dict[str, Any]:
        return {"event": kind, "bar": bar, "timestamp_ns": bar * 60, "order": 0, **numbers}

    a = [event(0, "filled", price=1.1), event(1, "closed", price=1.0)]
    b = [event(0, "filled", price=1.1), event(2, "closed", price=1.0)]
    divergence = first_divergence(a, b)
    assert divergence is not None
    assert divergence.bar == 1
    assert "filled" in str(divergence)
    assert first_divergence(a, a) is None
    shorter = first_divergence(a, a[:1])
    assert shorter is not None
    assert shorter.b is None


def test_render_shows_only_the_rows_that_differ() -> None:
    a, b = outcome(3000), outcome(3000)
    b["trades"][7]["exit_price"] = 1.3
    del b["trades"][9]
    b["balance"] = 1.0
    text = render(a, b, compare(a, b, Tolerances.load()))
    assert "trades, order 7" in text
    assert "exit_price" in text
    assert "1.3" in text
    assert "trades, order 9" in text
    assert "balance: 10000.0 -> 1.0" in text
    assert "order 8" not in text
