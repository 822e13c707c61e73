"""Gates in the trace: which one keeps the strategy from trading on a bar, for which direction and until when."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bt
import pytest

from parity.harness.model.files import write_news

Config = Callable[..., dict[str, Any]]
Row = tuple[int, str, str | None, int | None]

START, STEP = 1_736_208_000_000_000_000, 60_000_000_000  # 2025-01-07T00:00:00Z, one minute
ANCHOR = {"anchor": "london", "windows": [{"start_offset_minutes": -470, "end_offset_minutes": -460}]}
TREND = {"enabled_scenarios": [2], "htf_tf": "NONE", "htf_filter": "above", "b_b_length": 5, "std_factor": 1.0}
LEFT_OF_V2 = {"config_rules": "v1"}  # a filter without a timeframe never passes, which only V1's rules accept


def both(gate: str, bars: range, minute: int | None) -> list[Row]:
    """Rows of a gate that stops both directions; ``minute`` counts from the first bar."""
    until = None if minute is None else START + minute * STEP
    return [(bar, gate, None, until) for bar in bars]


def rows(result: bt.Result) -> list[Row]:
    gates = [event for event in result.events if event["event"] == "gate"]
    assert all(event["timestamp_ns"] == START + event["bar"] * STEP and event["order"] is None for event in gates)
    keys = ["event", "bar", "timestamp_ns", "order", "gate", "direction", "until_ns"]
    assert all(list(event) == keys for event in gates)
    return [(event["bar"], event["gate"], event["direction"], event["until_ns"]) for event in gates]


@pytest.fixture
def one_order(config: Config) -> Config:
    """A config with a long order on bar 1 that is closed by its holding time, two minutes later."""
    order = {"bar": 1, "direction": "long", "type": "market", "sl": 1.0, "tp": 1.2}

    def build(**changes: Any) -> dict[str, Any]:
        return config(
            strategy_name="scripted_orders", strategy_parameters={"orders": [order]}, output={"events": True},
            trade_management={"enabled": True, "max_holding_minutes": 2}, **changes,
        )  # fmt: skip

    return build


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"sessions": [{"start": "00:00", "end": "00:30"}]}, both("session", range(29, 40), 1440)),
        ({"anchored_sessions": ANCHOR}, both("anchor", range(9), 10) + both("anchor", range(19, 40), 1450)),
        ({"cooldown": {"minutes_after_exit": 5}}, both("cooldown_exit", range(3, 8), 8)),
        ({"cooldown": {"minutes_after_entry": 2.5}}, [(2, "cooldown_entry", None, START + 7 * STEP // 2),
                                                     (3, "cooldown_entry", None, START + 7 * STEP // 2)]),
        ({"cooldown": {"candles": 4}}, both("cooldown_candles", range(2, 5), 5)),
        ({"cooldown": {"candles": 90}}, both("cooldown_candles", range(2, 40), None)),
    ],
)  # fmt: skip
def test_a_gate_says_when_it_ends(changes: dict[str, Any], expected: list[Row], market: Any, one_order: Config) -> None:
    if "anchored_sessions" in changes:  # the order lies outside the windows: nothing but them is on the trace
        assert not bt.run_backtest(one_order(**changes)).trades.num_rows
    assert rows(bt.run_backtest(one_order(**changes))) == expected


def test_news_are_a_gate(market: Any, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, calendar = write_news(tmp_path, (("2025-01-07T00:10:00", "EUR", "HIGH"),))
    monkeypatch.setenv("OMEGA_NEWS_CALENDAR_FILE", str(calendar))
    pause = {"enabled": True, "minutes_before": 3, "minutes_after": 4}
    result = bt.run_backtest(config(news_filter=pause, output={"events": True}))
    assert [row for row in rows(result) if row[1] == "news"] == both("news", range(7, 15), 14)


def test_an_open_position_is_a_gate(market: Any, config: Config) -> None:
    result = bt.run_backtest(config(output={"events": True}))
    bar = {START + i * STEP: i for i in range(40)}
    trades = [range(bar[trade.entry_time_ns] + 1, bar[trade.exit_time_ns]) for trade in result.trade_records]
    still = [range(bar[position["entry_time_ns"]] + 1, 40) for position in result.open_positions]
    expected = [row for held in trades + still for row in both("position_limit", held, None)]
    assert len(expected) > 10
    assert rows(result) == expected


def test_a_trend_stops_the_direction_whose_rule_holds(market: Any, config: Config) -> None:
    def run(**changes: Any) -> bt.Result:
        parameters = {**config()["strategy_parameters"], **TREND, **changes}
        return bt.run_backtest(config(strategy_parameters=parameters, semantics=LEFT_OF_V2, output={"events": True}))

    free = next(event for event in run(htf_filter="both").events if event["event"] == "signal")
    stopped = rows(run())
    assert stopped[0] == (free["bar"], "trend", free["direction"], None)
    assert {row[1] for row in stopped} == {"trend"}


def test_a_chain_stops_the_direction_whose_rule_holds(market: Any, config: Config) -> None:
    def run(**changes: Any) -> bt.Result:
        bands = {"b_b_length": 5, "std_factor": 1.0, "scenario6_timeframes": ["PRIMARY"]}
        out_of_reach = {"scenario6_params": {"PRIMARY": {"std_factor": 9.0}}}
        parameters = {**config()["strategy_parameters"], **bands, **out_of_reach, **changes}
        return bt.run_backtest(config(strategy_parameters=parameters, output={"events": True}))

    free = next(event for event in run(enabled_scenarios=[2]).events if event["event"] == "signal")
    stopped = rows(run(enabled_scenarios=[6]))
    assert stopped[0] == (free["bar"], "chain", free["direction"], None)
    assert {row[1] for row in stopped} == {"chain"}


@pytest.mark.parametrize("variant", ["v1_parity", "v2"])
def test_no_gate_is_named_on_a_bar_with_a_signal(variant: str, market: Any, config: Config) -> None:
    # V1's last day ends as it begins, so it is one later.
    changes = {"execution_variant": variant, "cooldown": {"candles": 3}, "end_date": "2025-01-08"}
    result = bt.run_backtest(config(**changes, output={"events": True}))
    given = {event["bar"] for event in result.events if event["event"] == "signal"}
    named = {bar for bar, *_ in rows(result)}
    assert len(given) > 1
    assert len(named) > 10
    assert not given & named


def test_every_gate_is_in_the_schema() -> None:
    gates = {gate["const"] for gate in bt.schema("result")["$defs"]["Gate"]["oneOf"]}
    assert gates == {
        "session", "anchor", "cooldown_exit", "cooldown_entry", "cooldown_candles", "news", "position_limit", "trend",
        "chain",
    }  # fmt: skip
