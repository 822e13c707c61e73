"""V1's gate events: on which bars, which gate, until when; the rest of the answer is what it was without them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from parity.harness.engines.v1 import LEGACY_SRC, WORKER, V1Engine
from parity.harness.engines.v1_process.gates import REPORTED
from parity.harness.generate.cases import MEAN_REVERSION, SCRIPTED, sweep_case
from parity.harness.model.bars import MINUTE_NS, TIMEFRAME_MINUTES, Bars
from parity.harness.model.case import Case
from parity.harness.model.files import prepare

PINNED = sorted((Path(__file__).resolve().parents[3] / "parity" / "cases").glob("*.json"))
DRAWN = 72
FIELDS = ["event", "bar", "timestamp_ns", "order", "gate", "direction", "until_ns"]
TUESDAY = datetime(2025, 1, 7, tzinfo=UTC)


class Asked:
    """V1's worker, asked with or without gates."""

    def __init__(self, folder: Path) -> None:
        self.engine, self.folder = V1Engine(), folder

    def outcome(self, case: Case, *, gates: bool = True, events: bool = True) -> dict[str, Any]:
        request = self.engine.request(prepare(case, self.folder), {}, events=events)
        outcome: dict[str, Any] = self.engine.ask({**request, "gates": gates})["outcome"]
        return outcome

    def gates(self, case: Case) -> list[dict[str, Any]]:
        return of_kind(self.outcome(case)["events"], "gate")


@pytest.fixture(scope="module")
def v1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    asked = Asked(tmp_path_factory.mktemp("gates"))
    yield asked
    asked.engine.close()


def of_kind(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == kind]


def ns(day: int, clock: str) -> int:
    """Time of a day counted from the first one of the cases made here."""
    hours, minutes = clock.split(":")
    time = TUESDAY + timedelta(days=day, hours=int(hours), minutes=int(minutes))
    return int(time.timestamp()) * 1_000_000_000


def pinned(name: str, **config: Any) -> Case:
    return Case.load(PINNED[0].parent / f"{name}.json").with_config(**config)


def with_parameters(case: Case, **parameters: Any) -> Case:
    strategy = dict(case.config["strategy"])
    strategy["parameters"] = {**strategy["parameters"], **parameters}
    return case.with_config(strategy=strategy)


def quiet(begin: str, minutes: int, *, news: tuple[str, ...] = (), orders: Any = None, **config: Any) -> Case:
    """M1 bars of EURUSD that never move; the orders given, or mean reversion, which never trades there."""
    first = ns(0, begin)
    rows = [[first + i * MINUTE_NS, *[1.1] * 4, *[1.1001] * 4, 1.0] for i in range(minutes)]
    strategy = {**MEAN_REVERSION, "parameters": {"enabled_scenarios": [1]}}
    if orders is not None:
        strategy = {**SCRIPTED, "parameters": {"orders": orders}}
    base = {
        "symbol": "EURUSD", "start_date": "2025-01-07", "end_date": "2025-01-10", "timeframes": {"primary": "M1"},
        "warmup_bars": 0, "account_currency": "USD", "rates_static": {"EURUSD": 1.1}, "strategy": strategy,
    }  # fmt: skip
    calendar = tuple((when, currency, "HIGH") for when, currency in (text.split("=") for text in news))
    return Case(id="gates", config={**base, **config}, bars={"M1": Bars.of(rows)}, news=calendar)


