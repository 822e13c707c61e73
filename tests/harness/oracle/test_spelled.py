"""A spelling is judged by what V1 made of it and by what the migration reports, besides the results."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.model.case import Case
from parity.harness.model.decode import decode_outcome
from parity.harness.model.outcome import Answer, refusal
from parity.harness.oracle.compare import Difference
from parity.harness.oracle.spelled import spelled
from tests.harness.answers import outcome

RAN = Answer(outcome=decode_outcome(outcome(1)))
NAMES = ("old", "new")


def refuses(code: int = 1004) -> Answer:
    return Answer(outcome=refusal("X", code))


def reports(*rows: Any) -> Answer:
    return replace(RAN, extra={"migration": [list(row) for row in rows]})


def case(**changes: Any) -> Case:
    return BUILDERS["exit_gap"]().with_config(**changes)


SEED = {"execution": {"random_seed": "7"}}
TEXT = {"warmup_bars": "500"}
OTHER = [Difference(group="account", field="balance", a=1.0, b=2.0, path="balance")]


@pytest.mark.parametrize(
    ("changes", "a", "b", "words"),
    [
        # Usual spellings are judged by their results alone.
        ({}, RAN, RAN, None),
        # What V1 took is named by the report, where there is one.
        (SEED, RAN, RAN, None),
        (SEED, RAN, reports(("execution.random_seed", "normalised")), None),
        (SEED, RAN, reports(("execution.random_seed", "renamed")), "has renamed; wanted normalised"),
        (SEED, RAN, reports(("execution", "normalised")), "has no line; wanted normalised"),
        (SEED, RAN, reports(("execution.random_seeds", "normalised")), "has no line; wanted normalised"),
        (SEED, RAN, reports(), "new's report of execution.random_seed has no line"),
        ({"rates_static": {"EURUSD": "1.1"}}, RAN, reports(("rates_static.EURUSD", "normalised")), None),
        # What V1 refused is refused by both with any code, or taken with a word.
        (TEXT, refuses(1004), refuses(1001), None),
        (TEXT, refuses(), reports(("warmup_bars", "V1 refused this")), None),
        (TEXT, refuses(), reports(("warmup_bars", "normalised")), "new runs with a spelling of warmup_bars"),
        (TEXT, refuses(), reports(("risk_per_trade", "V1 refused this")), "and does not report it"),
        (TEXT, refuses(), RAN, "and does not report it"),
        (TEXT, RAN, refuses(), "old runs with a spelling of warmup_bars that V1 refused"),
        (TEXT, RAN, reports(("warmup_bars", "V1 refused this")), "old runs with a spelling"),
    ],
)
def test_a_spelling_is_accounted_for(changes: dict[str, Any], a: Answer, b: Answer, words: str | None) -> None:
    found = spelled(case(**changes), a, b, [], NAMES)
    if words is None:
        assert found == []
    else:
        assert words in str(found[0]), found


def test_differences_of_results_stay_and_those_of_refusals_of_other_cases_too() -> None:
    assert spelled(case(**SEED), RAN, reports(("execution.random_seed", "normalised")), OTHER, NAMES) == OTHER
    refused = [Difference(group="refusal", field="code", a=1004, b=1001, path="error.code")]
    assert spelled(case(), refuses(1004), refuses(1001), refused, NAMES) == refused
    failed = Answer(outcome=None, failure="crashed")
    assert spelled(case(**TEXT), refuses(), failed, [], NAMES) == []
