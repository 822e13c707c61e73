"""Exit code and last line follow from what a run recorded, and from nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from harness.report.sessions import match, part

from parity.harness.coverage.registry import BRANCHES
from parity.harness.oracle.verdict import CaseReport, Verdict
from parity.harness.report.conclusion import exit_code, headline
from parity.harness.report.session import Session
from parity.harness.report.text import render


def fails(*kinds: str) -> Callable[[Session], None]:
    def change(seen: Session) -> None:
        for kind in kinds:
            seen.fail(kind, f"test of {kind}", "because")

    return change


def judges(verdict: Verdict) -> Callable[[Session], None]:
    return lambda seen: seen.add("sweep", CaseReport(case_id="x", verdict=verdict, reason="reason"))


def without(field: str) -> Callable[[Session], None]:
    def change(seen: Session) -> None:
        getattr(seen, field).clear()

    return change


def takes_no_branch(seen: Session) -> None:
    for hits in seen.coverage.hits.values():
        hits.clear()


@pytest.mark.parametrize(
    ("status", "change", "code", "last_line"),
    [
        (0, fails(), 0, "EQUAL: 31 cases, 120 trades, 2 ADRs, no difference between old and new that no ADR explains"),
        (1, fails("difference"), 1, "NOT EQUAL: 1 test found a difference"),
        (0, judges(Verdict.UNEXPLAINED), 1, "NOT EQUAL: 1 unexplained case"),
        (0, judges(Verdict.INCOMPARABLE), 2, "NOT JUDGED: 1 incomparable case"),
        (1, fails("infrastructure"), 2, "NOT JUDGED: 1 test failed for another reason than a difference"),
        (1, fails("performance"), 3, "PERFORMANCE RULE BROKEN: 1 test, 0 of 1 figure over the limit; no difference in"),
        (1, fails("performance", "infrastructure"), 2, "NOT JUDGED: 1 test failed for another reason than a diff"),
        (1, fails("infrastructure", "difference", "performance"), 1, "NOT EQUAL: 1 test found a"),
        (0, without("market_runs"), 2, "VACUOUS: 0 trades on the market runs"),
        (0, takes_no_branch, 2, f"VACUOUS: {len(BRANCHES)} rule branches were never taken"),
        (1, fails(), 2, "EQUAL"),
        (2, fails(), 2, "EQUAL"),
        (2, fails("difference"), 2, "NOT EQUAL"),
        (3, fails(), 2, "EQUAL"),
        (4, fails(), 2, "EQUAL"),
        (5, fails(), 2, "EQUAL"),
    ],
)
def test_the_exit_code_and_the_last_line_say_what_happened(
    status: int, change: Callable[[Session], None], code: int, last_line: str
) -> None:
    seen = part()
    change(seen)
    assert exit_code(status, seen) == code
    assert headline(seen).startswith(last_line)
    assert headline(seen).endswith("not known: trades.entry_fee")


def test_other_tests_than_the_suite_end_with_2_when_they_fail() -> None:
    assert [exit_code(status, None) for status in range(6)] == [0, 2, 2, 2, 2, 2]


def leave(**fields: object) -> Session:
    seen = part()
    for name, value in fields.items():
        setattr(seen, name, value)
    return seen


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (leave(absent={"test_adrs.py"}), "not run: test_adrs.py"),
        (leave(ran=set()), "not run: 1 of 2 tests"),
        (leave(narrowed=["single switches"]), "not run: single switches"),
        (part(1, 2), "not run: the other shards (this is 1/2)"),
        (leave(profile=replace(part().profile, reduced="40 of the 1,300 generated cases")), "not run: 40 of the 1,300"),
    ],
)
def test_a_part_of_the_suite_says_that_it_is_a_part_and_what_was_not_run(seen: Session, words: str) -> None:
    assert exit_code(0, seen) == 0
    assert headline(seen).startswith("PARTIAL: no difference in 31 cases, 120 trades")
    assert words in headline(seen)
    assert "EQUAL" not in headline(seen)


def test_a_part_that_shows_nothing_does_not_pass() -> None:
    seen = Session()
    assert exit_code(0, seen) == 2
    assert headline(seen) == "NOTHING COMPARED: nothing was compared"
    for i in range(5):
        seen.add("sweep", match(str(i), trades=0))
    assert exit_code(0, seen) == 2
    assert headline(seen) == "VACUOUS: 5 generated cases without a single trade"
    seen.add("sweep", match("with a trade", trades=1))
    assert exit_code(0, seen) == 0


def test_the_report_names_the_engines_of_the_pair_and_what_could_not_be_compared() -> None:
    seen = part()
    seen.fail("infrastructure", "parity/test_x.py::test_y", "OSError: no tool\nand more")
    text = render(seen)
    assert "old against new, case by case" in text
    assert "old s" in text
    assert "s in old" in text
    assert "  trades.entry_fee in 30 cases" in text
    assert "new gave no trace in 30 cases: compared by results only" in text
    assert "  no such tool (1 test)" in text
    assert "Failed for another reason than a difference: 1\n  parity/test_x.py::test_y: OSError: no tool\n" in text
    refused = next(line for line in text.splitlines() if line.startswith("pinned"))
    assert refused.split()[:5] == ["pinned", "1", "1", "10", "0"]
    assert "V1" not in "".join(part for part in text.split("\n\n") if "boundary" not in part)


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        ([], None),
        ([Verdict.MATCH], "; recorded: 1 case equal in old and new"),
        ([Verdict.MATCH] * 1200, "; recorded: 1,200 cases equal in old and new"),
        ([Verdict.MATCH, Verdict.UNEXPLAINED, Verdict.INCOMPARABLE], "; recorded: 1 of 3 cases equal in old and new"),
    ],
)
def test_the_last_line_counts_recorded_outcomes(verdicts: list[Verdict], words: str | None) -> None:
    seen = part()
    for i, verdict in enumerate(verdicts):
        seen.add(("recorded scripted", "recorded strategy")[i % 2], CaseReport(case_id="x", verdict=verdict))
    assert words in headline(seen) if words else "recorded" not in headline(seen)
