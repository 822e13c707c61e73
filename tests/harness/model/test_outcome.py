"""The one decoder: what is valid is kept to the bit, whatever else is malformed and says where."""

from __future__ import annotations

import json
import math
import random
import statistics
import time
from typing import Any

import msgspec
import pytest

from parity.harness.model.decode import UNKNOWABLE, _decoder, check_unknown, decode_outcome, shown
from parity.harness.model.events import EVENTS, Gate
from parity.harness.model.outcome import MalformedOutcomeError, Outcome, Refusal
from parity.harness.model.reply import parse_reply
from tests.harness.answers import at, bent, event, leaves, outcome, put, trade, without

REFUSED = {"error": {"category": "io", "code": 3001, "message": "no"}}
GOOD = outcome(events=True)


def plain(answer: Outcome | Refusal) -> Any:
    return msgspec.to_builtins(answer)


def fault(raw: object, **options: Any) -> str:
    with pytest.raises(MalformedOutcomeError) as caught:
        decode_outcome(raw, **options)
    return str(caught.value)


def test_a_valid_outcome_survives_decoding_to_the_bit() -> None:
    decoded = plain(decode_outcome(GOOD))
    assert decoded.pop("unknown") == ()
    # Texts tell 1 from 1.0 and 0.0 from -0.0, which == does not.
    assert json.dumps(decoded, sort_keys=True) == json.dumps(GOOD, sort_keys=True)


def test_every_kind_of_event_is_decoded_to_its_own_type() -> None:
    decoded = decode_outcome(GOOD)
    assert isinstance(decoded, Outcome)
    assert isinstance(decoded.events, tuple)
    assert {type(one) for one in decoded.events} == set(EVENTS)
    assert [one.event for one in decoded.events] == [row["event"] for row in GOOD["events"]]
    assert decoded.trace == tuple(one for one in decoded.events if type(one) is not Gate)


def test_an_outcome_without_a_trace_has_none() -> None:
    decoded = decode_outcome(outcome())
    assert isinstance(decoded, Outcome)
    assert decoded.trace is None


def test_the_order_of_keys_does_not_matter() -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            keys = list(value)
            random.Random(1).shuffle(keys)
            return {key: shuffled(value[key]) for key in keys}
        return [shuffled(part) for part in value] if isinstance(value, list) else value

    assert decode_outcome(shuffled(GOOD)) == decode_outcome(GOOD)


def test_a_refusal_is_decoded_and_its_message_may_be_missing() -> None:
    assert decode_outcome(REFUSED) == Refusal(category="io", code=3001, message="no")
    assert decode_outcome({"error": {"category": "io", "code": 3001}}) == Refusal(category="io", code=3001)


@pytest.mark.parametrize(
    ("path", "leaf", "words"),
    [
        (("trades", 1, "order_id"), False, "trades[1].order_id: false is not a whole number of 64 bits"),
        (("trades", 1, "order_id"), 3.0, "trades[1].order_id: 3.0 is not a whole number"),
        (("trades", 1, "entry_price"), 3, "trades[1].entry_price: 3 is not a finite number with a decimal point"),
        (("trades", 1, "result"), math.nan, "trades[1].result: NaN is not a finite number"),
        (("trades", 1, "result"), math.inf, "trades[1].result: Infinity is not a finite number"),
        (("trades", 1, "exit_time_ns"), 1.5, "trades[1].exit_time_ns: 1.5 is not a whole number"),
        (("trades", 1, "exit_time_ns"), "1", 'trades[1].exit_time_ns: "1" is not a whole number'),
        (("trades", 1, "exit_time_ns"), 2**63, "trades[1].exit_time_ns: 9223372036854775808 is not a whole number"),
        (("trades", 1, "exit_time_ns"), 10**400, "trades[1].exit_time_ns: 1000"),
        (("trades", 1, "exit_time_ns"), None, "trades[1].exit_time_ns: null is not a whole number"),
        (("trades", 1, "direction"), "up", 'trades[1].direction: "up" is not one of long, short'),
        (("trades", 1, "order_type"), "maybe", 'trades[1].order_type: "maybe" is not one of'),
        (("trades", 1, "reason"), "luck", 'trades[1].reason: "luck" is not one of'),
        (("trades", 1, "profit"), 1.0, "trades[1].profit: unknown field"),
        (("trades", 1, "scenario"), "\ud800", 'trades[1].scenario: "\\ud800" is not a text or null'),
        (("trades", 1), [], "trades[1]: a list is not an object"),
        (("trades",), {}, "trades: an object is not a list"),
        (("open_positions", 0, "status"), "closed", "open_positions[0].status"),
        (("equity", 2), [1, 1.0, 1.0], "equity[2]: a list is not a pair [timestamp_ns, equity]"),
        (("equity", 2, 0), 1.0, "equity[2][0]: 1.0 is not a whole number"),
        (("equity", 2, 1), 10000, "equity[2][1]: 10000 is not a finite number"),
        (("balance",), 10000, "balance: 10000 is not a finite number"),
        (("balance",), None, "balance: null is not a finite number"),
        (("money",), 1.0, "money: unknown field"),
        (("metrics",), None, "metrics: null is not an object"),
        (("metrics",), [], "metrics: a list is not an object"),
        (("metrics", "total_trades"), True, "metrics.total_trades: true is not"),
        (("metrics", "total_trades"), math.nan, "metrics.total_trades: NaN is not"),
        (("metrics", "total_trades"), [], "metrics.total_trades: a list is not"),
        (("events", 8, "result"), 100, "events[8].result: 100 is not a finite number"),
        (("events", 8, "event"), "vanished", 'events[8].event: "vanished" is not one of signal'),
        (("events", 8, "event"), [], "events[8].event: a list is not one of signal"),
        (("events", 8, "bonus"), 1.0, "events[8].bonus: unknown field"),
        (("events", 9, "order"), 1, "events[9].order: 1 is not null"),
        (("events", 0, "gate"), "moon", 'events[0].gate: "moon" is not one of'),
        (("events",), None, "events: null is not a list"),
        (("unknown",), "trades", 'unknown: "trades" is not a list'),
        (("unknown",), ["balance"] * 201, "unknown: a list is not a list of at most 200 names"),
        (("unknown",), ["trades"], 'unknown[0]: "trades" cannot be unknown'),
        (("unknown",), [[]], "unknown[0]: a list is not a text"),
    ],
)
def test_a_fault_is_reported_with_its_path(path: tuple[Any, ...], leaf: Any, words: str) -> None:
    assert fault(put(GOOD, path, leaf)).startswith(words)


