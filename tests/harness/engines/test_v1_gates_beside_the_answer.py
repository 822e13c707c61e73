"""V1's gate events leave the rest of every answer, and V1 itself, as they were; rules that hold in every case."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from parity.harness.engines.v1 import LEGACY_SRC, WORKER
from parity.harness.engines.v1_process.gates import REPORTED
from parity.harness.generate.cases import sweep_case
from parity.harness.model.bars import MINUTE_NS, TIMEFRAME_MINUTES
from parity.harness.model.case import Case
from parity.harness.model.files import prepare
from tests.harness.engines.gate_cases import PINNED, Asked, of_kind, pinned

DRAWN = 72
FIELDS = ["event", "bar", "timestamp_ns", "order", "gate", "direction", "until_ns"]


@pytest.fixture(scope="module")
def v1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    asked = Asked(tmp_path_factory.mktemp("gates"))
    yield asked
    asked.engine.close()


def shift_of(case: Case, gate: str) -> int:
    """From a bar's open to the time at which a gate is tested, in ns."""
    step = TIMEFRAME_MINUTES[case.config["timeframes"]["primary"]] * MINUTE_NS
    closed = case.config.get("timestamp_alignment", {}).get("entry_timestamp_mode") == "close"
    return step if closed or gate in ("session", "anchor", "news") else 0


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


def test_without_the_flag_or_without_a_trace_no_gate_is_reported(v1: Asked) -> None:
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
