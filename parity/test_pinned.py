"""Pinned cases: witnesses and every failure that was ever minimised, equal with all switches at v1."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.harness.model.case import Case
from parity.harness.model.provenance import command
from parity.harness.oracle.trace_diff import first_divergence, traces
from parity.harness.oracle.verdict import Verdict
from parity.harness.report.session import Session
from parity.harness.run.differential import Pair
from parity.harness.triage.campaign import Campaign
from parity.harness.triage.describe import describe

CASES = sorted((Path(__file__).resolve().parent / "cases").glob("*.json"))


def test_there_are_pinned_cases() -> None:
    assert len(CASES) >= 26


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_pinned_case_is_equal_with_all_switches_at_v1(path: Path, campaign: Campaign, session: Session) -> None:
    examined = campaign.examine(Case.load(path))
    session.add("pinned", examined.report)
    assert examined.report.verdict is Verdict.MATCH, (
        f"{describe(campaign.pair, examined)}\nreplay with: {command()} replay {path}"
    )


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_both_engines_tell_the_same_story_of_a_pinned_case(path: Path, pair: Pair) -> None:
    prepared = pair.prepare(Case.load(path))
    a, b = pair.reference(prepared, events=True), pair.candidate(prepared, {}, events=True)
    both = traces(a.outcome, b.outcome)
    assert both is not None
    assert both[0], "a trace without events proves nothing"
    divergence = first_divergence(*both)
    assert divergence is None, divergence.words()
