"""What parts two engines, in words: with as many digits as it takes, and without claims that nothing supports."""

from __future__ import annotations

from typing import Any

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.model.decode import decode_outcome
from parity.harness.model.outcome import Outcome, Refusal
from parity.harness.triage.narrate import apart, narrate
from tests.harness.answers import outcome, put, trace

CASE = BUILDERS["exit_gap"]()
NAMES = ("old", "new")


def told(a: Any, b: Any) -> str:
    return narrate(CASE, decode_outcome(a), decode_outcome(b), names=NAMES)


def at_event(place: int, name: str, value: Any) -> dict[str, Any]:
    return put(outcome(events=True), ("events", place, name), value)


def test_numbers_are_shown_with_the_digits_that_part_them() -> None:
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
    assert text.startswith("bar 3: old closes order 0")
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
    assert "the traces are equal" in told(loud, put(loud, ("balance",), 1.0))


def test_refusals_are_told_with_their_words() -> None:
    refused = Refusal(category="io", code=3001, message="no")
    ran = decode_outcome(outcome())
    assert isinstance(ran, Outcome)
    assert narrate(CASE, refused, ran, names=NAMES) == "old refuses with 3001 (no); new runs"