def blocks(gates: list[dict[str, Any]]) -> list[tuple[str, int, int, int | None]]:
    """(gate, first bar, last bar, end) of each run of bars with one gate and one end."""
    out: list[tuple[str, int, int, int | None]] = []
    for event in gates:
        gate, bar, end = event["gate"], event["bar"], event["until_ns"]
        if out and (out[-1][0], out[-1][2] + 1, out[-1][3]) == (gate, bar, end):
            out[-1] = (gate, out[-1][1], bar, end)
        else:
            out.append((gate, bar, bar, end))
    return out


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
        ([["25:00", "26:00"]], [("session", 0, 1499, None)]),
        # Texts are compared: the first clock not below "00:17:30" is 00:18, no clock reaches "24:00".
        ([["00:17:30", "23:59"]], [("session", 0, 16, ns(0, "00:18")), ("session", 1439, 1456, ns(1, "00:18"))]),
        ([["24:00", "00:10"]], [("session", 10, 1438, ns(1, "00:00")), ("session", 1450, 1499, ns(2, "00:00"))]),
        ([["10:00", "10:00"], ["09:59", "10:01"]],
         [("session", 0, 597, ns(0, "09:59")), ("session", 601, 1499, ns(1, "09:59"))]),
    ],
)  # fmt: skip
def test_windows_that_wrap_overlap_or_are_no_clocks(v1: Asked, windows: Any, expected: Any) -> None:
    assert blocks(v1.gates(quiet("00:00", 1500, orders=[], session_filter={"fixed_times": windows}))) == expected


def test_an_anchored_session_ends_its_block_with_its_next_start(v1: Asked) -> None:
    # In January London's 08:00 is 08:00 UTC.
    anchored = {"anchor": "london", "windows": [["-00:30", "01:00"], ["02:00", "02:30"]]}
    assert blocks(v1.gates(quiet("00:00", 1445, orders=[], anchored_session_filter=anchored))) == [
        ("anchor", 0, 448, ns(0, "07:30")),
        ("anchor", 540, 598, ns(0, "10:00")),
        ("anchor", 630, 1444, ns(1, "07:30")),
    ]
    empty = quiet("00:00", 3, orders=[], anchored_session_filter={"anchor": "london", "windows": []})
    assert blocks(v1.gates(empty)) == [("anchor", 0, 2, None)]


def test_the_start_of_an_anchored_session_follows_the_clocks_of_its_place(v1: Asked) -> None:
    # New York turns its clocks on Sunday, 9 March 2025: 09:30 there is 14:30 UTC before, 13:30 UTC after.
    anchored = {"anchor": "new_york", "windows": [["00:00", "01:00"]]}
    days = {"start_date": "2025-03-07", "end_date": "2025-03-11"}
    case = quiet("00:00", 1, orders=[], anchored_session_filter=anchored, **days)
    # The first bar is a Friday's, the second a Monday's; Tuesday, 7 January, is day 0.
    rows = [[ns(day, clock), *[1.1] * 4, *[1.1001] * 4, 1.0] for day, clock in ((59, "19:00"), (62, "03:00"))]
    assert blocks(v1.gates(replace(case, bars={"M1": Bars.of(rows)}))) == [
        ("anchor", 0, 0, ns(60, "14:30")),
        ("anchor", 1, 1, ns(62, "13:30")),
    ]


def test_the_outer_session_is_named_before_the_anchored_one_and_both_before_the_cooldown(v1: Asked) -> None:
    case = quiet(
        "07:50", 20, orders=[{**MARKET, "bar": 10}], cooldown_minutes=30,
        session_filter={"fixed_times": [["07:56", "08:10"]]},
        anchored_session_filter={"anchor": "london", "windows": [["00:00", "00:05"]]},
    )  # fmt: skip
    refused = v1.outcome(case)
    assert "AnchoredSessionWrapper" in refused["error"]["message"]  # with an order alive V1 fails behind two of them
    assert v1.outcome(case, gates=False) == refused
    no_order = with_parameters(case, orders=[])
    assert blocks(v1.gates(no_order)) == [
        ("session", 0, 4, ns(0, "07:56")),
        ("anchor", 5, 8, ns(0, "08:00")),
        ("anchor", 15, 19, ns(1, "08:00")),
    ]
    one = with_parameters(case.with_config(anchored_session_filter=None), orders=[{**MARKET, "bar": 18}])
    assert blocks(v1.gates(one)) == [("session", 0, 4, ns(0, "07:56")), ("cooldown_entry", 19, 19, ns(0, "08:38"))]