def test_a_number_that_python_cannot_write_down_is_named_by_its_type() -> None:
    raw = put(GOOD, ("trades", 1, "exit_time_ns"), 10**5000)
    assert fault(raw).startswith("trades[1].exit_time_ns: a value of type int is not a whole number of 64 bits")


def test_a_missing_field_is_reported_with_its_path() -> None:
    assert fault(without(GOOD, ("trades", 0, "size"))) == "trades[0].size: missing"
    assert fault(without(GOOD, ("events", 2, "entry"))) == "events[2].entry: missing"
    assert fault(without(GOOD, ("events", 2, "event"))) == "events[2].event: missing"
    assert fault(without(GOOD, ("balance",))) == "balance: missing"


@pytest.mark.parametrize("raw", [None, [], "text", 3, True, 1.5])
def test_what_is_no_object_is_no_outcome(raw: object) -> None:
    assert fault(raw) == f"outcome: {shown(raw)} is not an object"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"error": {"category": "io", "code": True}}, "error.code: true is not a whole number"),
        ({"error": {"category": "io", "code": 3001.0}}, "error.code: 3001.0 is not"),
        ({"error": {"category": "io"}}, "error.code: missing"),
        ({"error": {"category": "io", "code": 1, "money": 1.0}}, "error.money: unknown field"),
        ({"error": {"category": "io", "code": 1, "message": None}}, "error.message: null is not a text"),
        ({"error": {"category": "io", "code": 1}, "trades": []}, "trades: unknown field of a refusal"),
        ({"error": None}, "error: null is not an object"),
    ],
)
def test_a_refusal_is_as_strict(raw: object, words: str) -> None:
    assert fault(raw).startswith(words)


def test_a_shape_that_is_known_hides_no_fault_in_its_values() -> None:
    for _ in range(2):
        decode_outcome(GOOD)
        assert fault(put(GOOD, ("trades", 0, "result"), math.nan)).startswith("trades[0].result")
        assert fault(put(GOOD, ("trades", 0, "result"), 100)).startswith("trades[0].result")
        assert fault(put(GOOD, ("trades", 0, "reason"), "luck")).startswith("trades[0].reason")


def first_fault(raw: object) -> tuple[str, str] | None:
    try:
        decode_outcome(raw)
    except MalformedOutcomeError as error:
        return error.path, error.problem
    return None


def test_both_ways_of_looking_find_the_same_answers_faulty() -> None:
    """The quick look is msgspec's and the slow one is our own: neither lets pass what the other refuses."""
    decoder = _decoder(frozenset())
    answers = [found for path in leaves(GOOD) for found in bent(GOOD, path)]
    refused = 0
    for what, raw in answers:
        assert first_fault(raw) == next(decoder.faults(raw), None), what
        refused += first_fault(raw) is not None
    print(f"{len(answers)} answers with one bent leaf, {refused} of them malformed")
    assert refused > len(answers) / 2 > 500


def test_a_field_that_is_declared_unknown_is_left_out_and_is_not_needed() -> None:
    raw = {**without(outcome(1), ("trades", 0, "entry_fee")), "unknown": ["trades.entry_fee"]}
    decoded = decode_outcome(raw)
    assert isinstance(decoded, Outcome)
    assert decoded.unknown == ("trades.entry_fee",)
    assert decoded.trades[0].entry_fee is msgspec.UNSET
    assert decoded == decode_outcome(without(raw, ("unknown",)), unknown=["trades.entry_fee"])
    assert fault({**outcome(1), "unknown": ["trades.entry_fee"]}) == (
        "trades[0].entry_fee: declared unknown and given all the same"
    )


