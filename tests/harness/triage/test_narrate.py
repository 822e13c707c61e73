"""What is said of a difference: refusals by code and name, times in UTC, gates as far as they are known."""

from __future__ import annotations

import re
from typing import Any

import pytest

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.model.decode import decode_outcome
from parity.harness.model.outcome import Refusal
from parity.harness.model.times import moment, until
from parity.harness.oracle.compare import Difference, Tolerances, compare
from parity.harness.triage.narrate import Side, narrate
from parity.harness.triage.words import apart, number
from tests.harness.answers import event, outcome, put, trace, without

CASE = BUILDERS["exit_gap"]().with_config(risk_per_trade=100.0)
FIRST = 1736208000000000000
REFUSED = Refusal(category="EMPTY_INPUT", code=1010, message="EURUSD has no bars\nat all")


def told(a: Any, b: Any, *, gates: frozenset[str] = frozenset(), **config: Any) -> str:
    """The narration about engines called old and new."""
    answers = [x if isinstance(x, Refusal) else decode_outcome(x) for x in (a, b)]
    sides = (
        Side(name="old", outcome=answers[0], gates=gates),
        Side(name="new", outcome=answers[1], config=config or None),
    )
    return narrate(CASE, sides, compare(answers[0], answers[1], Tolerances({}), names=("old", "new")))


def test_times_are_as_short_as_they_are_exact() -> None:
    minute = 60_000_000_000
    assert moment(FIRST) == "2025-01-07 00:00"
    assert moment(FIRST + 130 * minute) == "2025-01-07 02:10"
    assert moment(FIRST + 1_000_000_000) == "2025-01-07 00:00:01"
    assert moment(FIRST + 1) == "2025-01-07 00:00:00.000000001"
    assert moment(-1) == "1969-12-31 23:59:59.999999999"
    assert moment(2**63 - 1).startswith("2262-04-11")
    assert moment(-(2**63)).startswith("1677-09-21")
    assert until(FIRST + minute, FIRST) == "00:01"
    assert until(FIRST + 1440 * minute, FIRST) == "2025-01-08 00:00"


def test_numbers_that_differ_have_texts_that_differ() -> None:
    assert number(1.1042) == "1.1042"
    assert number(0.00005) == "0.00005"
    assert apart(1.10919636980, 1.1091963698000002) == "1.1091963698"
    assert apart(1.1091963698000002, 1.1091963698) == "1.1091963698000002"


def test_refusals_are_told_by_code_and_name() -> None:
    assert told(REFUSED, REFUSED) == "both refuse: 1010 EMPTY_INPUT"
    assert told(REFUSED, outcome()).splitlines()[0] == (
        "old refuses: 1010 EMPTY_INPUT (EURUSD has no bars at all); new runs (3 trades)"
    )
    other = Refusal(category="IO_ERROR", code=3000)
    assert told(REFUSED, other).splitlines()[0].endswith("; new refuses: 3000 IO_ERROR")


def test_a_difference_without_a_trace_is_told_by_its_earliest_row_in_order_of_causes() -> None:
    a = outcome()
    b = put(put(a, ("trades", 1, "result"), 7.0), ("trades", 1, "size"), 0.7)
    text = told(a, b, account={"risk_per_trade": 50.0})
    assert text.splitlines()[0] == (
        "first difference, trade of order 1 (1970-01-01 00:00:00.000000002): size is 0.7 in new and 0.5 in old"
    )
    assert "old config: risk_per_trade 100, " in text
    assert "new config: account.risk_per_trade 50, " in text
    assert "old and new have no trace: only results were compared" in text
    assert "bar of the divergence is not known" in text
    a = put(a, ("trades", 1, "exit_time_ns"), FIRST)
    text = told(a, put(a, ("trades", 1, "exit_time_ns"), FIRST + 60_000_000_000))
    assert "exit_time_ns is 2025-01-07 00:01 in new and 2025-01-07 00:00 in old" in text
    assert "config of the case: " not in text or "->" not in text
    assert "only in old" in told(a, {**a, "trades": a["trades"][1:]}).splitlines()[0]


def test_no_text_holds_a_time_in_nanoseconds() -> None:
    for field in ("entry_time_ns", "exit_time_ns", "trigger_time_ns"):
        a = put(outcome(), ("trades", 1, field), FIRST)
        b = put(outcome(), ("trades", 1, field), FIRST + 60_000_000_000)
        differences = compare(decode_outcome(a), decode_outcome(b), Tolerances({}), names=("old", "new"))
        texts = [*map(str, differences), told(a, b)]
        texts += map(str, compare(decode_outcome(a), decode_outcome({**b, "trades": []}), Tolerances({})))
        assert "2025-01-07 00:00" in texts[0] or "2025-01-07" in " ".join(texts)
        assert [text for text in texts if re.search(r"\d{16}", text)] == []
    shifted = put(outcome(), ("equity", 0, 0), FIRST)
    (found,) = compare(decode_outcome(outcome()), decode_outcome(shifted), Tolerances({}))
    assert str(found) == "equity[0].timestamp_ns: 1970-01-01 00:00 -> 2025-01-07 00:00"


