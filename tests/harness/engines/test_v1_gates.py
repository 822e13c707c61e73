"""V1's gate events gate by gate: on which bars, which gate, until when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from parity.harness.model.bars import MINUTE_NS, Bars
from tests.harness.engines.gate_cases import Asked, blocks, ns, of_kind, pinned, quiet, with_parameters


@pytest.fixture(scope="module")
def v1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    asked = Asked(tmp_path_factory.mktemp("gates"))
    yield asked
    asked.engine.close()


MARKET = {"bar": 0, "direction": "long", "type": "market", "entry": None, "sl": 1.0, "tp": 1.2}


def test_the_cooldown_after_an_exit_ends_so_many_minutes_after_it(v1: Asked) -> None:
    case = pinned("branch__cooldown_exit")
    outcome = v1.outcome(case)
    exit_ns = outcome["trades"][0]["exit_time_ns"]
    assert of_kind(outcome["events"], "gate") == [
        {"event": "gate", "bar": 2, "timestamp_ns": 1736215800000000000, "order": None, "gate": "cooldown_exit",
         "direction": None, "until_ns": exit_ns + 15 * MINUTE_NS},
    ]  # fmt: skip
    # In close mode the exit and the decision lie one bar later.
    closed = case.with_config(timestamp_alignment={"entry_timestamp_mode": "close"})
    assert [event["until_ns"] for event in v1.gates(closed)] == [exit_ns + 20 * MINUTE_NS]


def test_the_cooldown_after_an_entry_ends_so_many_minutes_after_the_signal(v1: Asked) -> None:
    first = 1736208000000000000
    assert blocks(v1.gates(pinned("branch__cooldown_entry"))) == [("cooldown_entry", 1, 1, first + 20 * MINUTE_NS)]
    signals = [{**MARKET, "bar": bar} for bar in (0, 2, 3, 4)]
    gates = v1.gates(quiet("00:00", 8, orders=signals, cooldown_minutes=3))
    assert blocks(gates) == [("cooldown_entry", 1, 2, ns(0, "00:03")), ("cooldown_entry", 4, 5, ns(0, "00:06"))]


def test_the_cooldown_in_candles_ends_with_a_bar_of_the_market_or_not_within_it(v1: Asked) -> None:
    assert blocks(v1.gates(pinned("branch__cooldown_candles"))) == [("cooldown_candles", 1, 1, None)]
    case = quiet("00:00", 6, orders=[MARKET], cooldown_candles=3)
    assert blocks(v1.gates(case)) == [("cooldown_candles", 1, 2, ns(0, "00:03"))]
    gap = Bars.of([row for i, row in enumerate(case.bars["M1"].rows()) if i != 3])
    assert blocks(v1.gates(replace(case, bars={"M1": gap}))) == [("cooldown_candles", 1, 2, ns(0, "00:04"))]
    closed = case.with_config(timestamp_alignment={"entry_timestamp_mode": "close"})
    assert blocks(v1.gates(closed)) == [("cooldown_candles", 1, 2, ns(0, "00:04"))]


def test_of_several_cooldowns_the_first_that_blocks_is_named(v1: Asked) -> None:
    case = quiet("00:00", 8, orders=[MARKET], cooldown_candles=5, cooldown_minutes=3)
    assert blocks(v1.gates(case)) == [
        ("cooldown_entry", 1, 2, ns(0, "00:03")),
        ("cooldown_candles", 3, 4, ns(0, "00:05")),
    ]
    after_exit = pinned("branch__cooldown_exit", cooldown_candles=9, cooldown_minutes=60)
    assert [event["gate"] for event in v1.gates(after_exit)] == ["cooldown_entry", "cooldown_exit"]


def test_an_end_that_no_64_bit_time_can_hold_is_left_out(v1: Asked) -> None:
    for minutes in (200_000_000, 5_000_000_000):  # past the year 2262, past the calendar
        gates = v1.gates(quiet("00:00", 3, orders=[MARKET], cooldown_minutes=minutes))
        assert blocks(gates) == [("cooldown_entry", 1, 2, None)]


def test_a_session_ends_its_block_with_the_start_of_the_next_window(v1: Asked) -> None:
    case = quiet("00:00", 1445, orders=[], session_filter={"fixed_times": [["01:00", "01:10"], ["00:20", "00:30"]]})
    assert blocks(v1.gates(case)) == [
        # The close of a bar counts, one minute after its open; both ends of a window belong to it.
        ("session", 0, 18, ns(0, "00:20")),
        ("session", 30, 58, ns(0, "01:00")),
        ("session", 70, 1444, ns(1, "00:20")),
    ]


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ([["23:00", "00:10"]], [("session", 10, 1378, ns(0, "23:00")), ("session", 1450, 1499, ns(1, "23:00"))]),
        ([["00:00", "23:59"]], []),
        # Seconds count: the first bar that closes at 00:17:30 or later closes at 00:18.
        ([["00:17:30", "23:59"]], [("session", 0, 16, ns(0, "00:18")), ("session", 1439, 1456, ns(1, "00:18"))]),
        ([["10:00", "10:00"], ["09:59", "10:01"]],
         [("session", 0, 597, ns(0, "09:59")), ("session", 601, 1499, ns(1, "09:59"))]),
    ],
)  # fmt: skip
def test_windows_that_wrap_overlap_or_have_seconds(v1: Asked, windows: Any, expected: Any) -> None:
    assert blocks(v1.gates(quiet("00:00", 1500, orders=[], session_filter={"fixed_times": windows}))) == expected


def test_a_window_between_open_and_close_of_a_bar_is_over_at_its_close(v1: Asked) -> None:
    minutes = quiet("00:00", 15, orders=[], session_filter={"fixed_times": [["00:06", "00:09"]]})
    case = minutes.with_config(timeframes={"primary": "M5", "additional": []})
    case = replace(case, bars={"M5": minutes.bars["M1"].take(slice(None, None, 5))})
    assert blocks(v1.gates(case)) == [("session", 0, 0, ns(0, "00:06")), ("session", 1, 2, ns(1, "00:06"))]


def test_an_anchored_session_ends_its_block_with_its_next_start(v1: Asked) -> None:
    # In January London's 08:00 is 08:00 UTC.
    anchored = {"anchor": "london", "offset_window": [["-00:30", "01:00"], ["02:00", "02:30"]]}
    assert blocks(v1.gates(quiet("00:00", 1445, orders=[], anchored_session_filter=anchored))) == [
        ("anchor", 0, 448, ns(0, "07:30")),
        ("anchor", 540, 598, ns(0, "10:00")),
        ("anchor", 630, 1444, ns(1, "07:30")),
    ]
    empty = quiet("00:00", 3, orders=[], anchored_session_filter={"anchor": "london", "windows": []})
    assert blocks(v1.gates(empty)) == [("anchor", 0, 2, None)]


def test_the_start_of_an_anchored_session_follows_the_clocks_of_its_place(v1: Asked) -> None:
    # New York turns its clocks on Sunday, 9 March 2025: 09:30 there is 14:30 UTC before, 13:30 UTC after.
    anchored = {"anchor": "new_york", "offset_window": [["00:00", "01:00"]]}
    days = {"start_date": "2025-03-07", "end_date": "2025-03-11"}
    case = quiet("00:00", 1, orders=[], anchored_session_filter=anchored, **days)
    # The first bar is a Friday's, the second a Monday's; Tuesday, 7 January, is day 0.
    rows = [[ns(day, clock), *[1.1] * 4, *[1.1001] * 4, 1.0] for day, clock in ((59, "19:00"), (62, "03:00"))]
    assert blocks(v1.gates(replace(case, bars={"M1": Bars.of(rows)}))) == [
        ("anchor", 0, 0, ns(60, "14:30")),
        ("anchor", 1, 1, ns(62, "13:30")),
    ]


def test_two_sessions_fail_on_the_first_bar_and_one_comes_before_the_cooldown(v1: Asked) -> None:
    case = quiet(
        "07:50", 20, orders=[], cooldown_minutes=30,
        session_filter={"fixed_times": [["07:56", "08:10"]]},
        anchored_session_filter={"anchor": "london", "offset_window": [["00:00", "00:05"]]},
    )  # fmt: skip
    refused = v1.outcome(case)
    assert "get_primary_timeframe" in refused["error"]["message"]
    assert v1.outcome(case, gates=False) == refused
    anchored = case.with_config(session_filter=None)
    assert blocks(v1.gates(anchored)) == [("anchor", 0, 8, ns(0, "08:00")), ("anchor", 15, 19, ns(1, "08:00"))]
    one = with_parameters(case.with_config(anchored_session_filter=None), orders=[{**MARKET, "bar": 18}])
    assert blocks(v1.gates(one)) == [("session", 0, 4, ns(0, "07:56")), ("cooldown_entry", 19, 19, ns(0, "08:38"))]


def test_news_ends_its_block_with_its_window_or_the_last_one_that_touches_it(v1: Asked) -> None:
    alone = quiet("00:25", 100, news=("2025-01-07 01:30:00=USD", "2025-01-07 01:00:00=JPY"))
    assert blocks(v1.gates(alone)) == [("news", 4, 94, ns(0, "02:00"))]
    # The windows 00:30 to 02:00 and 02:00 to 03:30 are one, 04:00 to 05:30 is another.
    several = ("2025-01-07 03:00:00=EUR", "2025-01-07 01:30:00=USD", "2025-01-07 05:00:00=USD")
    assert blocks(v1.gates(quiet("00:25", 310, news=several))) == [
        ("news", 4, 184, ns(0, "03:30")),
        ("news", 214, 304, ns(0, "05:30")),
    ]
    closed = alone.with_config(timestamp_alignment={"entry_timestamp_mode": "close"})
    assert blocks(v1.gates(closed)) == [("news", 4, 94, ns(0, "02:00"))]


def test_an_open_position_stops_the_strategy_through_the_bar_of_its_exit(v1: Asked) -> None:
    outcome = v1.outcome(pinned("branch__session_edge"))
    held = [
        event["timestamp_ns"]
        for event in of_kind(outcome["events"], "equity")
        if any(t["entry_time_ns"] < event["timestamp_ns"] <= t["exit_time_ns"] for t in outcome["trades"])
    ]
    gates = of_kind(outcome["events"], "gate")
    assert len(held) == 2
    assert [event["timestamp_ns"] for event in gates] == held
    assert {(event["gate"], event["direction"], event["until_ns"]) for event in gates} == {
        ("position_limit", None, None)
    }


@pytest.mark.parametrize(
    ("name", "gate", "stopping"),
    [
        ("branch__trend_auto", "trend", {"extra_htf_filter": "above"}),
        ("branch__trend_auto", "trend", {"htf_filter": "above", "htf_tf": "NONE"}),
        ("branch__chain_all", "chain", {"scenario6_timeframes": []}),
        ("branch__chain_all", "chain", {"scenario6_params": {"PRIMARY": {"z_score_short": 99.0}}}),
        ("branch__chain_higher", "chain", {"scenario6_timeframes": ["H4"]}),
        # The trend filter is asked before the chain.
        ("branch__chain_all", "trend", {"scenario6_timeframes": [], "htf_filter": "below"}),
    ],
)
def test_a_filter_is_named_on_the_bar_on_which_the_rule_would_have_given_its_signal(
    v1: Asked, name: str, gate: str, stopping: dict[str, Any]
) -> None:
    case = pinned(name)
    free = v1.outcome(case)["events"]
    signal = of_kind(free, "signal")[0]
    stopped = v1.outcome(with_parameters(case, **stopping))["events"]
    assert of_kind(stopped, "signal") == []
    assert of_kind(free, "gate") == []
    assert of_kind(stopped, "gate") == [
        {"event": "gate", "bar": signal["bar"], "timestamp_ns": signal["timestamp_ns"], "order": None, "gate": gate,
         "direction": signal["direction"], "until_ns": None},
    ]  # fmt: skip


def test_one_filter_that_stops_several_rules_of_a_direction_is_named_once(v1: Asked) -> None:
    case = with_parameters(pinned("branch__trend_auto"), extra_htf_filter="above", enabled_scenarios=[2, 3, 5, 6])
    assert [(event["bar"], event["gate"], event["direction"]) for event in v1.gates(case)] == [(1, "trend", "short")]


def test_no_filter_is_named_where_the_condition_does_not_hold_or_cannot_be_computed(v1: Asked) -> None:
    case = with_parameters(pinned("branch__trend_auto"), extra_htf_filter="above")
    assert v1.gates(with_parameters(case, z_score_short=99.0, z_score_long=-99.0)) == []
    # V1 would refuse a window of no bars, but never computes it behind the filter.
    assert v1.gates(with_parameters(case, b_b_length=0)) == []
    assert "error" in v1.outcome(with_parameters(case, b_b_length=0, extra_htf_filter="none"))