def test_news_ends_its_block_with_its_window_or_the_last_one_that_touches_it(v1: Asked) -> None:
    alone = quiet("00:25", 100, news=("2025-01-07 01:30:00=USD", "2025-01-07 01:00:00=JPY"))
    assert blocks(v1.gates(alone)) == [("news", 5, 95, ns(0, "02:00"))]
    # The windows 00:30 to 02:00 and 02:00 to 03:30 are one, 04:00 to 05:30 is another.
    several = ("2025-01-07 03:00:00=EUR", "2025-01-07 01:30:00=USD", "2025-01-07 05:00:00=USD")
    assert blocks(v1.gates(quiet("00:25", 310, news=several))) == [
        ("news", 5, 185, ns(0, "03:30")),
        ("news", 215, 305, ns(0, "05:30")),
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


def test_no_filter_is_named_where_the_condition_does_not_hold_or_cannot_be_computed(v1: Asked) -> None:
    case = with_parameters(pinned("branch__trend_auto"), extra_htf_filter="above")
    assert v1.gates(with_parameters(case, z_score_short=99.0, z_score_long=-99.0)) == []
    # V1 would refuse a window of no bars, but never computes it behind the filter.
    assert v1.gates(with_parameters(case, b_b_length=0)) == []
    assert "error" in v1.outcome(with_parameters(case, b_b_length=0, extra_htf_filter="none"))


def shift_of(case: Case, gate: str) -> int:
    """From a bar's open to the time at which a gate is tested, in ns."""
    step = TIMEFRAME_MINUTES[case.config["timeframes"]["primary"]] * MINUTE_NS
    closed = case.config.get("timestamp_alignment", {}).get("entry_timestamp_mode") == "close"
    return step if closed or gate in ("session", "anchor") else 0


def check_ends(case: Case, events: list[dict[str, Any]]) -> int:
    """Before the end of a block no signal is given, from it on the block is over; the number of ends checked."""
    signals = {event["bar"] for event in of_kind(events, "signal")}
    gates = {event["bar"]: event for event in of_kind(events, "gate")}
    times = [(event["bar"], event["timestamp_ns"]) for event in of_kind(events, "equity")]
    ended = 0
    for gate in gates.values():
        if gate["until_ns"] is None:
            continue
        shift = shift_of(case, gate["gate"])
        # The end of a window of news belongs to it.
        until = gate["until_ns"] - shift + (gate["gate"] == "news")
        assert gate["timestamp_ns"] < until
        later = [(bar, time) for bar, time in times if bar > gate["bar"]]
        assert not any(bar in signals or bar not in gates for bar, time in later if time < until)
        free = [gates.get(bar) for bar, time in later if time >= until][:1]
        assert all(
            found is None or (found["gate"], found["until_ns"]) != (gate["gate"], gate["until_ns"]) for found in free
        )
        ended += len(free)
    return ended


def check_bars(events: list[dict[str, Any]]) -> None:
    """Gate events come first on their bar, one for all directions or one each, none for a signal's direction."""
    bars: dict[int, list[dict[str, Any]]] = {}
    for event in events:
        bars.setdefault(event["bar"], []).append(event)
    assert [event["bar"] for event in events] == sorted(event["bar"] for event in events)
    for rows in bars.values():
        gates = [row for row in rows if row["event"] == "gate"]
        assert rows[: len(gates)] == gates
        assert all(list(gate) == FIELDS and gate["gate"] in REPORTED for gate in gates)
        assert {gate["timestamp_ns"] for gate in gates} <= {rows[-1]["timestamp_ns"]}
        directions = [gate["direction"] for gate in gates]
        assert len(set(directions)) == len(directions)
        assert None not in directions or len(directions) == 1
        signals = {row["direction"] for row in rows if row["event"] == "signal"}
        assert not signals & set(directions)
        assert not signals or None not in directions


def test_nothing_but_gate_events_is_added_to_any_answer(v1: Asked) -> None:
    seen: Counter[str] = Counter()
    ends = refusals = 0
    for case in [*map(Case.load, PINNED), *(sweep_case(3, number)[0] for number in range(DRAWN))]:
        plain, watched = v1.outcome(case, gates=False), v1.outcome(case)
        if "error" in plain:
            refusals += 1
            assert watched == plain
            continue
        events = watched["events"]
        watched["events"] = [event for event in events if event["event"] != "gate"]
        assert json.dumps(watched) == json.dumps(plain), case.id
        check_bars(events)
        ends += check_ends(case, events)
        seen.update(event["gate"] for event in of_kind(events, "gate"))
    assert set(seen) == REPORTED
    assert len(PINNED) + DRAWN - refusals >= 60
    assert (ends > 500, refusals > 0) == (True, True), (ends, refusals, seen)


def test_every_bar_on_which_mean_reversion_is_held_up_has_a_gate(v1: Asked) -> None:
    held = 0
    for number in range(DRAWN):
        case = sweep_case(3, number)[0]
        outcome = v1.outcome(case)
        if "orders" in case.config["strategy"]["parameters"] or "error" in outcome:
            continue
        gates = {event["timestamp_ns"]: event["gate"] for event in of_kind(outcome["events"], "gate")}
        trades = [(t["entry_time_ns"], t["exit_time_ns"]) for t in outcome["trades"]]
        trades += [(t["entry_time_ns"], 2**63) for t in outcome["open_positions"]]
        during = {
            event["timestamp_ns"]
            for event in of_kind(outcome["events"], "equity")
            if any(begin < event["timestamp_ns"] <= end for begin, end in trades)
        }
        assert {time for time, gate in gates.items() if gate == "position_limit"} <= during
        assert {"trend", "chain"}.isdisjoint(gates[time] for time in during)
        assert during <= set(gates)
        held += len(during)
    assert held > 200


def test_without_the_flag_or_without_a_trace_no_gate_is_told(v1: Asked) -> None:
    case = pinned("branch__cooldown_exit")
    assert of_kind(v1.outcome(case, gates=False)["events"], "gate") == []
    assert "events" not in v1.outcome(case, events=False)
    assert of_kind(v1.outcome(case)["events"], "gate") != []


def inside_v1(code: str, request: dict[str, Any]) -> str:
    """Standard output of code that runs with V1 and the worker's folder on its path."""
    head = f"import json, sys\nsys.path[:0] = [{str(LEGACY_SRC)!r}, {str(WORKER.parent)!r}]\n"
    head += f"import worker, gates\nfrom backtest_engine import runner\nrequest = json.loads({json.dumps(request)!r})\n"
    done = subprocess.run([sys.executable, "-c", head + code], capture_output=True, text=True, check=True)
    return done.stdout


def test_v1_is_as_it_was_after_a_run_and_after_an_exception(v1: Asked) -> None:
    code = """
before = runner._wrap
try:
    with gates.Watch():
        assert runner._wrap is not before
        raise KeyError("passes")
except KeyError as error:
    print(error)
assert runner._wrap is before
kinds = [v for m in list(sys.modules.values()) if m.__name__.startswith("backtest_engine") for v in vars(m).values()]
kinds = [k for k in kinds if isinstance(k, type) and k.__module__.startswith("backtest_engine")]
members = {k: dict(vars(k)) for k in kinds}
print(sum(e["event"] == "gate" for e in worker._run({**request, "gates": True})["outcome"]["events"]))
assert runner._wrap is before and members == {k: dict(vars(k)) for k in kinds} and len(kinds) > 15
print(sorted(gates.REPORTED) == sorted(set(gates.REPORTED)))
"""
    request = v1.engine.request(prepare(pinned("branch__cooldown_exit"), v1.folder), {}, events=True)
    assert inside_v1(code, request).split() == ["'passes'", "1", "True"]


def test_a_run_without_a_trace_is_not_watched(v1: Asked) -> None:
    code = """
def fail(*_):
    raise AssertionError("watched")
gates.Watch._attach = fail
for events, asked in ((False, True), (True, False)):
    print("error" in worker._run({**request, "events": events, "gates": asked})["outcome"])
# A fault of the watch is one of the worker, never taken for a refusal of V1.
try:
    worker._run({**request, "gates": True})
except AssertionError as error:
    print(error)
"""
    request = v1.engine.request(prepare(pinned("branch__cooldown_exit"), v1.folder), {}, events=True)
    printed = inside_v1(code, request).split()
    assert printed == ["False", "False", "watched"]
