"""The effect of an ADR: every field, its value, the sign and the size of its change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from parity.harness.adr.effects import Change, effect_of, faults, problem
from parity.harness.oracle.compare import Difference

NS = 1_736_208_000_000_000_000


def difference(group: str, field: str, a: object, b: object, **more: Any) -> Difference:
    """A difference whose path says nothing: it is for people and is not read."""
    return Difference(group=group, field=field, a=a, b=b, path="somewhere", **more)


def trade(field: str, a: object, b: object, *, order: int = 0, time: int = NS) -> Difference:
    return difference("trades", field, a, b, order=order, time=time)


DIFFERENCES = [
    trade("exit_price", 1.0981, 1.097),
    trade("result", -100.0, -155.000000000005),
    trade("exit_time_ns", NS, NS + 60_000_000_000),
    trade("reason", "take_profit", "stop_loss"),
    difference("account", "balance", 9900.0, 9844.999999999995),
    difference("metrics", "total_trades", 1, 2),
]
LINES = """{field: trades.exit_price, order: 0, v1: 1.0981, v2: 1.097, change: -0.0011, precision: 0.0000001}
{field: trades.result, order: 0, v1: -100.0, v2: -155.0, change: -55.0, precision: 0.01}
{field: trades.exit_time_ns, order: 0, v1: "2025-01-07 00:00:00", v2: "2025-01-07 00:01:00", change: "+60 s"}
{field: trades.reason, order: 0, v1: take_profit, v2: stop_loss}
{field: balance, v1: 9900.0, v2: 9845.0, change: -55.0, precision: 0.01}
{field: metrics.total_trades, v1: 1, v2: 2, change: 1}"""
EFFECT = effect_of(DIFFERENCES)


def altered(place: int, **values: object) -> list[Change]:
    """The effect with one entry otherwise."""
    return [msgspec.structs.replace(c, **values) if i == place else c for i, c in enumerate(EFFECT)]


def test_an_effect_is_readable_and_is_the_one_of_its_differences() -> None:
    assert "\n".join(map(str, EFFECT)) == LINES
    assert [problem(change) for change in EFFECT] == [None] * 6
    assert faults(EFFECT, DIFFERENCES) == []


def test_values_within_half_a_unit_of_the_precision_hold_and_beyond_it_do_not() -> None:
    near = [trade("result", -100.0, -155.005), *DIFFERENCES[:1], *DIFFERENCES[2:]]
    assert faults(EFFECT, near) == []
    far = [trade("result", -100.0, -155.0051), *DIFFERENCES[:1], *DIFFERENCES[2:]]
    assert faults(EFFECT, far) == ["trades.result of order 0: -155.0051 at v2, the ADR says -155.0"]


def test_the_sign_of_a_zero_counts_and_that_of_what_rounds_to_zero_does_not() -> None:
    for zero, other in ((0.0, -0.0), (-0.0, 0.0)):
        found = [difference("metrics", "sortino_trade", zero, 1.5)]
        (stated,) = effect_of(found)
        assert str(stated).startswith(f"{{field: metrics.sortino_trade, v1: {zero}, v2: 1.5, ")
        assert faults([stated], found) == []
        bent = msgspec.structs.replace(stated, v1=other)
        assert faults([bent], found) == [f"metrics.sortino_trade: {zero} at v1, the ADR says {other}"]
        assert faults([bent], [difference("metrics", "sortino_trade", zero + 1e-9, 1.5)]) == []


def test_a_flipped_sign_fails() -> None:
    flipped = [replace(d, a=d.b, b=d.a) if d.field == "exit_price" else d for d in DIFFERENCES]
    assert faults(EFFECT, flipped) == ["trades.exit_price of order 0: 1.097 at v1, the ADR says 1.0981"]
    assert faults(altered(0, change=0.0011), DIFFERENCES) == [
        "trades.exit_price of order 0: changes by -0.0011, the ADR says 0.0011"
    ]
    assert "change must be -0.0011" in str(problem(altered(0, change=0.0011)[0]))


@pytest.mark.parametrize("place", [0, 1, 4])
@pytest.mark.parametrize("units", [-2, 2])
def test_a_size_off_by_twice_the_precision_fails(place: int, units: int) -> None:
    change = EFFECT[place]
    assert change.precision is not None
    for name in ("v1", "v2", "change"):
        value = round(getattr(change, name) + units * change.precision, 9)
        assert len(faults(altered(place, **{name: value}), DIFFERENCES)) == 1, name


def test_counts_and_times_are_exact() -> None:
    assert faults(altered(5, v2=3), DIFFERENCES) == ["metrics.total_trades: 2 at v2, the ADR says 3"]
    assert faults(altered(5, v2=2.0), DIFFERENCES) == ["metrics.total_trades: 2 at v2, the ADR says 2.0"]
    assert len(faults(altered(2, v2="2025-01-07 00:01:00.000000001"), DIFFERENCES)) == 1


def test_a_field_that_differs_and_is_not_listed_fails() -> None:
    assert faults(EFFECT[1:], DIFFERENCES) == ["trades.exit_price of order 0: 1.0981 -> 1.097 is not in the effect"]


def test_a_field_that_is_listed_and_does_not_differ_fails() -> None:
    assert faults(EFFECT, DIFFERENCES[1:]) == ["trades.exit_price of order 0 is in the effect and does not differ"]


def test_another_order_fails() -> None:
    other = [trade("exit_price", 1.0981, 1.097, order=1), *DIFFERENCES[1:]]
    assert faults(EFFECT, other) == [
        "trades.exit_price of order 1: 1.0981 -> 1.097 is not in the effect",
        "trades.exit_price of order 0 is in the effect and does not differ",
    ]


def test_another_refusal_fails() -> None:
    refused = [difference("refusal", "code", None, 2008)]
    effect = effect_of(refused)
    assert str(effect[0]) == "{field: error.code, v1: runs, v2: 2008}"
    assert faults(effect, refused) == []
    assert faults(effect, [replace(refused[0], b=1006)]) == ["error.code: 1006 at v2, the ADR says 2008"]
    assert faults(effect, [replace(refused[0], a=2008, b=None)]) == ["error.code: 2008 at v1, the ADR says runs"]


def test_appearing_is_not_disappearing() -> None:
    row = {"direction": "long", "order_type": "market", "entry_price": 1.1001, "exit_price": 1.1021,
           "reason": "take_profit"}  # fmt: skip
    appears = trade("", None, row)
    effect = effect_of([appears])
    assert str(effect[0]) == (
        '{field: trades, order: 0, v1: absent, v2: "long market in 1.1001 out 1.1021 (take_profit)"}'
    )
    assert faults(effect, [appears]) == []
    assert len(faults(effect, [replace(appears, a=row, b=None)])) == 1
    assert len(faults(effect, [replace(appears, b={**row, "exit_price": 1.1022})])) == 1


def test_a_metric_of_one_side_alone_is_stated_with_its_value() -> None:
    found = [difference("metrics", "ulcer_index", None, 0.000753, note="only in V2")]
    assert str(effect_of(found)[0]) == "{field: metrics.ulcer_index, v1: absent, v2: 0.00075, precision: 0.00001}"
    assert faults(effect_of(found), found) == []
    assert len(faults(effect_of(found), [replace(found[0], b=0.00077)])) == 1


def test_the_first_equity_point_is_named_by_its_time() -> None:
    found = [difference("account", "equity", 1e4, 9997.499999999995, time=NS)]
    assert str(effect_of(found)[0]) == (
        '{field: equity, at: "2025-01-07 00:00:00", v1: 10000.0, v2: 9997.5, change: -2.5, precision: 0.01}'
    )
    assert len(faults(effect_of(found), [replace(found[0], time=NS + 60_000_000_000)])) == 2


def test_entries_stand_in_the_order_of_time() -> None:
    late = trade("result", 1.0, 2.0, time=NS + 1)
    early = difference("open_positions", "tp", 1.0, 2.0, order=1, time=NS)
    account = difference("account", "balance", 1.0, 2.0)
    assert [c.field for c in effect_of([late, early, account])] == ["open_positions.tp", "trades.result", "balance"]


def test_parts_of_the_curve_and_the_order_of_rows_have_names_of_their_own() -> None:
    found = [difference("account", "length", 1, 2), trade("", [0, 1], [1, 0], time=NS)]
    found[1] = replace(found[1], order=None)
    assert [str(change) for change in effect_of(found)] == [
        '{field: trades.order, v1: "0, 1", v2: "1, 0"}', "{field: equity.length, v1: 1, v2: 2, change: 1}",
    ]  # fmt: skip


def test_so_many_differences_that_some_may_be_missing_are_no_effect() -> None:
    with pytest.raises(ValueError, match="too many for a witness"):
        effect_of([trade("result", 1.0, 2.0, order=i) for i in range(200)])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Change(field="balance", v1=1.0, v2=2.0, change=1.0), "precision must be a power of ten"),
        (Change(field="balance", v1=1.0, v2=2.0, change=1.0, precision=0.03), "precision must be a power of ten"),
        (Change(field="balance", v1=1.0, v2=2.0, change=1.0, precision=-0.01), "precision must be a power of ten"),
        (Change(field="balance", v1=1.0, v2=2.0, change=1.0, precision=100.0), "precision must be a power of ten"),
        (Change(field="balance", v1=1.0, v2=2.0, precision=0.01), "change must be a number"),
        (Change(field="balance", v1=1.0, v2=1.00009999, change=0.0001, precision=0.00001), "must be rounded"),
        (Change(field="balance", v1=1.0, v2=1.05, change=0.05, precision=0.01), "too coarse"),
        (Change(field="balance", v1=1.0, v2=1.0, change=0.0, precision=0.01), "nothing changes"),
        (Change(field="balance", v1=1.0, v2=float("nan"), change=0.0, precision=0.01), "finite"),
        (Change(field="balance", v1=1.0, v2=2.0, change=1.0, precision=float("inf")), "finite"),
        (Change(field="metrics", v1=1, v2=3, change=1), "change must be 2"),
        (Change(field="metrics", v1=1, v2=3, change=2, precision=1.0), "precision belongs to"),
        (Change(field="error.code", v1="runs", v2=1006, change=1006), "change belongs to"),
        (Change(field="trades.exit_time_ns", v1=1, v2=2, change=1), "a time is text in UTC"),
        (Change(field="trades.exit_time_ns", v1="2025-13-07 00:00:00", v2="absent"), "no such time"),
        (Change(field="trades.exit_time_ns", v1="2025-01-07 00:00:00", v2="2025-01-07 00:01:00", change="-60 s"),
         "change must be +60 s"),
    ],
)  # fmt: skip
def test_a_change_that_no_machine_can_hold_against_the_witness_is_refused(change: Change, words: str) -> None:
    assert words in str(problem(change))
