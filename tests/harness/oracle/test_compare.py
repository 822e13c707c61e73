"""Comparison: what differs is named once, what is equal costs nothing, tolerances are what the file says."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

import pytest

from parity.harness.model.decode import decode_outcome
from parity.harness.model.errors import HarnessError
from parity.harness.model.events import Event
from parity.harness.model.outcome import Answer, Outcome
from parity.harness.oracle import compare as comparing
from parity.harness.oracle.attribution import attribute_to_switches
from parity.harness.oracle.compare import Difference, Tolerances, TolerancesError
from parity.harness.oracle.equality import same
from parity.harness.oracle.grouping import grouped
from parity.harness.oracle.trace_diff import first_divergence
from parity.harness.triage.render import render
from tests.harness.answers import event, outcome, put, still_open, trade, without


def compare(a: Any, b: Any, tolerances: Tolerances, **options: Any) -> list[Difference]:
    return comparing.compare(decode_outcome(a), decode_outcome(b), tolerances, **options)


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


TOLERANCE = 'relative = 1e-9, reason = "measured"'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[trades]\nresult = { relative = 1e-9 }", "trades.result has the keys relative; a tolerance has exactly"),
        ('[trades]\nresult = { relative = 1e-9, reason = " " }', "trades.result.reason is ' '; a tolerance without"),
        ("[trades]\nresult = { relative = 1e-9, reason = 3 }", "trades.result.reason is 3"),
        (f"[trades]\nresult = {{ {TOLERANCE}, absolute = 1.0 }}", "has the keys absolute, reason, relative"),
        (
            '[trades]\nresult = { relative = "1e-9", reason = "x" }',
            "trades.result.relative is '1e-9'; a number above 0",
        ),
        ('[trades]\nresult = { relative = nan, reason = "x" }', "trades.result.relative is nan"),
        ('[trades]\nresult = { relative = inf, reason = "x" }', "trades.result.relative is inf"),
        ('[trades]\nresult = { relative = -1e-9, reason = "x" }', "trades.result.relative is -1e-09"),
        ('[trades]\nresult = { relative = 0.0, reason = "x" }', "trades.result.relative is 0.0"),
        ('[trades]\nresult = { relative = 0.5, reason = "x" }', "relative is 0.5; a number above 0 and at most 0.001"),
        ('[trades]\nresult = { relative = true, reason = "x" }', "trades.result.relative is True"),
        ("[trades]\nresult = 1e-9", "trades.result is 1e-09; a tolerance has exactly relative and reason"),
        (f"[trades]\nprofit = {{ {TOLERANCE} }}", "trades.profit can have no tolerance; what can: entry_fee, "),
        (f"[trades]\nexit_time_ns = {{ {TOLERANCE} }}", "trades.exit_time_ns can have no tolerance"),
        (f"[money]\nresult = {{ {TOLERANCE} }}", "[money] is not one of the tables trades, open_positions"),
        ("trades = 3", "[trades] is not one of the tables"),
        ("[trades", "Expected ']'"),
    ],
)
def test_a_broken_tolerances_file_is_told_by_file_key_and_what_is_allowed(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "tolerances.toml"
    path.write_text(text + "\n", encoding="utf-8")
    with pytest.raises(TolerancesError) as caught:
        Tolerances.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert told in str(caught.value)


def test_a_tolerances_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TolerancesError, match=r"tolerances.toml: No such file"):
        Tolerances.load(tmp_path / "tolerances.toml")


def test_a_tolerances_file_of_the_allowed_form_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tolerances.toml"
    path.write_text(f"[trades]\nresult = {{ {TOLERANCE} }}\n[metrics]\nany = {{ {TOLERANCE} }}\n", encoding="utf-8")
    assert Tolerances.load(path).limits == {("trades", "result"): 1e-9, ("metrics", "any"): 1e-9}


def test_values_are_the_same_in_type_and_bits_alone() -> None:
    nan = float("nan")
    for a, b in [
        (1, True),
        (0, False),
        (1, 1.0),
        (0.0, -0.0),
        (nan, nan),
        (1.0, "1.0"),
        (None, 0),
        (1.0, 1.0 + 2**-52),
    ]:
        assert not same(a, b)
        assert not same(b, a)
    for a in (1, True, 1.0, 0.0, -0.0, None, "x", 2**62):
        assert same(a, a)


def test_a_tolerance_never_takes_nan_or_another_type_for_near() -> None:
    wide = Tolerances({("account", "balance"): 1e-3})
    assert wide.equal("account", "balance", 1.0, 1.0001)
    for b in (float("nan"), float("inf"), 1, True, None, "1.0"):
        assert not wide.equal("account", "balance", 1.0, b)
        assert not wide.equal("account", "balance", b, 1.0)
    assert not wide.equal("account", "balance", float("nan"), float("nan"))


def test_the_sign_of_zero_is_a_difference(tolerances: Tolerances) -> None:
    a, b = outcome(), put(outcome(), ("trades", 1, "entry_fee"), -0.0)
    found = compare(a, b, tolerances)
    assert [str(d) for d in found] == ["trades[order 1].entry_fee: 0.0 -> -0.0"]
    a, b = outcome(), put(outcome(), ("metrics", "sortino_trade"), -0.0)
    assert [str(d) for d in compare(a, b, tolerances)] == ["metrics.sortino_trade: 0.0 -> -0.0"]


def test_a_metric_of_another_type_is_a_difference(tolerances: Tolerances) -> None:
    found = compare(outcome(), put(outcome(), ("metrics", "total_trades"), 3.0), tolerances)
    assert [str(d) for d in found] == ["metrics.total_trades: 3 -> 3.0"]


def test_values_that_differ_have_texts_that_differ(tolerances: Tolerances) -> None:
    a = put(outcome(), ("trades", 1, "entry_price"), 1.091963698)
    b = put(outcome(), ("trades", 1, "entry_price"), 1.0919636980000003)
    assert [str(d) for d in compare(a, b, tolerances)] == [
        "trades[order 1].entry_price: 1.091963698 -> 1.0919636980000003"
    ]


def test_a_difference_carries_its_order_and_field(tolerances: Tolerances) -> None:
    found = compare(outcome(), put(outcome(), ("trades", 1, "size"), 0.75), tolerances)
    assert [(d.group, d.order, d.field, d.a, d.b) for d in found] == [("trades", 1, "size", 0.5, 0.75)]


def test_an_unknown_metric_is_told_beside_those_that_differ(tolerances: Tolerances) -> None:
    b = put(put(outcome(), ("metrics", "luck"), 1.0), ("metrics", "avg_r_multiple"), 0.75)
    assert [d.path for d in compare(outcome(), b, tolerances)] == ["metrics.luck", "metrics.avg_r_multiple"]


def test_rows_that_have_one_number_are_told_apart(tolerances: Tolerances) -> None:
    a = {**outcome(), "trades": [trade(0), trade(0, entry_time_ns=5)]}
    b = {**outcome(), "trades": [trade(0), trade(0, entry_time_ns=5), trade(0, entry_time_ns=7), trade(0)]}
    found = compare(a, b, tolerances)
    assert [(d.order, d.note) for d in found] == [(0, "only in B"), (0, "only in B")]
    assert len(grouped(found)) == 1
    a = {**outcome(), "trades": [trade(0, entry_time_ns=1), trade(0, entry_time_ns=2)]}
    b = {**outcome(), "trades": [trade(0, entry_time_ns=3), trade(0, entry_time_ns=4)]}
    assert [d.field for d in compare(a, b, tolerances)] == ["entry_time_ns", "entry_time_ns"]


def test_a_row_that_one_side_lacks_is_no_pair_with_another_of_its_number(tolerances: Tolerances) -> None:
    a = {**outcome(), "trades": [trade(0, entry_time_ns=1), trade(1, entry_time_ns=2)]}
    b = {**outcome(), "trades": [{**trade(1, entry_time_ns=2, size=0.75), "order_id": 0}, trade(1, entry_time_ns=9)]}
    found = compare(a, b, tolerances)
    assert [(d.order, d.field or d.note) for d in found] == [(0, "only in A"), (1, "only in B"), (1, "size")]
    assert len(grouped(found)) == 3


def test_what_nobody_knows_is_no_difference_and_the_rest_still_is(tolerances: Tolerances) -> None:
    a = {**outcome(), "trades": [trade(0)]}
    b = {**without(a, ("trades", 0, "entry_fee")), "unknown": ["trades.entry_fee", "metrics.avg_r_multiple"]}
    b = without(b, ("metrics", "avg_r_multiple"))
    assert compare(a, b, tolerances) == []
    assert compare(b, a, tolerances) == []
    assert [d.field for d in compare(a, put(b, ("trades", 0, "exit_fee"), 1.0), tolerances)] == ["exit_fee"]
    lacks = {**without(outcome(), ("equity",)), "unknown": ["equity"]}
    assert compare(outcome(), lacks, tolerances) == []
    assert [d.field for d in compare(outcome(), put(lacks, ("balance",), 1.0), tolerances)] == ["balance"]


def test_levels_that_no_engine_knows_do_not_separate_the_orders(tolerances: Tolerances) -> None:
    a = {**outcome(), "trades": [trade(0), trade(1)]}
    b = {**a, "trades": [without(row, ("initial_sl",)) for row in a["trades"]], "unknown": ["trades.initial_sl"]}
    assert compare(a, b, tolerances) == []


def test_outcomes_that_are_not_the_same_always_have_a_difference(
    tolerances: Tolerances, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "same", lambda a, b: True)
    monkeypatch.setattr(Tolerances, "equal", lambda *_: True)
    with pytest.raises(HarnessError, match="no field of them differs"):
        compare(outcome(), put(outcome(), ("balance",), 1.0), tolerances)


def test_every_field_of_every_row_is_compared(tolerances: Tolerances) -> None:
    """By the types themselves, so that a field that is added to them cannot be forgotten here."""
    whole = {**outcome(1), "open_positions": [still_open(9)]}
    seen = set()
    for group in ("trades", "open_positions"):
        for name, value in whole[group][0].items():
            other: Any = {"direction": "short" if value == "long" else "long", "order_type": "stop", "status": "open",
                          "reason": "timeout"}.get(name)  # fmt: skip
            if other is None:
                other = value + 1 if isinstance(value, int | float) else 7 if name == "trigger_time_ns" else "other"
            found = compare(whole, put(whole, (group, 0, name), other), tolerances)
            assert name in {d.field for d in found}, (group, name)
            seen.add((group, name))
    structs = {"trades": comparing.Trade, "open_positions": comparing.OpenPosition}
    assert seen == {(group, name) for group, struct in structs.items() for name in struct.__struct_fields__}


def test_only_codes_of_refusals_are_compared(tolerances: Tolerances) -> None:
    refused = {"error": {"category": "io", "code": 3001, "message": "no"}}
    other = {"error": {"category": "else", "code": 3001, "message": "not today"}}
    assert compare(refused, other, tolerances) == []
    found = compare(refused, put(other, ("error", "code"), 3002), tolerances)
    assert [(d.group, d.field, d.a, d.b) for d in found] == [("refusal", "code", 3001, 3002)]
    found = compare(outcome(), other, tolerances)
    assert [(d.a, d.b, d.note) for d in found] == [(None, 3001, "not today")]


def test_bars_are_compared_where_both_say_how_many_and_the_curve_does_not_show_it(tolerances: Tolerances) -> None:
    def answer(raw: Any, bars: int | None) -> Answer:
        return Answer(outcome=decode_outcome(raw), bars=bars)

    def paths(a: Answer, b: Answer) -> list[str]:
        return [d.path for d in comparing.compare_answers(a, b, tolerances)]

    whole, refused = outcome(), {"error": {"category": "io", "code": 3001, "message": "no"}}
    assert paths(answer(whole, 3), answer(whole, 3)) == []
    assert paths(answer(whole, 3), answer(whole, 4)) == ["bars"]
    assert paths(answer(whole, 3), answer(whole, 0)) == ["bars"]
    assert paths(answer(whole, 3), answer(whole, None)) == []
    assert paths(answer(refused, 3), answer(refused, 4)) == []
    shorter = put(whole, ("equity",), whole["equity"][:-1])
    assert paths(answer(whole, 3), answer(shorter, 2)) == ["equity.length"]
    money = put(put(whole, ("metrics", "total_trades"), 4), ("balance",), 1.0)
    assert paths(answer(whole, 3), answer(money, 4)) == ["balance", "bars", "metrics.total_trades"]
    assert comparing.compare_answers(Answer(outcome=None, failure="gone"), answer(whole, 4), tolerances) == []


def test_the_last_bit_of_an_event_makes_two_traces_diverge() -> None:
    for change in ({"price": 1.0000000000000002}, {"r": 1.0}, {"result": -0.0}):
        base = {"price": 1.0, "r": -1.0, "result": 0.0}
        a, b = events(closed(1, **base)), events(closed(1, **{**base, **change}))
        divergence = first_divergence(a, b)
        assert divergence is not None
        name, value = next(iter(change.items()))
        assert divergence.words() == f"closed on bar 1 with {name} {base[name]!r} and {value!r}"


def test_gates_are_not_compared() -> None:
    gate = event("gate", 1, None, gate="session", direction=None, until_ns=None)
    assert first_divergence(events(gate, closed(1)), events(closed(1))) is None


def test_five_thousand_equal_trades_are_compared_by_equality_alone(
    tolerances: Tolerances, monkeypatch: pytest.MonkeyPatch
) -> None:
    def walked(*_: object) -> None:
        pytest.fail("equal outcomes were walked field by field")

    monkeypatch.setattr(comparing, "_parts", walked)
    a, b = decode_outcome(outcome(5000)), decode_outcome(outcome(5000))
    began = time.perf_counter()
    assert comparing.compare(a, b, tolerances) == []
    print(f"5000 equal trades: {(time.perf_counter() - began) * 1000:.2f} ms")


def test_explain_finds_the_minimal_set_even_when_switches_interact() -> None:
    switches = [f"s{i}" for i in range(27)]
    needed = {"s3", "s17", "s18"}
    asked = []

    def agrees(at_v1: frozenset[str]) -> bool:
        asked.append(at_v1)
        return needed <= at_v1

    assert attribute_to_switches(switches, agrees) == needed
    assert len(asked) < 120
    assert attribute_to_switches(switches, lambda _: False) is None
    assert attribute_to_switches(switches, lambda _: True) == frozenset()


def events(*rows: dict[str, Any]) -> tuple[Event, ...]:
    decoded = decode_outcome({**outcome(0), "events": list(rows)})
    assert isinstance(decoded, Outcome)
    assert decoded.trace is not None
    return decoded.trace


def closed(bar: int, **changes: Any) -> dict[str, Any]:
    return event("closed", bar, 0, **{"price": 1.0, "reason": "stop_loss", "r": -1.0, "result": -100.0, **changes})


def test_locate_names_the_first_event_that_differs() -> None:
    a = events(event("filled", 0, 0, price=1.1, size=0.5), closed(1))
    b = events(event("filled", 0, 0, price=1.1, size=0.5), closed(2))
    divergence = first_divergence(a, b)
    assert divergence is not None
    assert divergence.bar == 1
    assert [one.event for one in divergence.before] == ["filled"]
    assert divergence.words() == (
        "closed on bar 1 with bar 1 and 2, time 1970-01-01 00:00:00.00000006 and 1970-01-01 00:00:00.00000012"
    )
    assert first_divergence(a, a) is None
    shorter = first_divergence(a, a[:1])
    assert shorter is not None
    assert shorter.b is None


def test_render_shows_only_the_rows_that_differ() -> None:
    a, b = outcome(3000), outcome(3000)
    b["trades"][7]["exit_price"] = 1.3
    del b["trades"][9]
    b["balance"] = 1.0
    text = render(decode_outcome(a), decode_outcome(b), compare(a, b, Tolerances.load()))
    assert "trades, order 7" in text
    assert "exit_price" in text
    assert "1.3" in text
    assert "trades, order 9" in text
    assert "balance: 10000.0 -> 1.0" in text
    assert "order 8" not in text


def test_orders_of_another_type_are_other_orders_although_all_else_is_alike(tolerances: Tolerances) -> None:
    """Two orders of one bar with one stop: their types say which belong together, whatever their numbers are."""
    common = {"entry_time_ns": 5, "direction": "long", "initial_sl": 1.0, "exit_time_ns": 9}
    a, b = outcome(0), outcome(0)
    a["trades"] = [trade(0, order_type="limit", **common), trade(1, order_type="stop", **common)]
    b["trades"] = [trade(0, order_type="stop", **common), trade(1, order_type="limit", **common)]
    found = compare(a, b, tolerances)
    assert "order_type" not in {d.field for d in found}
    assert "order_id" in {d.field for d in found}
