"""What a switch does, in figures that cannot be read as something else."""

from __future__ import annotations

import pytest

from parity.harness.oracle.attribution import Effect, attribute_to_switches, explanation
from parity.harness.oracle.figures import duration, exact, moment, money, plain, precision_of, rounded

BASE = Effect(3, 100.0, 5.0)
NAMES = ("old", "new")


def test_an_effect_names_both_engines_figures_and_the_change_in_a_traders_words() -> None:
    assert Effect(4, 155.0, 5.0).against(BASE, NAMES, "exit_gap") == [
        "trades: old 3, with exit_gap at v2 4: 1 more",
        "result: old 100.00, with exit_gap at v2 155.00: 55.00 better",
    ]
    assert Effect(3, -1100.0, 4.0).against(BASE, NAMES, "x") == [
        "result: old 100.00, with x at v2 -1,100.00: 1,200.00 worse",
        "fees: old 5.00, with x at v2 4.00: 1.00 better",
    ]
    assert Effect(2, 100.0, 5.0).against(BASE, NAMES, "x") == [
        "trades: old 3, with x at v2 2: 1 fewer",
        "result: old 100.00, with x at v2 100.00: the same",
    ]


def test_a_change_below_a_cent_is_shown_with_the_digits_that_show_it() -> None:
    assert Effect(3, 100.0012, 5.0).against(BASE, NAMES, "x") == [
        "result: old 100.0, with x at v2 100.0012: 0.0012 better"
    ]


def test_nothing_in_trades_and_money_is_said_as_such() -> None:
    assert Effect(3, 100.0 + 1e-13, 5.0).against(BASE, NAMES, "x") == [
        "3 trades, result 100.00, fees 5.00: the same in old and in new with x at v2; "
        "something else differs (replay says what)"
    ]


@pytest.mark.parametrize(
    ("base", "effect", "words"),
    [
        (BASE, Effect(0, 0.0, 0.0, 2008),
         "refusal: old runs (3 trades, result 100.00, fees 5.00), new with x at v2 refuses with 2008"),
        (Effect(0, 0.0, 0.0, 4000), BASE,
         "refusal: old refuses with 4000, new with x at v2 runs (3 trades, result 100.00, fees 5.00)"),
        (Effect(0, 0.0, 0.0, 4000), Effect(0, 0.0, 0.0, 2008),
         "refusal: old refuses with 4000, new with x at v2 refuses with 2008"),
        (Effect(0, 0.0, 0.0, 4000), Effect(0, 0.0, 0.0, 4000),
         "refusal: old and new with x at v2 both refuse with 4000"),
    ],
)  # fmt: skip
def test_refusals_are_told_from_runs(base: Effect, effect: Effect, words: str) -> None:
    assert effect.against(base, NAMES, "x") == [words]


def test_an_explanation_shows_each_switch_all_of_them_and_all_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Effect, "of", classmethod(lambda cls, outcome: outcome))
    lines = explanation(
        frozenset(("a", "b")), BASE, lambda at_v2: Effect(3, 100.0 + len(at_v2), 5.0),  # type: ignore[arg-type, return-value]
        every=("a", "b", "c"), engines=NAMES,
    )  # fmt: skip
    assert lines == [
        "old: 3 trades, result 100.00, fees 5.00",
        "a alone:", "  result: old 100.00, with a at v2 101.00: 1.00 better",
        "b alone:", "  result: old 100.00, with b at v2 101.00: 1.00 better",
        "these together:", "  result: old 100.00, with these at v2 102.00: 2.00 better",
        "all switches:", "  result: old 100.00, with all at v2 103.00: 3.00 better",
    ]  # fmt: skip


def test_the_smallest_set_of_switches_is_found() -> None:
    assert attribute_to_switches("abcdef", lambda at_v1: {"b", "e"} <= at_v1) == {"b", "e"}
    assert attribute_to_switches("abc", lambda at_v1: True) == frozenset()
    assert attribute_to_switches("abc", lambda at_v1: False) is None


def test_figures_are_decimal_and_keep_the_digits_of_the_change() -> None:
    assert plain(exact(1.097) - exact(1.0981)) == "-0.0011"
    assert (plain(exact(1e-07)), plain(exact(1e22)), plain(exact(-0.0)), plain(exact(-100.0))) == (
        "0.0000001", "10000000000000000000000.0", "0.0", "-100.0",
    )  # fmt: skip
    assert str(precision_of("balance", exact(5.0))) == "0.01"
    assert str(precision_of("balance", exact(0.05))) == "0.001"
    assert f"{precision_of('trades.exit_price', exact(0.0011)):f}" == "0.0000001"
    assert plain(rounded(exact(-155.000000000005), precision_of("balance"))) == "-155.0"
    assert (money(-4949.5303), money(0.001, signed=True), money(12.5, signed=True)) == ("-4,949.53", "0.00", "+12.50")
    assert moment(1_736_208_000_000_000_001) == "2025-01-07 00:00:00.000000001"
    assert (duration(60_000_000_000), duration(-1), duration(36_000_000_000_000)) == (
        "+60 s", "-0.000000001 s", "+36000 s",
    )  # fmt: skip