def test_a_text_never_looks_like_a_number() -> None:
    difference = Difference(group="metrics", field="note", a="1", b=1, path="metrics.note")
    assert str(difference) == "metrics.note: '1' -> 1"


SIGNAL = event("signal", 1, 0, direction="long", order_type="market", price=1.1, sl=1.0, tp=1.2, scenario="long_6")


@pytest.mark.parametrize(
    ("gate", "direction", "words"),
    [
        ("cooldown_exit", None, "its cooldown after an exit lasts until 1970-01-02 00:00"),
        ("cooldown_entry", None, "its cooldown after an entry lasts until 1970-01-02 00:00"),
        ("cooldown_candles", None, "its cooldown in candles lasts until 1970-01-02 00:00"),
        ("session", None, "the bar closes outside its session, which begins at 1970-01-02 00:00"),
        ("anchor", None, "the bar closes outside its anchored session, which begins at 1970-01-02 00:00"),
        ("news", None, "its pause around news lasts until 1970-01-02 00:00"),
        ("position_limit", None, "its position limit is reached: a position is open"),
        ("trend", "long", "its trend filter of the higher timeframes stops longs"),
        ("chain", "long", "its chain of timeframes (scenario 6) stops longs"),
    ],
)
def test_each_gate_has_its_words(gate: str, direction: str | None, words: str) -> None:
    end = None if gate in ("position_limit", "trend", "chain") else 86_400_000_000_000
    stop = event("gate", 1, None, gate=gate, direction=direction, until_ns=end)
    a, b = {**outcome(1), "events": [stop]}, {**outcome(2), "events": [SIGNAL]}
    first = told(a, b).splitlines()[0]
    assert first.startswith("bar 1 (1970-01-01 00:00:00.00000006): new gives a long market signal (long_6) at 1.1, ")
    assert first.endswith(f"; old does not: {words}")
    unknown_end = told({**a, "events": [{**stop, "until_ns": None}]}, b).splitlines()[0]
    assert unknown_end.endswith(words.split(" until ")[0].split(", which")[0])


def test_what_an_engine_does_not_report_of_its_gates_is_said() -> None:
    a, b = {**outcome(1), "events": []}, {**outcome(2), "events": [SIGNAL]}
    assert told(a, b).splitlines()[0].endswith("old does not: it does not report its gates, and it gives no signal "
                                               "on this bar")  # fmt: skip
    some = told(a, b, gates=frozenset({"session", "anchor", "trend", "chain", "position_limit"})).splitlines()[0]
    assert (
        "no gate stops it, as far as it reports: it does not report cooldown_candles, cooldown_entry, cooldown_exit, "
        in some
    )
    assert "news, and it gives no signal" in some


def test_a_difference_after_equal_traces_says_so() -> None:
    a = outcome(events=True)
    text = told(a, put(a, ("balance",), 7.0))
    assert text.splitlines()[0] == "first difference, account: balance is 7 in new and 10000 in old"
    assert "the traces are equal" in text
    silent = without(put(a, ("balance",), 7.0), ("events",))
    assert "new has no trace: only results were compared" in told(a, silent)


def at_event(place: int, name: str, value: Any) -> dict[str, Any]:
    return put(outcome(events=True), ("events", place, name), value)


def test_numbers_are_shown_with_the_digits_that_set_them_apart() -> None:
    near = [1.091963698, 1.0919636980000003]
    text = told(*(at_event(5, "price", price) for price in near))
    assert text.splitlines()[0].endswith("in new price is 1.0919636980000003 instead of 1.091963698")
    assert "price=1.0919636980000003" in text
    for one, other in [near, (1.0, 1.0000000000000002), (0.0, -0.0), (5e-05, 5.0000000000000002e-05 * (1 + 2**-52))]:
        assert apart(one, other) != apart(other, one)
    assert apart(1.1, 1.2) == "1.1"


def test_the_sign_of_zero_is_told() -> None:
    text = told(at_event(8, "result", 0.0), at_event(8, "result", -0.0))
    assert "in new result is -0 instead of 0" in text


def test_engines_are_called_by_their_names() -> None:
    later = {**outcome(), "events": trace()[:8]}
    text = told(outcome(events=True), later)
    assert text.startswith("bar 3 (1970-01-01 00:00:00.00000018): old closes order 0")
    assert "; new does not" in text
    assert "V1" not in text
    assert "V2" not in text


def test_without_a_trace_nothing_is_said_about_traces() -> None:
    silent, loud = outcome(), outcome(events=True)
    assert told(silent, loud).startswith("old has no trace: only results were compared")
    assert told(loud, silent).startswith("new has no trace: only results were compared")
    assert told(silent, silent).startswith("old and new have no trace: only results were compared")
    for pair in ((silent, loud), (loud, silent), (silent, silent)):
        assert "traces are equal" not in told(*pair)