@pytest.mark.parametrize("name", ["equity", "balance", "fees_total", "metrics", "events", "open_positions"])
def test_whole_parts_can_be_unknown(name: str) -> None:
    decoded = decode_outcome({**without(GOOD, (name,)), "unknown": [name]})
    assert at([decoded], (0,)).unknown == (name,)
    assert getattr(decoded, name) is msgspec.UNSET
    assert fault({**GOOD, "unknown": [name]}) == f"{name}: declared unknown and given all the same"


def test_a_metric_can_be_unknown() -> None:
    raw = {**without(GOOD, ("metrics", "sortino_trade")), "unknown": ["metrics.sortino_trade"]}
    assert isinstance(decode_outcome(raw), Outcome)
    assert "declared unknown" in fault({**GOOD, "unknown": ["metrics.sortino_trade"]})


def test_what_identifies_orders_cannot_be_unknown() -> None:
    assert not {"trades", "trades.order_id", "trades.direction", "open_positions.status"} & UNKNOWABLE
    with pytest.raises(ValueError, match=r'"trades.order_id" cannot be unknown; what can: balance'):
        check_unknown(["trades.order_id"])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"outcome": {"balance": NaN}}', "outcome.balance: NaN is no finite number"),
        (b'{"outcome": {"equity": [[0, 1e999]]}}', "outcome.equity[0][1]: Infinity is no finite number"),
        (b'{"outcome": {"balance": -Infinity}}', "outcome.balance: -Infinity is no finite number"),
        (b'{"outcome": {"balance": 1.0, "balance": 2.0}}', 'outcome: has the key "balance" twice'),
        (b'{"outcome": {}, "outcome": {}}', 'has the key "outcome" twice'),
        (b'{"a": {"b": {"c": {"d": [{"x": 1, "x": 1}]}}}}', 'a.b.c.d[0]: has the key "x" twice'),
        (b'{"a": ":", "b": {"x": 1, "\\u0078": 2}}', 'b: has the key "x" twice'),
        (b'{"a" : 1, "a" : 2, "b": "\\u003a"}', 'has the key "a" twice'),
        (b'{"outcome": {"symbol": "\\ud800"}}', 'outcome.symbol: "\\ud800" holds half a surrogate pair'),
        (b'{"\\udc00": 1}', '"\\udc00" holds half a surrogate pair'),
        (b"[" * 200_000, "lists and objects are nested too deeply"),
        (b"[" * 200_000 + b"]" * 200_000, "lists and objects are nested too deeply"),
        (b"this is not JSON", "is not JSON: invalid character"),
        (b"", "is not JSON"),
        (b"{} {}", "is not JSON: trailing characters"),
        (b'{"a": "\xff"}', "is not JSON"),
    ],
)
def test_text_that_can_be_read_in_two_ways_is_refused(line: bytes, words: str) -> None:
    with pytest.raises(MalformedOutcomeError) as caught:
        parse_reply(line)
    assert str(caught.value).startswith(words)


def test_text_that_is_good_is_read_as_json_reads_it() -> None:
    for value in (GOOD, {"outcome": GOOD, "bars": 3}, [1, {"a:b": "c:d"}], {"t": "12:00", "n": -0.0, "i": 10**400}):
        read = parse_reply(json.dumps(value).encode())
        assert json.dumps(read) == json.dumps(value)


def test_a_number_of_five_thousand_digits_is_refused_and_nothing_breaks() -> None:
    with pytest.raises(MalformedOutcomeError):
        decode_outcome(parse_reply(b'{"trades": ' + b"9" * 5000 + b"}"))


def usual() -> dict[str, Any]:
    """A usual answer: 2 trades, 60 points of equity, 100 events."""
    events = [event("equity", i, None, equity=10000.0, balance=10000.0) for i in range(60)]
    events += [event("filled", i, i, price=1.1, size=0.5) for i in range(20)]
    events += [event("closed", i, i, price=1.2, reason="take_profit", r=1.0, result=100.0) for i in range(20)]
    equity = [[i * 60, 10000.0 + i] for i in range(60)]
    return {**outcome(2), "trades": [trade(0), trade(1)], "equity": equity, "events": events}


def test_a_usual_answer_is_decoded_in_a_fraction_of_a_millisecond() -> None:
    raw, line, took = usual(), json.dumps({"outcome": usual()}).encode(), []
    decode_outcome(raw)
    for _ in range(7):
        began = time.perf_counter()
        for _ in range(50):
            decode_outcome(raw)
        took.append((time.perf_counter() - began) / 50 * 1000)
    began = time.perf_counter()
    for _ in range(50):
        parse_reply(line)
    read = (time.perf_counter() - began) / 50 * 1000
    print(f"a usual answer: {min(took):.3f} ms to decode (median {statistics.median(took):.3f}), {read:.3f} ms to read")
    assert min(took) < 0.6
