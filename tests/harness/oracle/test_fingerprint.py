"""Fingerprints: one cause, one finding, whatever the direction, the scenario or the kind of exit it shows in."""

from __future__ import annotations

from typing import Any

from parity.harness.model.decode import decode_outcome
from parity.harness.model.outcome import Answer
from parity.harness.oracle.compare import Tolerances, compare
from parity.harness.oracle.fingerprint import Fingerprint, fingerprint
from tests.harness.answers import event, outcome, put, trade

Row = dict[str, Any]


def of(*pair: Any) -> Fingerprint | None:
    """The fingerprint of two plain answers."""
    a, b = (Answer(outcome=decode_outcome(raw)) for raw in pair)
    assert a.outcome is not None
    assert b.outcome is not None
    return fingerprint(a, b, compare(a.outcome, b.outcome, Tolerances({})), names=("old", "new"))


def traced(*rows: Row, trades: int = 1) -> Row:
    return {**outcome(trades), "events": list(rows)}


def signal(bar: int = 1, *, scenario: str | None = "long_2", order: int = 0, **changes: Any) -> Row:
    direction = "short" if (scenario or "").startswith("short") else "long"
    numbers = {"order_type": "market", "price": 1.1, "sl": 1.0, "tp": 1.2, **changes}
    return event("signal", bar, order, direction=direction, scenario=scenario, **numbers)


def gate(name: str, bar: int = 1, direction: str | None = None) -> Row:
    return event("gate", bar, None, gate=name, direction=direction, until_ns=None)


def closed(reason: str = "stop_loss", **changes: Any) -> Row:
    return event("closed", 3, 0, **{"price": 1.0, "reason": reason, "r": -1.0, "result": -100.0, **changes})


def equity() -> Row:
    return event("equity", 1, None, equity=1.0, balance=1.0)


def stopped_by(*gates: Row, gives: Row | None = None) -> Fingerprint | None:
    return of(traced(*gates, equity(), trades=1), traced(gives or signal(), equity(), trades=2))


def test_a_gate_that_stops_one_engine_is_the_fingerprint_for_both_directions_and_all_scenarios() -> None:
    for scenario in ("long_2", "short_2", "long_6", None):
        assert stopped_by(gate("session"), gives=signal(scenario=scenario)) == ("gate", "session", "stops old")
    swapped = of(traced(signal(), equity(), trades=2), traced(gate("session"), equity()))
    assert swapped == ("gate", "session", "stops new")


def test_both_cooldowns_in_minutes_are_one_cause_and_candles_are_another() -> None:
    found = [stopped_by(gate(f"cooldown_{kind}")) for kind in ("exit", "entry", "candles")]
    assert found[0] == found[1] == ("gate", "cooldown in minutes", "stops old")
    assert found[2] == ("gate", "cooldown_candles", "stops old")


def test_a_gate_of_the_other_direction_or_bar_or_rule_stops_nothing() -> None:
    plain = ("event", "signal", "scenario 2")
    assert stopped_by(gate("trend", direction="long")) == ("gate", "trend", "stops old")
    assert stopped_by(gate("trend", direction="short")) == plain
    assert stopped_by(gate("session", bar=0)) == plain
    assert stopped_by(gate("chain", direction="long")) == plain
    first = signal(scenario="long_1")
    assert stopped_by(gate("trend", direction="long"), gives=first) == ("event", "signal", "scenario 1")


def test_a_signal_that_one_engine_lacks_is_told_by_its_rule_alone() -> None:
    a, b = traced(equity()), traced(signal(scenario="short_4"), equity(), trades=2)
    assert of(a, b) == of(b, a) == ("event", "signal", "scenario 4")
    later = traced(signal(scenario="long_5"), equity(), trades=2)
    # Rules are asked in order: what new has is what old lacks.
    assert of(later, b | {"trades": [trade(3)]}) == ("event", "signal", "scenario 4")
    other = traced(signal(scenario="long_4"), equity(), trades=1)
    assert of(other, b) == ("numbers", "signal", "direction")


def test_the_same_field_is_one_finding_in_both_directions_and_scenarios() -> None:
    for scenario in ("long_2", "short_3"):
        a, b = (traced(signal(scenario=scenario, sl=sl), trades=n) for sl, n in ((1.0, 1), (0.9, 2)))
        assert of(a, b) == ("numbers", "signal", "sl")
    fees = [event("fee", 2, 0, kind=kind, amount=amount) for kind in ("entry", "exit") for amount in (1.0, 2.0)]
    for a, b in (fees[:2], fees[2:]):
        assert of(traced(a), traced(b, trades=2)) == ("numbers", "fee", "amount")


def test_a_price_of_an_exit_is_told_by_its_reason_and_money_without_it() -> None:
    prices = {reason: of(traced(closed(reason)), traced(closed(reason, price=1.5, result=7.0), trades=2))
              for reason in ("stop_loss", "break_even_stop_loss", "take_profit", "timeout")}  # fmt: skip
    assert prices["stop_loss"] == prices["break_even_stop_loss"] == ("numbers", "closed", "price", "stop")
    assert len(set(prices.values())) == 3
    money = {of(traced(closed(r)), traced(closed(r, result=7.0), trades=2)) for r in ("stop_loss", "timeout")}
    assert money == {("numbers", "closed", "result")}


def test_the_size_of_a_fill_follows_from_its_price() -> None:
    a, b = (event("filled", 2, 0, price=price, size=size) for price, size in ((1.1, 0.5), (1.2, 0.4)))
    assert of(traced(a), traced(b, trades=2)) == ("numbers", "filled", "price")
    assert of(traced(a), traced({**a, "size": 0.4}, trades=2)) == ("numbers", "filled", "size")


def test_without_a_trace_the_first_field_of_the_earliest_row_counts() -> None:
    a = outcome()
    b = put(put(put(a, ("trades", 2, "size"), 0.7), ("trades", 1, "exit_price"), 1.3), ("trades", 1, "result"), 7.0)
    assert of(a, b) == ("outcome", "trades", "exit_price")
    assert of(a, put(b, ("trades", 1, "size"), 0.7)) == ("outcome", "trades", "size")
    assert of(a, {**a, "trades": a["trades"][:2]}) == ("outcome", "trades", "only in A")


def test_an_event_between_those_of_the_other_engine_is_the_one_that_it_lacks() -> None:
    fee = event("fee", 3, 0, kind="exit", amount=2.5)
    a, b = traced(closed(), equity_at(3)), traced(fee, closed(), equity_at(3), trades=2)
    assert of(a, b) == ("event", "fee", "only in new")
    assert of(b, a) == ("event", "fee", "only in old")
    assert of(traced(equity_at(3)), b) == ("event", "fee", "only in new")


def test_bars_of_other_times_are_one_finding_whatever_happens_on_them() -> None:
    late = traced({**signal(), "timestamp_ns": 90}, trades=2)
    assert of(traced(gate("session"), signal()), late) == ("bars", "other times")
    assert of(traced({**equity(), "timestamp_ns": 90}), traced(equity(), trades=2)) == ("bars", "other times")


def test_a_label_that_names_no_rule_is_none() -> None:
    assert of(traced(equity()), traced(signal(scenario="short_stop"), trades=2)) == ("event", "signal")


def equity_at(bar: int) -> Row:
    return event("equity", bar, None, equity=1.0, balance=1.0)
